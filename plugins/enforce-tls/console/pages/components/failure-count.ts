/** How many messages TLS failed for in the last day: the number leads to them. */
import { html, type VNode } from '../preact.js'
import { messagesHref } from '../router.js'
import { texts } from '../texts.js'
import { formatNumber } from '../times.js'
import type { DomainRow } from '../types.js'

export function FailureCount({ row }: { readonly row: DomainRow }): VNode {
  const { domain, failures24h } = row
  if (failures24h === null) return html`<span class="muted">${texts.domains.unknownFailures}</span>`
  if (failures24h === 0) return html`<span class="text-good">${texts.domains.noFailures}</span>`
  return html`<a
    class="text-bad"
    href=${messagesHref({ owner: domain, since: '1d', result: 'failed' })}
    aria-label=${texts.domains.failuresLabel(failures24h, texts.ownerName(domain))}
  >
    ${formatNumber(failures24h)}
  </a>`
}
