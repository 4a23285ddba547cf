/**
 * The first sentence of a report: how much required TLS, and what became of it. Every message is counted once, and what is
 * not known is said to be unknown; those whose senders waive TLS are in the verdict, which stands beside it. Pure.
 */
import { numbered } from '../text/list.js'
import type { DeliveryReport } from './delivery-report.js'
import { utc } from './format.js'
import { DAY } from './report-query.js'

/** So much later than its end a report may be made and still be about the last days. */
const JUST_NOW = 60_000

/** What else is known of a report. */
export interface HeadlineFacts {
  /** Whether the log may lack something of the period. */
  readonly isIncomplete: boolean
  /** Messages to next hops that the settings trust without TLS. */
  readonly trusted: number
  /** Released messages of which nothing says whether they left. */
  readonly openReleases: number
}

/** Such as `2,704 messages required TLS in the last 30 days; 2,567 left over it, 137 were returned, 0 left without`. */
export function headline(
  report: DeliveryReport,
  { isIncomplete, trusted, openReleases }: HeadlineFacts,
): string {
  const { attemptedWithout } = report
  const { messages, delivered, rerouted, bounced, kept, waiting, released, other } = report.enforced
  const parts = [
    `${shown(delivered - trusted)} left over it`,
    ...(rerouted > 0 ? [`${shown(rerouted)} over it to a gateway of yours`] : []),
    `${shown(bounced)} ${were(bounced)} returned`,
    ...(kept > 0 ? [`${shown(kept)} ${were(kept)} kept undelivered`] : []),
    ...(waiting > 0 ? [`${shown(waiting)} ${were(waiting)} still waiting`] : []),
    ...(other > 0 ? [`of ${shown(other)} the result is unknown`] : []),
    ...(trusted > 0
      ? [`${shown(trusted)} went to next hops that your settings trust, with TLS or without`]
      : []),
    `${shown(released)} left without${released > 0 ? ' (released by an administrator)' : ''}`,
    ...(attemptedWithout > 0 ? [`at an attempt ${shown(attemptedWithout)} more went without`] : []),
    ...(openReleases > 0 ? [`whether ${shown(openReleases)} more released did is not recorded`] : []),
  ]
  const period = formatPeriod(report)
  const beginning = isIncomplete
    ? `Of the messages recorded ${period}, ${shown(messages)} required TLS`
    : `${shownMessages(messages)} required TLS ${period}`
  return `${beginning}; ${parts.join(', ')}`
}

function shownMessages(count: number): string {
  return numbered(count, 'message').replace(String(count), shown(count))
}

function shown(count: number): string {
  return count.toLocaleString('en-US')
}

function were(count: number): string {
  return count === 1 ? 'was' : 'were'
}

/** Such as `in the last 30 days` or `from 2026-11-01 to 2026-11-30 (UTC)`. */
export function formatPeriod({
  since,
  until,
  generated,
}: Pick<DeliveryReport, 'since' | 'until' | 'generated'>): string {
  const [from, to] = [Date.parse(since), Date.parse(until)]
  const days = (to - from) / DAY
  if (Date.parse(generated) - to < JUST_NOW && Number.isInteger(days))
    return days === 1 ? 'in the last 24 hours' : `in the last ${days} days`
  if (from % DAY > 0 || to % DAY > 0) return `from ${utc(since)} to ${utc(until)} UTC`
  const last = new Date(to - DAY).toISOString().slice(0, 10)
  const first = since.slice(0, 10)
  return first === last ? `on ${first} (UTC)` : `from ${first} to ${last} (UTC)`
}
