/** Which period a mailed report is about, and when it is due: soon after the calendar week or month ended, in UTC. Pure. */
import { DAY, dayOf } from '../report-query.js'

export type Every = 'week' | 'month'

/** A calendar week, Monday to Sunday, or month. */
export interface Period {
  /** Such as `week-2026-11-16` or `month-2026-11`. */
  readonly name: string
  readonly since: Date
  /** Not part of it. */
  readonly until: Date
  /** Such as `16 to 22 November 2026`. */
  readonly words: string
}

/** After the end of a period, in milliseconds: entries of the delivery log are written by then. */
const SETTLED = 15 * 60_000

const ALL = 'all'

const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
]

/** The last period whose report is due. */
export function lastPeriod(every: Every, now: Date): Period {
  const until = beginning(every, new Date(now.getTime() - SETTLED))
  const since = beginning(every, new Date(until.getTime() - DAY))
  const day = since.toISOString().slice(0, 10)
  return {
    name: every === 'week' ? `week-${day}` : `month-${day.slice(0, 7)}`,
    since,
    until,
    words: every === 'week' ? weekWords(since, new Date(until.getTime() - DAY)) : monthWords(since),
  }
}

/** What names the reports of one owner, or without one of all, among those that were sent. */
export function partOf(owner: string): string {
  // A domain of that name has its dot behind it, as in DNS.
  return owner === ALL ? `${ALL}.` : owner || ALL
}

/** When the next report is due. */
export function nextDue(every: Every, now: Date): Date {
  const { until } = lastPeriod(every, now)
  // The next period, wherever in it: a month has 31 days at most.
  const within = new Date(until.getTime() + (every === 'week' ? 7 : 32) * DAY)
  return new Date(beginning(every, within).getTime() + SETTLED)
}

/** The beginning of the week or month that a time is in. */
function beginning(every: Every, time: Date): Date {
  const day = dayOf(time)
  if (every === 'week') return new Date(day.getTime() - ((day.getUTCDay() + 6) % 7) * DAY)
  return new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), 1))
}

function weekWords(first: Date, last: Date): string {
  const sameMonth = first.getUTCMonth() === last.getUTCMonth()
  const sameYear = first.getUTCFullYear() === last.getUTCFullYear()
  const begins = sameMonth
    ? String(first.getUTCDate())
    : sameYear
      ? `${first.getUTCDate()} ${monthOf(first)}`
      : `${first.getUTCDate()} ${monthWords(first)}`
  return `${begins} to ${last.getUTCDate()} ${monthWords(last)}`
}

function monthWords(time: Date): string {
  return `${monthOf(time)} ${time.getUTCFullYear()}`
}

function monthOf(time: Date): string {
  return MONTHS[time.getUTCMonth()] ?? ''
}
