/** What the entries of a report add up to: counters, and certificates that expire soon. Pure. */
import { REPORT_RESULTS } from '../delivery/delivery-events.js'
import type { DeliveryLogEntry } from '../observe/delivery-log/schema.js'
import type { EnforcedCounts, ReportedCounts, ExpiringCertificate } from './delivery-report.js'
import { daysUntil, EXPIRES_SOON } from '../check/certificate-facts.js'
import { LEVELS } from '../rules/levels.js'
import { sorting, type InPieces } from '../work/pieces.js'

/** So many are looked at between two yields. */
export const PIECE = 200

type CountedByResult = Exclude<
  keyof EnforcedCounts,
  'messages' | 'other' | 'requiretls' | 'waived' | 'waivedClear' | 'waivedTls'
>

/** How a message went of whose session nothing was required. */
export type WaivedHow = 'clear' | 'tls' | 'unknown'

/** How MAIL was said, as an entry has it. */
export function howOf({ encrypted }: Pick<DeliveryLogEntry, 'encrypted'>): WaivedHow {
  if (encrypted === undefined) return 'unknown'
  return encrypted === 'true' ? 'tls' : 'clear'
}

/** Where each result is counted; one that is not here is of a version to come, and counts as nothing that is known. */
const PLACES: Readonly<Record<string, CountedByResult>> = {
  delivered: 'delivered',
  rerouted: 'rerouted',
  'via-gateway': 'rerouted',
  bounced: 'bounced',
  kept: 'kept',
  deferred: 'waiting',
  released: 'released',
  'delivered-as-usual': 'asUsual',
  freed: 'freed',
}

/** Results of messages that require TLS. */
export class EnforcedTally {
  readonly #counts = {
    ...{ delivered: 0, rerouted: 0, bounced: 0, kept: 0 },
    ...{ waiting: 0, released: 0, other: 0, asUsual: 0, freed: 0 },
  }
  readonly #waived = { clear: 0, tls: 0, unknown: 0 }
  #onward = 0

  /**
   * Takes a final result, `released`, or `deferred` for a message that waits.
   *
   * @param isOnward whether it was handed on with REQUIRETLS
   */
  add(result: string, isOnward = false): void {
    if (isOnward && result === 'delivered') this.#onward++
    this.#counts[Object.hasOwn(PLACES, result) ? (PLACES[result] ?? 'other') : 'other']++
  }

  /** Takes a message whose sender waives TLS. */
  addWaived(how: WaivedHow): void {
    this.#waived[how]++
  }

  counts(): EnforcedCounts {
    const { asUsual, freed, ...required } = this.#counts
    const { clear: waivedClear, tls: waivedTls, unknown } = this.#waived
    const waived = waivedClear + waivedTls + unknown
    const messages = Object.values(required).reduce((sum, count) => sum + count, 0)
    return { messages, ...required, requiretls: this.#onward, asUsual, freed, waived, waivedClear, waivedTls }
  }
}

type Reported = (typeof REPORT_RESULTS)[number]

/** What rules in report mode would have done; each message counts once. */
export class ReportedTally {
  readonly #results = new Map<string, { rank: number; domain: string }>()
  /** Kept with each entry, so that nothing is left to count in the end. */
  readonly #byRank = REPORT_RESULTS.map(() => new Counter())

  add({ uuid, domain, result }: DeliveryLogEntry): void {
    const rank = (REPORT_RESULTS as readonly string[]).indexOf(result)
    const before = this.#results.get(uuid)
    if (rank < 0 || rank > (before?.rank ?? rank)) return
    if (before) this.#byRank[before.rank]?.add(before.domain, -1)
    this.#byRank[rank]?.add(domain)
    this.#results.set(uuid, { rank, domain })
  }

  counts(): ReportedCounts {
    return {
      messages: this.#results.size,
      wouldBounce: this.#of('would-bounce').total,
      wouldWait: this.#of('would-wait').total,
      wouldDeliver: this.#of('would-deliver').total,
      wouldDeliverAsUsual: this.#of('would-deliver-as-usual').total,
      unknown: this.#of('unknown').total,
    }
  }

  /** Messages that would not have been delivered, by domain, most first. */
  notDelivered(): { domain: string; wouldBounce: number; wouldWait: number }[] {
    const [bounced, waiting, both] = [this.#of('would-bounce'), this.#of('would-wait'), new Counter()]
    for (const counter of [bounced, waiting])
      for (const [domain, count] of counter.entries()) if (count > 0) both.add(domain, count)
    return both
      .entries()
      .map(([domain]) => ({ domain, wouldBounce: bounced.of(domain), wouldWait: waiting.of(domain) }))
  }

  #of(result: Reported): Counter {
    return this.#byRank[REPORT_RESULTS.indexOf(result)] ?? new Counter()
  }
}

/** Counts by name. */
export class Counter {
  readonly #counts = new Map<string, number>()
  #total = 0

  add(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by)
    this.#total += by
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  get total(): number {
    return this.#total
  }

  /** Most first, then by name. */
  entries(): [name: string, count: number][] {
    return [...this.#counts].sort(mostFirst)
  }

  /** The same for any number of names. */
  *sorted(): InPieces<readonly [name: string, count: number][]> {
    return yield* sorting([...this.#counts], mostFirst)
  }
}

function mostFirst([a, m]: readonly [string, number], [b, n]: readonly [string, number]): number {
  return n - m || (a < b ? -1 : 1)
}

/** The value of a key, made when it is first needed. */
export function made<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const value = make()
  map.set(key, value)
  return value
}

/** The certificates that rules rely on and that expire soon: the last of each host. */
export class ExpiringCertificates {
  readonly #now: Date
  readonly #last = new Map<string, DeliveryLogEntry>()

  constructor(now: Date) {
    this.#now = now
  }

  add(entry: DeliveryLogEntry): void {
    const { domain, mx, level, expires, verified } = entry
    if (expires === undefined || mx === undefined) return
    // By level, also where it failed; by what was verified, where that is up to the partner's policy.
    const relies = LEVELS.some(({ name, trusted }) => name === level && trusted)
    if (relies || verified?.split(',').includes('chain')) this.#last.set(`${domain} ${mx}`, entry)
  }

  /** Soonest first. */
  *list(): InPieces<readonly ExpiringCertificate[]> {
    const found: ExpiringCertificate[] = []
    let looked = 0
    for (const entry of this.#last.values()) {
      if (++looked % PIECE === 0) yield
      const { domain, mx = '', issuer = '', fingerprint = '', expires = '' } = entry
      const daysLeft = daysUntil(expires, this.#now)
      const level = LEVELS.find(({ name }) => name === entry.level)?.name
      if (level === undefined || !(daysLeft < EXPIRES_SOON)) continue
      found.push({ domain, host: mx, level, issuer, fingerprint, expires, daysLeft })
    }
    return yield* sorting(found, (a, b) => (a.expires < b.expires ? -1 : 1))
  }
}

/** Whether it is of a message of which nothing is required, but that asks for REQUIRETLS (`policy` opportunistic). */
export function isWish({ kind, level }: DeliveryLogEntry): boolean {
  return level === 'none' && (kind === 'attempt' || kind === 'outcome')
}
