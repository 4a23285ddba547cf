/** Messages of a report whose senders say `TLS-Required: No`, out of their entries, and in words. Pure. */
import type { DeliveryLogEntry } from '../observe/delivery-log/schema.js'
import { numbered } from '../text/list.js'
import type { EnforcedCounts } from './delivery-report.js'
import { howOf, type WaivedHow } from './tallies.js'

/** How an attempt of such a message went, by the entry of it; `null` for none yet. */
export function howWaived(entry: DeliveryLogEntry): WaivedHow | null {
  return entry.result === 'waived' ? null : howOf(entry)
}

/** One such message, over all its attempts. */
export class WaivedMessage {
  /** The last entry of it. */
  last: DeliveryLogEntry
  #isClear = false
  #isUnseen = false
  #isSent = false

  constructor(first: DeliveryLogEntry) {
    this.last = first
    this.add(first)
  }

  add(entry: DeliveryLogEntry): void {
    this.last = entry
    const how = howWaived(entry)
    if (how === 'clear') this.#isClear = true
    if (how === 'unknown') this.#isUnseen = true
    if (entry.result === 'waived-sent') this.#isSent = true
  }

  /** The worst of all attempts; `tls` only where a server took it, and none is unknown. */
  get how(): WaivedHow {
    if (this.#isClear) return 'clear'
    return this.#isSent && !this.#isUnseen ? 'tls' : 'unknown'
  }
}

/** Such as `3 messages whose senders waived it (TLS-Required: No): 2 went in the clear, 1 over TLS`; `null` for none. @param which with a space behind it */
export function formatWaived(counts: EnforcedCounts, which = ''): string | null {
  const { waived } = counts
  if (waived === 0) return null
  const whose = waived === 1 ? 'whose sender' : 'whose senders'
  return `${numbered(waived, 'message')} ${which}${whose} waived it with TLS-Required: No (${howTheyWent(counts)})`
}

/** Such as `2 went in the clear, 1 over TLS`. */
export function howTheyWent({ waived, waivedClear, waivedTls }: EnforcedCounts): string {
  const unknown = waived - waivedClear - waivedTls
  return [
    ...(waivedClear > 0 ? [`${waivedClear} went in the clear`] : []),
    ...(waivedTls > 0 ? [`${waivedTls} over TLS`] : []),
    ...(unknown > 0 ? [`of ${unknown} that is not recorded`] : []),
  ].join(', ')
}
