/** What is known of a rule at the moment when it is switched on: what report mode saw, and how its partners do. */
import { html, type VNode } from '../preact.js'
import { plain } from '../plain.js'
import { texts } from '../texts.js'
import type { Reports, StoredRule } from '../types.js'
import { Notice } from './basics.js'
import { PartnerCheckNow } from './partner-check.js'
import { partnersOf } from './try-out.js'

/** How many partners are asked at once. */
const CHECKS = 3

export function Findings(props: {
  readonly stored: StoredRule
  readonly reports: Reports | null
  readonly onClose: () => void
}): VNode {
  const { stored, reports, onClose } = props
  const { rule } = stored
  const { relayWithTls: action } = rule.actions
  const { level } = action
  const partners = level === 'none' || rule.direction === 'incoming' ? [] : partnersOf({ draft: rule })
  const seen = reports?.reported
  return html`<${Notice} tone="info">
    <div class="findings">
      <h3>${texts.findings.title(plain(rule.name))}</h3>
      ${level === 'none' && html`<p>${texts.actions.relayOff}</p>`}
      <p>${seen ? texts.findings.saw(seen.messages, seen.wouldBounce) : texts.findings.none}</p>
      ${
        (reports?.partners ?? []).length > 0 &&
        html`<ul>
          ${reports?.partners?.map(
            (each) =>
              html`<li key=${each.domain}>${texts.findings.partner(each.domain, each.wouldBounce)}</li>`,
          )}
        </ul>`
      }
      ${partners
        .slice(0, CHECKS)
        .map((target) => html`<${PartnerCheckNow} key=${target} target=${target} action=${action} />`)}
      <button type="button" class="button" onClick=${onClose}>${texts.close}</button>
    </div>
  <//>`
}
