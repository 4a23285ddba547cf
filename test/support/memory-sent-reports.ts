/** What was sent of reports, in memory, as several processes share it; with a clock of the test's own. */
import type { SentReports } from '../../plugins/enforce-tls/store/sent-reports.js'

export class MemorySentReports implements SentReports {
  readonly periods = new Map<string, Map<string, string>>()
  lease: { holder: string; until: number } | null = null
  /** Reading rejects while it is set. */
  away = false
  /** Writing rejects while it is set, as of a process that is killed before it. */
  dies = false

  /** @param now in milliseconds since the epoch; a test sets it on */
  constructor(public now: number) {}

  readPeriod(period: string): Promise<ReadonlyMap<string, string>> {
    if (this.away) return Promise.reject(new Error('Redis is away'))
    return Promise.resolve(new Map(this.periods.get(period)))
  }

  write(period: string, name: string, value: string): Promise<void> {
    if (this.dies) return Promise.reject(new Error('killed'))
    this.periods.set(period, new Map(this.periods.get(period)).set(name, value))
    return Promise.resolve()
  }

  takeLease(holder: string, duration: number): Promise<boolean> {
    if (this.lease && this.lease.holder !== holder && this.lease.until > this.now)
      return Promise.resolve(false)
    this.lease = { holder, until: this.now + duration }
    return Promise.resolve(true)
  }

  endLease(holder: string): Promise<void> {
    if (this.lease?.holder === holder) this.lease = null
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
