/** One message that waits. */
import { html, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'
import { formatMoment } from '../times.js'
import type { WaitingMessage } from '../types.js'
import { useUid } from './basics.js'
import { partnerHref } from './partner-link.js'

export function WaitingRow(props: {
  readonly message: WaitingMessage
  /** `null` for who may only look. */
  readonly chosen: boolean | null
  readonly onToggle: () => void
}): VNode {
  const { message, chosen, onToggle } = props
  const { recipients, recipientCount, sender, rules, since, next, until, tries } = message
  const id = useUid('waiting')
  const to =
    recipientCount > 1 ? texts.waiting.several(recipients[0] ?? '', recipientCount) : (recipients[0] ?? '')
  return html`<li class="card waiting">
    ${
      chosen !== null &&
      html`<input type="checkbox" class="waiting-box" id=${id} checked=${chosen} onChange=${onToggle} />`
    }
    <div class="waiting-body">
      <p class="waiting-title">
        <label for=${id}><strong dir="auto">${plain(to)}</strong></label>
        ${message.releasedBy !== '' && html`<span class="badge badge-warn">${texts.waiting.released}</span>`}
        ${message.ordered !== '' && html`<span class="badge">${plain(message.ordered)}</span>`}
      </p>
      <p dir="auto">${plain(message.why)}</p>
      <p class="hint">
        ${texts.waiting.from(
          plain(sender) || '<>',
          rules.map(({ name }) => plain(name)),
        )}
        ${' '}<a href=${partnerHref(message.domain)}>${texts.find.partner.link(plain(message.domain))}</a>
      </p>
      <p class="hint">
        ${texts.waiting.times({
          since: formatMoment(since),
          tries,
          next: Date.parse(next) <= Date.now() ? null : formatMoment(next),
          until: formatMoment(until),
        })}
      </p>
      <p class="hint"><span class="waiting-id">${message.id}</span></p>
    </div>
  </li>`
}
