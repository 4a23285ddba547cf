/** Rules that partners would fulfil: what was seen, and one click that makes a rule which only reports. */
import { formatError, NOTHING_ASKED, request } from '../api.js'
import { mayChange } from '../access.js'
import { announce, Dialog, Empty, Field, Notice, useLoaded, useUid, Waiting } from '../components/basics.js'
import { PageTitle } from '../components/page-title.js'
import { html, useRef, useState, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { href } from '../router.js'
import { texts } from '../texts.js'
import { formatMoment } from '../times.js'
import type { Session, Suggestion, Suggestions } from '../types.js'

interface MadeRule {
  readonly owner: string
  readonly id: string
  readonly name: string
}

/** The most partners of one request. */
const PARTNERS_MAX = 100

export function SuggestionsView({ session }: { readonly session: Session }): VNode {
  const [loaded, reload] = useLoaded(async () => (await request<Suggestions>('GET', 'suggestions')).body, [])
  const [chosen, setChosen] = useState<readonly string[]>([])
  const [made, setMade] = useState<readonly MadeRule[]>([])
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [naming, setNaming] = useState(false)
  const act = async (
    what: 'accept' | 'dismiss',
    some: readonly Suggestion[],
    group?: string,
  ): Promise<void> => {
    setProblem(null)
    setMade([])
    setBusy(true)
    const rules: MadeRule[] = []
    try {
      for (const [owner, partners] of byOwner(some)) {
        const body = { owner, partners, ...(group === undefined ? {} : { group }) }
        const answer = await request<readonly MadeRule[]>(
          'POST',
          `suggestions/${what}`,
          body,
          null,
          NOTHING_ASKED,
        )
        if (what === 'accept') rules.push(...answer.body)
      }
      announce(
        what === 'accept'
          ? texts.suggestions.madeTitle(rules.length)
          : texts.suggestions.dismissed(some.length),
      )
    } catch (error) {
      setProblem(formatError(error))
    }
    setMade(rules)
    setChosen([])
    setBusy(false)
    reload()
  }
  return html`<${PageTitle} title=${texts.suggestions.title} />
    <p class="lead">${texts.suggestions.lead}</p>
    <div class="stack">
      ${problem !== null && html`<${Notice} tone="bad">${problem}<//>`}
      ${busy && html`<p class="loading" role="status">${texts.suggestions.busy}</p>`}
      ${made.length > 0 && html`<${Made} rules=${made} />`}
      ${
        loaded.state !== 'there'
          ? html`<${Waiting} of=${loaded} retry=${reload} />`
          : html`<${List}
              shown=${loaded.value}
              session=${session}
              chosen=${chosen}
              onChoose=${setChosen}
              onAct=${(what: 'accept' | 'dismiss', some: readonly Suggestion[]) => void act(what, some)}
              onGroup=${() => setNaming(true)}
            />`
      }
    </div>
    ${
      naming &&
      loaded.state === 'there' &&
      html`<${NameGroup}
        onName=${(group: string) => {
          setNaming(false)
          void act(
            'accept',
            loaded.value.suggestions.filter((each) => chosen.includes(keyOf(each))),
            group,
          )
        }}
        onClose=${() => setNaming(false)}
      />`
    }`
}

function keyOf({ owner, partner }: Suggestion): string {
  return `${owner} ${partner}`
}

/** By owner, in parts that one request may have. */
function byOwner(some: readonly Suggestion[]): [owner: string, partners: string[]][] {
  const parts: [string, string[]][] = []
  for (const { owner, partner } of some) {
    const last = parts.find(([of, partners]) => of === owner && partners.length < PARTNERS_MAX)
    if (last) last[1].push(partner)
    else parts.push([owner, [partner]])
  }
  return parts
}

function Made({ rules }: { readonly rules: readonly MadeRule[] }): VNode {
  return html`<${Notice} tone="good">
    <p>${texts.suggestions.madeTitle(rules.length)}</p>
    <ul>
      ${rules.map(
        ({ owner, id, name }) =>
          html`<li key=${id}>
            <a href=${href('domains', owner, 'outgoing', id)}
              >${texts.suggestions.made(plain(name), owner)}</a
            >
          </li>`,
      )}
    </ul>
  <//>`
}

function List(props: {
  readonly shown: Suggestions
  readonly session: Session
  readonly chosen: readonly string[]
  readonly onChoose: (keys: readonly string[]) => void
  readonly onAct: (what: 'accept' | 'dismiss', some: readonly Suggestion[]) => void
  readonly onGroup: () => void
}): VNode {
  const { shown, session, chosen, onChoose, onAct, onGroup } = props
  const { suggestions, total, enabled, observed, needed, lost } = shown
  const changeable = suggestions.filter(({ owner }) => mayChange(session, owner))
  const all = changeable.map(keyOf)
  const some = changeable.filter((each) => chosen.includes(keyOf(each)))
  const owners = new Set(some.map(({ owner }) => owner))
  return html`${
    lost.last !== null &&
    html`<p class="hint">${texts.suggestions.lost(lost.deliveries, formatMoment(lost.last))}</p>`
  }
  ${
    suggestions.length === 0
      ? html`<${Empty}
          title=${enabled || observed > 0 ? texts.suggestions.empty : texts.suggestions.off}
          next=${
            enabled || observed > 0
              ? texts.suggestions.emptyNext(observed, needed.deliveries, texts.suggestions.days(needed.days))
              : texts.suggestions.offNext
          }
        />`
      : html`${
            changeable.length > 0 &&
            html`<div class="row">
              <button
                type="button"
                class="button"
                onClick=${() => onChoose(chosen.length === all.length ? [] : all)}
              >
                ${chosen.length === all.length ? texts.suggestions.chooseNone : texts.suggestions.chooseAll}
              </button>
              <button
                type="button"
                class="button button-main"
                disabled=${some.length === 0}
                onClick=${() => onAct('accept', some)}
              >
                ${texts.suggestions.accept}
              </button>
              ${
                session.role === 'admin' &&
                html`<button
                  type="button"
                  class="button"
                  disabled=${some.length === 0 || owners.size > 1 || some.length > PARTNERS_MAX}
                  onClick=${onGroup}
                >
                  ${texts.suggestions.acceptGroup}
                </button>`
              }
              <button
                type="button"
                class="button"
                disabled=${some.length === 0}
                onClick=${() => onAct('dismiss', some)}
              >
                ${texts.suggestions.dismiss}
              </button>
              <span class="muted" role="status"
                >${owners.size > 1 ? texts.suggestions.oneOwner : texts.suggestions.chosen(some.length)}</span
              >
            </div>`
          }
          <ul class="list">
            ${suggestions.map((each) => {
              const key = keyOf(each)
              const may = all.includes(key)
              return html`<${Row}
                key=${key}
                suggestion=${each}
                chosen=${may ? chosen.includes(key) : null}
                onToggle=${() =>
                  onChoose(chosen.includes(key) ? chosen.filter((other) => other !== key) : [...chosen, key])}
                onAccept=${() => onAct('accept', [each])}
              />`
            })}
          </ul>
          ${total > suggestions.length && html`<p class="hint">${texts.suggestions.more(suggestions.length, total)}</p>`}`
  }`
}

function Row(props: {
  readonly suggestion: Suggestion
  /** `null` for who may only look. */
  readonly chosen: boolean | null
  readonly onToggle: () => void
  readonly onAccept: () => void
}): VNode {
  const { suggestion, chosen, onToggle, onAccept } = props
  const id = useUid('suggestion')
  const { partner, owner, level, sentences } = suggestion
  return html`<li class="card waiting">
    ${
      chosen !== null &&
      html`<input type="checkbox" class="waiting-box" id=${id} checked=${chosen} onChange=${onToggle} />`
    }
    <div class="waiting-body">
      <p class="waiting-title">
        <label for=${id}><strong>${partner}</strong> ${texts.suggestions.forMailOf(owner)}</label>
        <span class="badge">${texts.suggestions.level(level)}</span>
      </p>
      ${sentences.map((sentence, index) => html`<p key=${index} class=${index < 2 ? '' : 'hint'} dir="auto">${plain(sentence)}</p>`)}
      ${
        chosen !== null &&
        html`<p>
          <button
            type="button"
            class="button"
            aria-label=${`${texts.suggestions.acceptOne}: ${partner}`}
            onClick=${onAccept}
          >
            ${texts.suggestions.acceptOne}
          </button>
        </p>`
      }
    </div>
  </li>`
}

function NameGroup(props: { readonly onName: (name: string) => void; readonly onClose: () => void }): VNode {
  const input = useRef<HTMLInputElement | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const submit = (event: Event): void => {
    event.preventDefault()
    const name = input.current?.value.trim() ?? ''
    if (name === '') return setProblem(texts.suggestions.groupMissing)
    props.onName(name)
  }
  return html`<${Dialog} title=${texts.suggestions.acceptGroup} onClose=${props.onClose}>
    <form onSubmit=${submit} novalidate class="stack">
      <${Field} label=${texts.suggestions.group} id="suggestion-group" problem=${problem}>
        <input
          id="suggestion-group"
          ref=${input}
          class="input"
          autocapitalize="none"
          autocomplete="off"
          spellcheck=${false}
        />
      <//>
      <div class="row">
        <button type="submit" class="button button-main">${texts.suggestions.acceptGroup}</button>
        <button type="button" class="button" onClick=${props.onClose}>${texts.cancel}</button>
      </div>
    </form>
  <//>`
}
