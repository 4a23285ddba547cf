/**
 * When reports are due: for a day that is over, at a time of the next day that is the sender's own, so that not
 * everybody's reports arrive at midnight (RFC 8460 section 4.1). Pure.
 */
import { createHash } from 'node:crypto'
import { DAY, dayOf } from '../report-query.js'

/** Between these two times after midnight UTC, in milliseconds: when logs are complete, and four hours on. */
const [EARLIEST, SPREAD] = [30 * 60_000, 4 * 3_600_000]

/** When after midnight UTC the reports of a contact are due, in milliseconds: the same on all nodes. */
export function dueTime(contact: string): number {
  const hash = createHash('sha256').update(`TLS reports of ${contact}`).digest()
  return EARLIEST + (hash.readUInt32BE() % SPREAD)
}

/** The day whose reports are due now: until the next day's are. */
export function dueDay(now: Date, after: number): Date {
  return new Date(dayOf(new Date(now.getTime() - after)).getTime() - DAY)
}

/** When the next day's reports are due. */
export function nextDue(now: Date, after: number): Date {
  return new Date(dueDay(now, after).getTime() + 2 * DAY + after)
}
