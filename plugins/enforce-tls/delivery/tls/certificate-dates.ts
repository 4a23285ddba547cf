/** When the certificates of a server are valid: OpenSSL looks at dates in full handshakes only. Pure. */
import type { X509Certificate } from 'node:crypto'

/** Both ends of a time, in milliseconds since the epoch. */
export interface Dates {
  readonly from: number
  readonly to: number
}

/** When all certificates that a server sent are valid; never, where it sent none. */
export function datesOf(certificate: X509Certificate | undefined): Dates {
  const dates = { from: -Infinity, to: certificate ? Infinity : -Infinity }
  for (let link = certificate; link; link = link.issuerCertificate) {
    dates.from = Math.max(dates.from, Date.parse(link.validFrom))
    dates.to = Math.min(dates.to, Date.parse(link.validTo))
  }
  return dates
}

/** @param dates `undefined` where they do not count */
export function validAt(dates: Dates | undefined, now: number): boolean {
  return !dates || (dates.from <= now && now <= dates.to)
}
