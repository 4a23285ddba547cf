/** The certificates that rules of level `verify` or `secure` rely on and that expire soon. Pure. */
import { daysUntil, EXPIRES_SOON } from '../check/certificate-facts.js'
import type { DeliveryLogEntry } from '../observe/delivery-log/schema.js'
import { LEVELS } from '../rules/levels.js'
import type { ExpiringCertificate } from './delivery-report.js'

/** Remembers the last certificate of each host of each partner. */
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
