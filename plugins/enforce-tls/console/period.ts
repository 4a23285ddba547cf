/** Times out of a request's query. */
import { parseSince, parseUntil } from '../report/report-query.js'
import { parseDomain } from '../rules/address.js'
import { formatFlaw } from '../rules/format-problem.js'
import { quote } from '../text/quote.js'
import { Problem } from './problem.js'
import type { Call } from './route.js'

/** Where a period begins by default. */
const SINCE = '7d'
const TIMES = 'use a time such as 7d, 2026-11-01 or 2026-11-01T08:00:00Z'

/** The period of `since` and `until`. @throws {Problem} 422 for what is none. */
export function periodOf(
  { query }: Pick<Call, 'query'>,
  now: Date,
  begins = SINCE,
): { readonly since: Date; readonly until: Date } {
  const { since = begins, until } = query
  const from = timeOf('since', String(since), parseSince(String(since), now))
  const to = until === undefined ? now : timeOf('until', String(until), parseUntil(String(until), now))
  if (from >= to) throw new Problem(422, 'invalid', 'since must be before until.', { field: 'since' })
  return { since: from, until: to }
}

function timeOf(field: string, given: string, time: Date | null): Date {
  if (time) return time
  throw new Problem(422, 'invalid', `${quote(given)}: ${TIMES}`, { field, value: given })
}

/** A domain that is given there, or `null` for none. @throws {Problem} 422 for what is none. */
export function domainIn({ query }: Pick<Call, 'query'>, field: string): string | null {
  if (query[field] === undefined) return null
  const given = String(query[field])
  const parsed = parseDomain(given)
  if ('domain' in parsed) return parsed.domain
  throw new Problem(422, 'invalid', `${quote(given)} ${formatFlaw(parsed)}`, { field, value: given })
}
