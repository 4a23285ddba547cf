/** One rule: name, switch, criteria, actions, trying it out, history. Every change is saved by itself. */
import { mayChange } from '../access.js'
import { ApiError, request, requestAll, formatError } from '../api.js'
import { ActionEditor } from '../components/action-editor.js'
import { announce, Field, Notice, Switch, useLoaded, Waiting } from '../components/basics.js'
import { ConflictDialog } from '../components/conflict.js'
import { CriteriaEditor } from '../components/criteria-editor.js'
import { EffectLines } from '../components/effect.js'
import { useConfirm } from '../components/impact.js'
import { HistoryList } from '../components/history-list.js'
import { PageTitle } from '../components/page-title.js'
import { ReportOnly } from '../components/report-only.js'
import { Tabs } from '../components/tabs.js'
import { TryOut } from '../components/try-out.js'
import { html, useEffect, useState, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { href, NEW } from '../router.js'
import { cleaned } from '../rule-draft.js'
import { RuleModel, rulePath, formatSaveState } from '../rule-model.js'
import { texts } from '../texts.js'
import type { Direction, Group, Session } from '../types.js'
import { keep } from '../unsaved.js'

interface RuleViewProps {
  readonly session: Session
  readonly owner: string
  readonly direction: Direction
  readonly id: string
}

export function RuleView(props: RuleViewProps): VNode {
  const { owner, direction, id } = props
  const [loaded, reload] = useLoaded(
    () => RuleModel.open(owner, direction, id === NEW ? null : id),
    [owner, id],
  )
  const back = { href: href('domains', owner, direction), label: texts.rule.back }
  if (loaded.state === 'there')
    return html`<${Editor} key=${loaded.value} ...${props} model=${loaded.value} reload=${reload} />`
  const gone = loaded.state === 'failed' && loaded.error instanceof ApiError && loaded.error.status === 404
  return html`<${PageTitle} title=${gone ? texts.errors.notThere : texts.rule.newTitle} back=${back} />
    ${gone ? html`<${Notice} tone="warn">${texts.rule.missing}<//>` : html`<${Waiting} of=${loaded} retry=${reload} />`}`
}

type Part = 'criteria' | 'actions' | 'try' | 'history'

interface EditorProps extends RuleViewProps {
  readonly model: RuleModel
  readonly reload: () => void
}

function Editor({ session, owner, direction, model, reload }: EditorProps): VNode {
  useModel(model)
  useLeaveWarning(model)
  useOwnAddress(model)
  // What is missing comes first.
  const [tab, setTab] = useState<Part>(model.id !== null && model.action === null ? 'actions' : 'criteria')
  const [dialog, confirm] = useConfirm()
  model.confirm = (change, make) =>
    confirm(
      { change, question: texts.impact.change(plain(model.draft.name)), yes: texts.impact.yes.change },
      make,
    )
  const [problem, setProblem] = useState<string | null>(null)
  const [groups] = useLoaded(() => requestAll<Group>('groups'), [])
  const disabled = !mayChange(session, owner)
  const broken = model.base?.problem ?? null
  const back = { href: href('domains', owner, direction), label: texts.rule.back }
  const onSwitch = async (enabled: boolean): Promise<void> => {
    setProblem(null)
    if (enabled && model.action === null) {
      setProblem(texts.actions.missingFirst(plain(model.draft.name)))
      setTab('actions')
      focusSoon('#relay-switch [role="switch"]')
      return
    }
    try {
      const question = texts.impact[enabled ? 'switchOn' : 'switchOff'](plain(model.draft.name))
      const change = { owner, id: model.id ?? '', enabled }
      const yes = texts.impact.yes[enabled ? 'on' : 'off']
      const made = await confirm({ change, question, yes }, (asked) => model.setEnabled(enabled, asked))
      if (made === null) return
      announce(
        texts.rules.switched(plain(model.draft.name), (model.base?.effect?.sentences ?? []).map(plain)),
      )
    } catch (error) {
      if (error instanceof ApiError && error.status === 412) await model.lookAtConflict()
      else setProblem(formatError(error))
    }
  }
  const tabs = [
    { id: 'criteria', label: texts.rule.criteria },
    { id: 'actions', label: texts.rule.actions },
    { id: 'try', label: texts.rule.tryOut },
    ...(model.id === null ? [] : [{ id: 'history', label: texts.rule.history }]),
  ]
  if (broken !== null)
    return html`<${Broken} model=${model} broken=${broken} disabled=${disabled} back=${back} />`
  const groupNames = groups.state === 'there' ? groups.value.map(({ name }) => `group:${name}`) : []
  return html`<${PageTitle}
      title=${model.draft.name === '' ? texts.rules.noName : model.draft.name}
      back=${back}
    >
      <span class="switch-line">
        <span class="hint" aria-hidden="true">${model.draft.enabled ? texts.on : texts.off}</span>
        <${Switch}
          label=${texts.rules.switchLabel(plain(model.draft.name))}
          on=${model.draft.enabled}
          disabled=${disabled || model.id === null}
          onChange=${onSwitch}
        />
      </span>
    <//>
    ${disabled ? html`<${Notice} tone="info">${texts.readOnly}<//>` : html`<${SaveLine} model=${model} />`}
    ${model.restored && model.isUnsaved && html`<${Notice} tone="info">${texts.rule.restored}<//>`}
    ${problem !== null && html`<${Notice} tone="bad">${problem}<//>`}
    ${model.others !== null && html`<${Notice} tone="warn">${model.others}<//>`}
    <${EffectLines} effect=${model.base?.effect ?? null} />
    ${model.action?.level === 'none' && html`<${Notice} tone="warn">${texts.actions.exemptBadge}<//>`}
    ${dialog}
    <section class="card"><${ReportOnly} model=${model} disabled=${disabled} /></section>
    <${Names} model=${model} disabled=${disabled} />
    <${Tabs} label=${texts.rule.tabs} tabs=${tabs} selected=${tab} onSelect=${setTab}>
      ${tab === 'criteria' && html`<${CriteriaEditor} model=${model} disabled=${disabled} groups=${groupNames} />`}
      ${tab === 'actions' && html`<${ActionEditor} model=${model} disabled=${disabled} />`}
      ${tab === 'try' && html`<${TryOut} model=${model} disabled=${disabled} />`}
      ${
        tab === 'history' &&
        model.id !== null &&
        html`<${HistoryList} owner=${owner} field=${model.id} mayUndo=${!disabled} onUndone=${reload} />`
      }
    <//>
    ${!disabled && html`<${DeleteRule} model=${model} />`}
    ${model.state === 'conflict' && html`<${ConflictDialog} model=${model} />`}`
}

function SaveLine({ model }: { readonly model: RuleModel }): VNode {
  const tone = saveTone(model)
  return html`<p class=${`save-line save-${tone}`} role="status">
    ${formatSaveState(model)}
    ${
      model.state === 'failed' &&
      html` <button type="button" class="link" onClick=${() => void model.save()}>
        ${texts.save.again}
      </button>`
    }
  </p>`
}

function saveTone({ isUnsaved, state, mistakeCount }: RuleModel): 'good' | 'info' | 'bad' {
  if (!isUnsaved || state === 'saving') return 'good'
  return state === 'draft' || (state === 'saved' && mistakeCount === 0) ? 'info' : 'bad'
}

interface Typed {
  readonly currentTarget: { readonly value: string }
}

function Names({ model, disabled }: { readonly model: RuleModel; readonly disabled: boolean }): VNode {
  return html`<section class="card columns">
    <${Field} label=${texts.rule.name} id="name">
      <input
        id="name"
        class="input"
        maxlength="200"
        value=${model.draft.name}
        disabled=${disabled}
        autocomplete="off"
        onInput=${({ currentTarget }: Typed) => model.type({ name: currentTarget.value })}
        onChange=${({ currentTarget }: Typed) => model.change({ name: currentTarget.value })}
      />
    <//>
    <${Field} label=${texts.rule.comment} id="comment" hint=${texts.rule.commentHint}>
      <textarea
        id="comment"
        class="input"
        rows="2"
        maxlength="1000"
        value=${model.draft.comment ?? ''}
        disabled=${disabled}
        autocomplete="off"
        aria-describedby="comment-hint"
        onInput=${({ currentTarget }: Typed) => model.type({ comment: currentTarget.value })}
        onChange=${({ currentTarget }: Typed) => model.change({ comment: currentTarget.value })}
      />
    <//>
  </section>`
}

interface BrokenProps {
  readonly model: RuleModel
  readonly broken: string
  readonly disabled: boolean
  readonly back: { readonly href: string; readonly label: string }
}

/** What is no valid rule is shown as it stands: it can be deleted here, and put right with the command. */
function Broken({ model, broken, disabled, back }: BrokenProps): VNode {
  return html`<${PageTitle} title=${texts.rules.invalid} back=${back} />
    <${Notice} tone="bad">${texts.rule.broken(broken)}<//>
    <pre class="card" tabindex="0">${JSON.stringify(model.base?.rule, null, 2)}</pre>
    ${!disabled && html`<${DeleteRule} model=${model} />`}`
}

function DeleteRule({ model }: { readonly model: RuleModel }): VNode {
  const [dialog, confirm] = useConfirm()
  const [problem, setProblem] = useState<string | null>(null)
  const { owner, direction, base } = model
  const remove = async (): Promise<void> => {
    try {
      const change = { owner, id: base?.id ?? '', remove: true } as const
      const question = texts.rule.deleteSure(plain(cleanName(model)))
      const removal = { hint: base === null ? texts.rule.deleteUnsaved : texts.rule.deleteHint }
      const asking = { change: base && change, question, yes: texts.rule.deleteYes, removal }
      const made = await confirm(asking, async (asked) => {
        if (base !== null) await request('DELETE', rulePath(owner, base.id), undefined, base.etag, asked)
        return true
      })
      if (made === null) return
      keep(base === null ? `new:${owner}:${direction}` : `rule:${owner}:${base.id}`, null)
      location.hash = href('domains', owner, direction)
    } catch (error) {
      setProblem(formatError(error))
    }
  }
  return html`<div class="danger">
      <button type="button" class="link link-bad" onClick=${remove}>${texts.rule.delete}</button>
      ${problem !== null && html`<${Notice} tone="bad">${problem}<//>`}
    </div>
    ${dialog}`
}

function cleanName(model: RuleModel): string {
  const { name } = (model.base?.problem ?? null) === null ? cleaned(model.draft) : { name: model.id ?? '' }
  return name
}

/** The focus for what is not drawn yet. */
function focusSoon(selector: string): void {
  requestAnimationFrame(() => {
    const found = document.querySelector(selector)
    if (found instanceof HTMLElement) found.focus()
  })
}

/** Draws anew whenever the rule changes. */
function useModel(model: RuleModel): void {
  const [, setRound] = useState(0)
  useEffect(() => {
    const draw = (): void => setRound((n) => n + 1)
    model.listeners.add(draw)
    draw()
    return () => {
      model.listeners.delete(draw)
    }
  }, [model])
}

/** The browser asks before it closes a page with something that is not saved. */
function useLeaveWarning(model: RuleModel): void {
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent): void => {
      if (model.isUnsaved && model.state !== 'draft') event.preventDefault()
    }
    window.addEventListener('beforeunload', warn)
    return () => window.removeEventListener('beforeunload', warn)
  }, [model])
}

/** As soon as a new rule has an id, a reload or a bookmark leads to it. */
function useOwnAddress({ owner, direction, id }: RuleModel): void {
  useEffect(() => {
    if (id !== null && location.hash === href('domains', owner, direction, NEW))
      history.replaceState(null, '', href('domains', owner, direction, id))
  }, [id])
}
