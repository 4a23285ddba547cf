/** The period of a report, from what a person typed. Days are those of UTC. Pure. */

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
