/** How much mail waits at this moment, read when the page is there; it leads to the messages. */
import { request } from '../api.js'
import { html, type VNode } from '../preact.js'
import { href } from '../router.js'
import { overviewTexts } from '../texts-overview.js'
import { formatMoment } from '../times.js'
import type { WaitingMessage, WaitingNodes } from '../types.js'
import { useLoaded, Waiting } from './basics.js'

/** @param ofOne whether the page around it is about one domain only */
export function WaitingNow({ ofOne }: { readonly ofOne: boolean }): VNode {
  const [loaded, reload] = useLoaded(load, [])
  return html`<section class="card">
    <h2>${overviewTexts.waitingTitle}</h2>
    ${loaded.state === 'there' ? format(loaded.value) : html`<${Waiting} of=${loaded} retry=${reload} />`}
    ${ofOne && html`<p class="hint">${overviewTexts.waitingAll}</p>`}
  </section>`
}

interface Now {
  readonly isKnown: boolean
  readonly count: number
  /** The first one is the oldest. */
  readonly oldest: string | null
}

async function load(): Promise<Now> {
  const [nodes, first] = await Promise.all([
    request<WaitingNodes>('GET', 'waiting-nodes'),
    request<readonly WaitingMessage[]>('GET', 'waiting?limit=1'),
  ])
  const [oldest] = first.body
  return {
    isKnown:
      nodes.body.nodes.length > 0 &&
      nodes.body.nodes.every(({ down, more, untried }) => !down && !more && untried === 0),
    count: first.total ?? first.body.length,
    oldest: oldest?.since ?? null,
  }
}

function format({ isKnown, count, oldest }: Now): VNode {
  if (count === 0)
    return html`<p class="muted">${isKnown ? overviewTexts.waitingNone : overviewTexts.waitingUnknown}</p>`
  return html`<p>
    <a href=${href('waiting')}>${overviewTexts.waiting(count)}</a
    >${oldest !== null && `, ${overviewTexts.waitingSince(formatMoment(oldest))}`}.
  </p>`
}
