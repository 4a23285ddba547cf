/** What the entries of a report add up to: counters, and certificates that expire soon. Pure. */
import type { DeliveryLogEntry } from '../observe/delivery-log/schema.js'
import type { EnforcedCounts, ReportedCounts, ExpiringCertificate } from './delivery-report.js'
import { daysUntil, EXPIRES_SOON } from '../check/certificate-facts.js'
import { LEVELS } from '../rules/levels.js'

type Final = 'delivered' | 'bounced' | 'kept'

/** Results of messages that require TLS. */
export class EnforcedTally {
  readonly #final: Record<Final, number> = { delivered: 0, bounced: 0, kept: 0 }
  #waiting = 0
  #asUsual = 0
  #rerouted = 0

  /** Takes a final result, or a message that waits. */
  add(result: string): void {
    if (result === 'delivered-as-usual') this.#asUsual++
    else if (result === 'rerouted' || result === 'via-gateway') this.#rerouted++
    else if (result === 'delivered' || result === 'bounced' || result === 'kept') this.#final[result]++
    else this.#waiting++
  }

  counts(): EnforcedCounts {
    const { delivered, bounced, kept } = this.#final
    const waiting = this.#waiting
    const asUsual = this.#asUsual
    const rerouted = this.#rerouted
    const messages = delivered + rerouted + bounced + kept + waiting
    return { messages, delivered, rerouted, bounced, kept, waiting, asUsual }
  }
}

/** Worst first: a message that several rules saw counts with the worst of what they say. */
const WORST_FIRST = [
  'would-bounce',
  'would-wait',
  'unknown',
  'would-deliver-as-usual',
  'would-deliver',
] as const

type Reported = (typeof WORST_FIRST)[number]

/** What rules in report mode would have done; each message counts once. */
export class ReportedTally {
  readonly #results = new Map<string, { rank: number; domain: string }>()

  add({ uuid, domain, result }: DeliveryLogEntry): void {
    const rank = (WORST_FIRST as readonly string[]).indexOf(result)
    const before = this.#results.get(uuid)
    if (rank >= 0 && rank <= (before?.rank ?? rank)) this.#results.set(uuid, { rank, domain })
  }

  counts(): ReportedCounts {
    return {
      messages: this.#results.size,
      wouldBounce: this.#domainsOf('would-bounce').length,
      wouldWait: this.#domainsOf('would-wait').length,
      wouldDeliver: this.#domainsOf('would-deliver').length,
      wouldDeliverAsUsual: this.#domainsOf('would-deliver-as-usual').length,
      unknown: this.#domainsOf('unknown').length,
    }
  }

  /** Messages that would not have been delivered, by domain, most first. */
  notDelivered(): { domain: string; wouldBounce: number; wouldWait: number }[] {
    const [bounced, waiting, both] = [new Counter(), new Counter(), new Counter()]
    for (const [counter, result] of [
      [bounced, 'would-bounce'],
      [waiting, 'would-wait'],
    ] as const) {
      for (const domain of this.#domainsOf(result)) {
        counter.add(domain)
        both.add(domain)
      }
    }
    return both
      .entries()
      .map(([domain]) => ({ domain, wouldBounce: bounced.of(domain), wouldWait: waiting.of(domain) }))
  }

  /** Of each message with that result. */
  #domainsOf(result: Reported): string[] {
    const wanted = WORST_FIRST.indexOf(result)
    return [...this.#results.values()].filter(({ rank }) => rank === wanted).map(({ domain }) => domain)
  }
}

/** Counts by name. */
export class Counter {
  readonly #counts = new Map<string, number>()

  add(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by)
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0)
  }

  /** Most first, then by name. */
  entries(): [name: string, count: number][] {
    return [...this.#counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  }
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
  list(): ExpiringCertificate[] {
    const found = [...this.#last.values()].flatMap((entry): ExpiringCertificate[] => {
      const { domain, mx = '', issuer = '', fingerprint = '', expires = '' } = entry
      const daysLeft = daysUntil(expires, this.#now)
      const level = LEVELS.find(({ name }) => name === entry.level)?.name
      if (level === undefined || !(daysLeft < EXPIRES_SOON)) return []
      return [{ domain, host: mx, level, issuer, fingerprint, expires, daysLeft }]
    })
    return found.sort((a, b) => (a.expires < b.expires ? -1 : 1))
  }
}
