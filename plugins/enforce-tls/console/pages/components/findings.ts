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
  return html`<${Notice} tone="info">
    <div class="findings">
      <h2>${texts.findings.title(plain(rule.name))}</h2>
      ${level === 'none' && html`<p>${texts.actions.relayOff}</p>`}
      <p>${seenWords(reports)}</p>
      ${
        (reports?.partners ?? []).length > 0 &&
        html`<ul aria-label=${texts.findings.bounces}>
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

/** What report mode saw, in a sentence or two. */
function seenWords(reports: Reports | null): string {
  const seen = reports?.reported
  if (seen === undefined) return texts.findings.notRecorded
  if (seen.messages === 0) return texts.findings.none
  const words = texts.findings.saw(seen.messages, seen.wouldBounce)
  return seen.unknown > 0 ? `${words} ${texts.findings.unknown(seen.unknown)}` : words
}
