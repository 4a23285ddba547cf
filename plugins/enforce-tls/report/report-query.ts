/**
 * What a report is about: its period, from what a person typed, and the entries of the delivery log. Days are those of
 * UTC. Pure but for reading the entries.
 */
import { fromRecord, type DeliveryLogRecord } from '../observe/delivery-log/entry.js'
import type { DeliveryLogEntry } from '../observe/delivery-log/schema.js'
import { isAsked } from '../requiretls/ask.js'
import { EVERYONE } from '../rules/owner.js'
import type { InPieces } from '../work/pieces.js'
import { inPieces } from '../work/turns.js'

/** In milliseconds. */
export const DAY = 86_400_000
const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, d: DAY, w: 7 * DAY }

/**
 * The beginning of a period: `7d`, `24h` or `2w` before now, a day such as `2026-11-01`, or a time in ISO 8601.
 *
 * @returns `null` for a text that is none of these.
 */
export function parseSince(text: string, now: Date): Date | null {
  const [, count, unit = ''] = /^(\d{1,5})([hdw])$/.exec(text) ?? []
  if (count !== undefined) return new Date(now.getTime() - Number(count) * (UNITS[unit] ?? 0))
  return parseTime(text)
}

/** The end of a period, as `parseSince`; a day is part of the period as a whole. */
export function parseUntil(text: string, now: Date): Date | null {
  const time = parseSince(text, now)
  return time && isDay(text) ? new Date(time.getTime() + DAY) : time
}

/** The beginning of a time's UTC day. */
export function dayOf(time: Date): Date {
  return new Date(Math.floor(time.getTime() / DAY) * DAY)
}

/** The beginning of the next UTC day. */
export function dayAfter(day: Date): Date {
  return new Date(day.getTime() + DAY)
}

function parseTime(text: string): Date | null {
  if (!isDay(text) && !/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/.test(text))
    return null
  const time = new Date(text)
  // There is no 30th of February; a Date would go on in March.
  const exists = !Number.isNaN(time.getTime()) && (!isDay(text) || time.toISOString().startsWith(text))
  return exists ? time : null
}

function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text)
}

/** What a report covers. */
export interface ReportQuery {
  /** From then on. */
  readonly since: Date
  /** Before then. */
  readonly until: Date
  /** Only mail that rules of this owner speak of; of a domain, all mail of its senders and to its recipients. */
  readonly owner: string | null
  /** Only mail to this domain. */
  readonly domain: string | null
  readonly now: Date
}

/** The entries that a query covers, each once; what is no entry is skipped. In pieces: it may run beside mail. */
export async function* entriesFor(
  records: AsyncIterable<DeliveryLogRecord>,
  { since, until, owner, domain }: ReportQuery,
): AsyncGenerator<DeliveryLogEntry> {
  const seen = new Set<string>()
  const [from, to] = [since.toISOString(), until.toISOString()]
  for await (const record of records) {
    const entry = await inPieces(reading(record))
    if (!entry || entry.at < from || entry.at >= to || seen.has(entry.id)) continue
    seen.add(entry.id)
    if ((owner === null || concerns(owner, entry)) && (domain === null || domain === entry.domain))
      yield entry
  }
}

/** Before an entry is looked at, others may have their turn. */
function* reading(record: DeliveryLogRecord): InPieces<DeliveryLogEntry | null> {
  yield
  return fromRecord(record)
}

/** Whether an owner is told of an entry: a domain of all mail of its senders, and of what came in for it. */
export function concerns(owner: string, { kind, rules, from, domain }: DeliveryLogEntry): boolean {
  // What a message asks for itself is no rule of the service.
  if (owner === EVERYONE || owner.includes('@'))
    return rules.some((rule) => rule.owner === owner && !isAsked(rule))
  return (kind === 'refusal' ? domain : from) === owner
}
