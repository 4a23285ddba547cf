/** One group: its entries, saved by themselves as they change. */
import { ApiError, formatError, lastChange, part, request, type LastChange } from '../api.js'
import { Dialog, Notice, useLoaded, Waiting } from '../components/basics.js'
import { Chips, type Mistake } from '../components/chips.js'
import { Choice } from '../components/conflict.js'
import { GroupUses } from '../components/group-uses.js'
import { ValueList } from '../components/value-list.js'
import { PageTitle } from '../components/page-title.js'
import { html, useRef, useState, type VNode } from '../preact.js'
import { mergedLists } from '../rule-changes.js'
import { texts } from '../texts.js'
import type { Group, NamedEffect, Session } from '../types.js'
import { EffectList } from '../components/effect.js'
import { useConfirm } from '../components/impact.js'

interface GroupProps {
  readonly session: Session
  readonly name: string
}
/** A group as it was saved, and what that means. */
type ChangedGroup = Group & { readonly effects: readonly NamedEffect[] }
type Message = { readonly tone: 'good' | 'bad' | 'info'; readonly text: string }

/** A group that is not there yet has no version; only who may make it can have it. */
async function find(name: string, may = true): Promise<Group> {
  try {
    return (await request<Group>('GET', `groups/${part(name)}`)).body
  } catch (error) {
    if (!may || !(error instanceof ApiError) || error.status !== 404) throw error
    return { name, patterns: [], etag: '', problem: null }
  }
}

/** The same group as somebody else left it, who that was, and what was to be saved. */
interface Conflict extends LastChange {
  readonly theirs: Group
  readonly mine: readonly string[]
}

async function findConflict(name: string, mine: readonly string[]): Promise<Conflict> {
  const [theirs, change] = await Promise.all([
    find(name),
    lastChange('count=200', ({ key, field }) => key === 'groups' && field === name),
  ])
  return { theirs, mine, ...change }
}

export function GroupView({ session, name }: GroupProps): VNode {
  const may = session.role === 'admin'
  const [loaded, reload] = useLoaded(() => find(name, may), [name])
  const back = { href: '#/groups', label: texts.groups.back }
  return html`<${PageTitle} title=${name} back=${back} /> ${
      loaded.state === 'there'
        ? html`<${may ? Editor : GroupText} group=${loaded.value} />`
        : html`<${Waiting} of=${loaded} retry=${reload} />`
    }`
}

/** For those who may not change it. */
function GroupText({ group }: { readonly group: Group }): VNode {
  const { name, patterns, problem } = group
  return html`<${Notice} tone="info">${texts.groups.adminOnly}<//>
    ${problem !== null && html`<${Notice} tone="bad">${problem}<//>`}
    <p class="muted">${texts.groups.inRules(name)}</p>
    <section class="card">
      <h2>${texts.groups.entries}</h2>
      <${ValueList} values=${Array.isArray(patterns) ? patterns.map(String) : []} />
    </section>
    <${GroupUses} group=${group} />`
}

function Editor({ group }: { readonly group: Group }): VNode {
  const { name } = group
  const given = Array.isArray(group.patterns) ? group.patterns : []
  const [values, setValues] = useState<readonly string[]>(given)
  const [mistakes, setMistakes] = useState<readonly Mistake[]>([])
  const [isPending, setIsPending] = useState(false)
  const [message, setMessage] = useState<Message>(
    group.etag === '' ? { tone: 'info', text: texts.groups.new } : { tone: 'good', text: texts.save.saved },
  )
  const [changed, setChanged] = useState<ChangedGroup | null>(null)
  const [isOpen, setIsOpen] = useState(false)
  const [dialog, confirm] = useConfirm()
  const [conflict, setConflict] = useState<Conflict | null>(null)
  const base = useRef<readonly string[]>(given)
  const etag = useRef(group.etag)
  // One after the other: each needs the version that the one before it made.
  const last = useRef<Promise<void>>(Promise.resolve())
  const save = async (patterns: readonly string[]): Promise<void> => {
    setMessage({ tone: 'good', text: texts.save.saving })
    try {
      const change = { group: name, patterns }
      const asking = { change, question: texts.impact.group(name), yes: texts.impact.yes.change }
      const answer = await confirm(asking, (asked) =>
        request<ChangedGroup>('PUT', `groups/${part(name)}`, { patterns }, etag.current || null, asked),
      )
      if (answer === null) {
        setValues(base.current)
        return setMessage({ tone: 'good', text: texts.save.saved })
      }
      setChanged(answer.body)
      etag.current = answer.body.etag
      base.current = answer.body.patterns
      setMessage({ tone: 'good', text: texts.save.saved })
    } catch (error) {
      if (!(error instanceof ApiError) || (error.status !== 412 && error.status !== 428))
        return setMessage({ tone: 'bad', text: texts.save.failed(formatError(error)) })
      setConflict(await findConflict(name, patterns))
      setMessage({ tone: 'bad', text: texts.groups.conflict })
    }
  }
  /** Goes on with what is there, with or without one's own change. */
  const settle = (mine: boolean): void => {
    if (conflict === null) return
    const { theirs } = conflict
    const next = mine ? mergedLists(base.current, conflict.mine, theirs.patterns) : theirs.patterns
    base.current = theirs.patterns
    etag.current = theirs.etag
    setConflict(null)
    setValues(next)
    if (mine && next.length > 0) last.current = last.current.then(() => save(next))
    else
      setMessage({
        tone: theirs.etag === '' ? 'info' : 'good',
        text: theirs.etag === '' ? texts.groups.new : texts.save.saved,
      })
  }
  const change = (next: readonly string[], bad: readonly Mistake[]): void => {
    const isOther = next.length !== values.length || next.some((each, place) => each !== values[place])
    setMistakes(bad)
    if (!isOther) return
    if (next.length === 0) return setMessage({ tone: 'bad', text: texts.groups.lastEntry })
    setValues(next)
    last.current = last.current
      .then(() => save(next))
      .catch((error: unknown) => setMessage({ tone: 'bad', text: formatError(error) }))
  }
  const remove = async (): Promise<void> => {
    try {
      await request('DELETE', `groups/${part(name)}`, undefined, etag.current)
      location.hash = '#/groups'
    } catch (error) {
      setIsOpen(false)
      setMessage({ tone: 'bad', text: formatError(error) })
    }
  }
  const shown: Message =
    isPending && message.tone === 'good' ? { tone: 'info', text: texts.save.typed } : message
  const text = mistakes.length > 0 ? `${texts.save.mistakes(mistakes.length)} ${shown.text}` : shown.text
  return html`<p class=${`save-line save-${mistakes.length > 0 ? 'bad' : shown.tone}`} role="status">
      ${text}
    </p>
    ${dialog}
    <${EffectList} effects=${changed?.effects ?? []} />
    ${group.problem !== null && html`<${Notice} tone="bad">${group.problem}<//>`}
    <p class="muted">${texts.groups.inRules(name)}</p>
    <section class="card">
      <${Chips}
        label=${texts.groups.entries}
        hint=${texts.groups.hint}
        values=${values}
        mistakes=${mistakes}
        disabled=${false}
        field="to"
        onChange=${change}
        onPending=${setIsPending}
      />
    </section>
    <${GroupUses} group=${group} />
    ${
      etag.current !== '' &&
      html`<p class="danger">
        <button type="button" class="link link-bad" onClick=${() => setIsOpen(true)}>
          ${texts.groups.delete}
        </button>
      </p>`
    }
    ${
      conflict !== null &&
      html`<${Choice}
        title=${texts.groups.conflict}
        by=${conflict.by}
        at=${conflict.at}
        before=${base.current}
        theirs=${conflict.theirs.patterns}
        mine=${conflict.mine}
        onTheirs=${() => settle(false)}
        onMine=${() => settle(true)}
      />`
    }
    ${
      isOpen &&
      html`<${Dialog} title=${texts.groups.deleteSure(name)} onClose=${() => setIsOpen(false)}>
        <p>${texts.rule.deleteHint}</p>
        <div class="row">
          <button type="button" class="button button-bad" onClick=${remove}>${texts.rule.deleteYes}</button>
          <button type="button" class="button" onClick=${() => setIsOpen(false)}>${texts.cancel}</button>
        </div>
      <//>`
    }`
}
