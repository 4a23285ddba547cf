/** Mail that waits for a TLS or policy reason: why, until when, and what to do about it. */
import { formatError, part, request, type Answer } from '../api.js'
import { announce, Empty, Field, Notice, useLoaded, Waiting } from '../components/basics.js'
import { ConfirmOrder } from '../components/confirm-order.js'
import { PageTitle } from '../components/page-title.js'
import { WaitingRow } from '../components/waiting-row.js'
import { html, useRef, useState, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'
import { formatMoment } from '../times.js'
import type { OrderResult, Session, WaitingAction, WaitingMessage, WaitingNodes } from '../types.js'

/** What is shown. */
interface Shown {
  readonly nodes: WaitingNodes
  readonly messages: readonly WaitingMessage[]
  readonly next: string | null
}

interface Filter {
  readonly partner: string
  readonly owner: string
}

export function WaitingView(props: { readonly session: Session; readonly partner: string }): VNode {
  const { session } = props
  const [filter, setFilter] = useState<Filter>({ partner: props.partner, owner: '' })
  const [loaded, reload, setLoaded] = useLoaded(() => load(filter), [filter.partner, filter.owner])
  const [chosen, setChosen] = useState<readonly string[]>([])
  const [action, setAction] = useState<WaitingAction | null>(null)
  const [results, setResults] = useState<readonly OrderResult[]>([])
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const search = (next: Filter): void => {
    setChosen([])
    setFilter(next)
  }
  const order = async (reason: string, messages: readonly WaitingMessage[]): Promise<void> => {
    const asked = action
    setAction(null)
    setProblem(null)
    if (asked === null) return
    setResults([])
    setBusy(true)
    try {
      const shown = messages.map(({ id, demand, class: failure }) => ({ id, demand, class: failure }))
      const body = { action: asked, ids: chosen, shown, ...(reason === '' ? {} : { reason }) }
      const answer = await request<readonly OrderResult[]>('POST', 'waiting/orders', body)
      setResults(answer.body)
      announce(texts.waiting.result(answer.body))
      setChosen([])
      reload()
    } catch (error) {
      setProblem(formatError(error))
    }
    setBusy(false)
  }
  const more = async ({ nodes, messages, next }: Shown): Promise<void> => {
    if (next === null) return
    try {
      const page: Answer<readonly WaitingMessage[]> = await request('GET', next)
      setLoaded({ nodes, messages: [...messages, ...page.body], next: page.next })
    } catch (error) {
      setProblem(formatError(error))
    }
  }
  return html`<${PageTitle} title=${texts.waiting.title} />
    <p class="lead">${texts.waiting.lead}</p>
    <${Search} filter=${filter} onSearch=${search} />
    <div class="stack">
      ${problem !== null && html`<${Notice} tone="bad">${problem}<//>`}
      ${busy && html`<p class="loading" role="status">${texts.waiting.busy}</p>`}
      ${results.length > 0 && html`<${Results} results=${results} />`}
      ${
        loaded.state !== 'there'
          ? html`<${Waiting} of=${loaded} retry=${reload} />`
          : html`<${List}
              shown=${loaded.value}
              session=${session}
              filtered=${filter.partner !== '' || filter.owner !== ''}
              chosen=${chosen}
              onChoose=${setChosen}
              onAct=${setAction}
              onMore=${() => void more(loaded.value)}
            />`
      }
    </div>
    ${
      action !== null &&
      loaded.state === 'there' &&
      html`<${ConfirmOrder}
        action=${action}
        messages=${loaded.value.messages.filter(({ id }) => chosen.includes(id))}
        onConfirm=${(reason: string, shown: readonly WaitingMessage[]) => void order(reason, shown)}
        onClose=${() => setAction(null)}
      />`
    }`
}

async function load({ partner, owner }: Filter): Promise<Shown> {
  const query = [
    ...(partner === '' ? [] : [`partner=${part(partner)}`]),
    ...(owner === '' ? [] : [`owner=${part(owner)}`]),
  ].join('&')
  const nodes = (await request<WaitingNodes>('GET', 'waiting-nodes')).body
  const page = await request<readonly WaitingMessage[]>('GET', `waiting${query === '' ? '' : `?${query}`}`)
  return { nodes, messages: page.body, next: page.next }
}

function Search(props: { readonly filter: Filter; readonly onSearch: (filter: Filter) => void }): VNode {
  const partner = useRef<HTMLInputElement | null>(null)
  const owner = useRef<HTMLInputElement | null>(null)
  const submit = (event: Event): void => {
    event.preventDefault()
    const valueOf = (input: HTMLInputElement | null): string => input?.value.trim().toLowerCase() ?? ''
    props.onSearch({ partner: valueOf(partner.current), owner: valueOf(owner.current) })
  }
  return html`<form class="card line-form" onSubmit=${submit} novalidate>
    <${Field} label=${texts.waiting.partner} id="waiting-partner">
      <input
        id="waiting-partner"
        ref=${partner}
        defaultValue=${props.filter.partner}
        class="input"
        autocapitalize="none"
        autocomplete="off"
        spellcheck=${false}
      />
    <//>
    <${Field} label=${texts.waiting.owner} id="waiting-owner">
      <input
        id="waiting-owner"
        ref=${owner}
        class="input"
        autocapitalize="none"
        autocomplete="off"
        spellcheck=${false}
      />
    <//>
    <button type="submit" class="button">${texts.waiting.search}</button>
  </form>`
}

function Results({ results }: { readonly results: readonly OrderResult[] }): VNode {
  const done = results.every((each) => each.done === true)
  const counts = new Map<string, number>()
  for (const { says } of results) counts.set(says, (counts.get(says) ?? 0) + 1)
  return html`<${Notice} tone=${done ? 'good' : 'warn'}>
    ${[...counts].map(([says, count]) => html`<p key=${says}>${texts.waiting.became(count, plain(says))}</p>`)}
  <//>`
}

function List(props: {
  readonly shown: Shown
  readonly session: Session
  readonly filtered: boolean
  readonly chosen: readonly string[]
  readonly onChoose: (ids: readonly string[]) => void
  readonly onAct: (action: WaitingAction) => void
  readonly onMore: () => void
}): VNode {
  const { shown, session, filtered, chosen, onChoose, onAct, onMore } = props
  const { messages, next, nodes } = shown
  const may = session.role !== 'viewer'
  const toggle = (id: string): void =>
    onChoose(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id])
  const all = messages.slice(0, 500).map(({ id }) => id)
  return html`${nodes.nodes
    .filter(({ down, more }) => down || more)
    .map(
      ({ name, seen, down }) =>
        html`<${Notice} key=${name} tone="warn">
          ${down ? texts.waiting.down(plain(name), formatMoment(seen)) : texts.waiting.more(plain(name))}
        <//>`,
    )}
  ${nodes.nodes
    .filter(({ untried }) => untried !== 0)
    .map(
      ({ name, untried }) =>
        html`<${Notice} key=${`untried ${name}`} tone="warn"
          >${texts.waiting.untried(plain(name), untried)}<//
        >`,
    )}
  ${
    messages.length === 0
      ? html`<${Empty}
          title=${nodes.nodes.length === 0 ? texts.waiting.unknown : nodes.nodes.some(({ untried }) => untried !== 0) ? texts.waiting.emptyUntried : texts.waiting.empty}
          next=${nodes.nodes.length === 0 ? texts.waiting.unknownNext : filtered ? texts.waiting.emptyFiltered : texts.waiting.emptyNext}
        />`
      : html`${
            may &&
            html`<div class="row">
              <button
                type="button"
                class="button"
                onClick=${() => onChoose(chosen.length === all.length ? [] : all)}
              >
                ${chosen.length === all.length ? texts.waiting.chooseNone : texts.waiting.chooseAll}
              </button>
              <button
                type="button"
                class="button button-main"
                disabled=${chosen.length === 0}
                onClick=${() => onAct('retry')}
              >
                ${texts.waiting.actions.retry}
              </button>
              <button
                type="button"
                class="button"
                disabled=${chosen.length === 0}
                onClick=${() => onAct('fail')}
              >
                ${texts.waiting.actions.fail}
              </button>
              ${
                nodes.mayRelease &&
                html`<button
                  type="button"
                  class="button button-bad"
                  disabled=${chosen.length !== 1}
                  onClick=${() => onAct('release')}
                >
                  ${texts.waiting.actions.release}
                </button>`
              }
              <span class="muted" role="status">${texts.waiting.chosen(chosen.length)}</span>
            </div>`
          }
          <ul class="list">
            ${messages.map(
              (message) =>
                html`<${WaitingRow}
                  key=${message.id}
                  message=${message}
                  chosen=${may ? chosen.includes(message.id) : null}
                  onToggle=${() => toggle(message.id)}
                />`,
            )}
          </ul>
          ${next !== null && html`<button type="button" class="button" onClick=${onMore}>${texts.waiting.showMore}</button>`}`
  }`
}
