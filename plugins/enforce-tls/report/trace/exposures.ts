/**
 * What of a message as a whole went without what its rules require, or may have: at any attempt, for any of its recipients
 * at one domain, in any of its items. What has left once has left, however the last delivery went. Pure.
 */
import type { DeliveryLogEntry } from '../../observe/delivery-log/schema.js'
import { releaseKey } from '../releases.js'
import { DAY } from '../report-query.js'
import { howOf, made } from '../tallies.js'

/** A message is tried for so long at most, in milliseconds; what is known of it may begin before a period. */
export const TRIED_FOR = 14 * DAY

/** What an {@link Exposure} can be. */
export const EXPOSURE_RESULTS = [
  'granted',
  'begun',
  'sent',
  'not-required',
  'freed',
  'waived',
  'waived-begun',
  'waived-sent',
] as const

/** One attempt without what is required, or leave for some. */
export interface Exposure {
  readonly at: string
  /** The item in Haraka's log. */
  readonly uuid: string
  /**
   * Under a release: `granted`, with no attempt since; `begun`, so that the message may have left; or `sent`.
   * `not-required`: nothing was required of that server. `freed`: TLS was not required any more. `waived`, with no attempt
   * since; `waived-begun` and `waived-sent`: its sender says `TLS-Required: No`.
   */
  readonly result: (typeof EXPOSURE_RESULTS)[number]
  readonly how: 'clear' | 'tls' | 'unknown'
  readonly server: string | null
  readonly address: string | null
  readonly protocol: string | null
  /** Who released it, and why. */
  readonly by: string | null
  readonly reason: string | null
}

/** What all items of one message for one domain have in common: Haraka numbers those of a message. */
export function familyOf({
  uuid = '',
  domain = '',
}: {
  readonly uuid?: string
  readonly domain?: string
}): string {
  return `${stemOf(uuid)} ${domain}`
}

/** The message of an item in Haraka's log. */
export function stemOf(uuid: string): string {
  return uuid.replace(/\.\d+$/, '')
}

/** @param entries of the whole message, in order of time */
export function exposuresOf(entries: readonly DeliveryLogEntry[]): Exposure[] {
  const found: { readonly exposure: Exposure; readonly release: string }[] = []
  /** Where it was seen how MAIL was said, so that the outcome there has nothing to add. */
  const seen = new Set<string>()
  const drop = (result: Exposure['result'], release: string, address?: string | null): void => {
    const index = found.findLastIndex(
      ({ exposure: each, release: its }) =>
        each.result === result && its === release && (address === undefined || each.address === address),
    )
    if (index >= 0) found.splice(index, 1)
  }
  for (const entry of entries) {
    const { kind, result, address, encrypted } = entry
    if (result === 'lapsed') {
      drop('granted', releaseKey(entry))
      continue
    }
    const place = `${itemOf(entry)} ${address ?? ''}`
    const release = releaseKey(entry)
    if (kind === 'attempt' && encrypted !== undefined) seen.add(place)
    const exposure = exposureOf(entry)
    if (exposure === null || (kind === 'outcome' && seen.has(place))) continue
    if (kind === 'release' && result !== 'granted') drop('granted', release)
    // What was begun there has come to its end.
    if (result === 'sent') drop('begun', release, exposure.address)
    if (kind === 'waiver') {
      // Each decision, or attempt, has its own; what came of it says more.
      drop('waived', release)
      if (result === 'waived-sent') drop('waived-begun', release, exposure.address)
    }
    found.push({ exposure, release })
  }
  return found.map(({ exposure }) => exposure)
}

/** Parts of a message have their id in Haraka's log in common. */
function itemOf({ item, uuid }: DeliveryLogEntry): string {
  return item ?? uuid
}

function exposureOf(entry: DeliveryLogEntry): Exposure | null {
  const { at, uuid, kind, result, mx, address, protocol, by, reason, encrypted } = entry
  const made = (name: Exposure['result'], how: Exposure['how']): Exposure => ({
    ...{ at, uuid, result: name, how },
    ...{ server: mx ?? null, address: address ?? null, protocol: protocol ?? null },
    ...{ by: by ?? null, reason: reason ?? null },
  })
  if (kind === 'release') {
    if (result === 'granted') return made('granted', 'unknown')
    return made(result === 'sent' ? 'sent' : 'begun', howOf(entry))
  }
  if (kind === 'waiver') {
    if (result === 'waived') return made('waived', 'unknown')
    return made(result === 'waived-sent' ? 'waived-sent' : 'waived-begun', howOf(entry))
  }
  if (kind === 'attempt') return encrypted === 'false' ? made('not-required', 'clear') : null
  if (kind !== 'outcome') return null
  if (result === 'freed') return made('freed', 'unknown')
  // REQUIRETLS is only ever said inside TLS.
  if (entry.requiretls === 'yes') return null
  return result.startsWith('delivered') && protocol === undefined ? made('not-required', 'unknown') : null
}

/**
 * Whether attempts of a message are missing from its entries, or may be: Haraka counts the rounds that have failed, and
 * each has an entry. Of entries that do not say how many there were, it is up to when the log begins.
 */
export function isIncomplete(entries: readonly DeliveryLogEntry[], logBegins: string | null): boolean {
  const rounds = new Map<string, Set<number>>()
  for (const entry of entries) {
    const { kind, result, at, tries } = entry
    if (kind === 'refusal' || kind === 'notice' || result === 'granted' || result === 'lapsed') continue
    if (tries === undefined) {
      if (logBegins !== null && Date.parse(logBegins) > Date.parse(at) - TRIED_FOR) return true
      continue
    }
    made(rounds, itemOf(entry), () => new Set()).add(Number(tries))
  }
  return [...rounds.values()].some((known) => known.size <= Math.max(...known))
}
