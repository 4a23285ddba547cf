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

  /** Takes a final result, or a message that waits. */
  add(result: string): void {
    if (result === 'delivered' || result === 'bounced' || result === 'kept') this.#final[result]++
    else this.#waiting++
  }

  counts(): EnforcedCounts {
    const { delivered, bounced, kept } = this.#final
    const waiting = this.#waiting
    return { messages: delivered + bounced + kept + waiting, delivered, bounced, kept, waiting }
  }
}

/** Worst first: a message that several rules saw counts with the worst of what they say. */
const WORST_FIRST = ['would-bounce', 'unknown', 'would-deliver'] as const

/** What rules in report mode would have done; each message counts once. */
export class ReportedTally {
  readonly #results = new Map<string, { rank: number; domain: string }>()

  add({ uuid, domain, result }: DeliveryLogEntry): void {
    const rank = (WORST_FIRST as readonly string[]).indexOf(result)
    const before = this.#results.get(uuid)
    if (rank >= 0 && rank <= (before?.rank ?? rank)) this.#results.set(uuid, { rank, domain })
  }

  counts(): ReportedCounts {
    const [wouldBounce, unknown, wouldDeliver] = WORST_FIRST.map(
      (_, rank) => [...this.#results.values()].filter((result) => result.rank === rank).length,
    ) as [number, number, number]
    return { messages: this.#results.size, wouldBounce, wouldDeliver, unknown }
  }

  /** Messages that would have bounced, by domain, most first. */
  wouldBounce(): { domain: string; wouldBounce: number }[] {
    const domains = new Counter()
    for (const { rank, domain } of this.#results.values()) if (rank === 0) domains.add(domain)
    return domains.entries().map(([domain, wouldBounce]) => ({ domain, wouldBounce }))
  }
}

/** Counts by name. */
export class Counter {
  readonly #counts = new Map<string, number>()

  add(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by)
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

/** The certificates that rules of level `verify` or `secure` rely on and that expire soon: the last of each host. */
export class ExpiringCertificates {
  readonly #now: Date
  readonly #last = new Map<string, DeliveryLogEntry>()

  constructor(now: Date) {
    this.#now = now
  }

  add(entry: DeliveryLogEntry): void {
    const { domain, mx, level, expires } = entry
    if (expires === undefined || mx === undefined) return
    if (LEVELS.some(({ name, trusted }) => name === level && trusted))
      this.#last.set(`${domain} ${mx}`, entry)
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
