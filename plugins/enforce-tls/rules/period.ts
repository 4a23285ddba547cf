/** The time in which a rule acts: RFC 3339 times with their offset. Pure, and without a clock of its own. */
import { quote } from '../text/quote.js'
import type { Rule, RuleProblem } from './rule.js'

/** From the one instant on until before the other, in milliseconds since 1970. */
export interface Period {
  readonly from: number
  readonly until: number
}

const ALWAYS: Period = { from: -Infinity, until: Infinity }

const TIME =
  /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/
const EXPECTED = 'a date and time with offset, such as 2026-01-31T08:00:00Z or 2026-01-31T09:00:00+01:00'

/** What is wrong with the times of a rule, or `null`. */
export function checkPeriod(rule: Pick<Rule, 'startsAt' | 'expiresAt'>): RuleProblem | null {
  for (const field of ['startsAt', 'expiresAt'] as const) {
    const text = rule[field]
    if (text !== undefined && Number.isNaN(instantOf(text)))
      return { field, problem: `${quote(text)} is no time`, expected: EXPECTED }
  }
  const { from, until } = periodOf(rule)
  if (from < until) return null
  const { startsAt = '', expiresAt = '' } = rule
  return { field: 'expiresAt', problem: `${quote(expiresAt)} is not after startsAt, ${quote(startsAt)}` }
}

/** The time in which a checked rule acts. */
export function periodOf({ startsAt, expiresAt }: Pick<Rule, 'startsAt' | 'expiresAt'>): Period {
  return {
    from: startsAt === undefined ? ALWAYS.from : instantOf(startsAt),
    until: expiresAt === undefined ? ALWAYS.until : instantOf(expiresAt),
  }
}

/** Whether a checked rule has expired. @param now in milliseconds since 1970 */
export function isOver(rule: Pick<Rule, 'startsAt' | 'expiresAt'>, now: number): boolean {
  return now >= periodOf(rule).until
}

/** In milliseconds since 1970; `NaN` for what is no time. */
function instantOf(text: string): number {
  const [, year, month, day] = TIME.exec(text) ?? []
  // JavaScript takes the 30th of February for a day in March.
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  return date.getUTCMonth() === Number(month) - 1 ? Date.parse(text) : NaN
}
