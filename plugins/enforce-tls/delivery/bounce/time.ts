/** Times as people read them in a bounce: the parts for its texts, and how far the sender's clock is from UTC. Pure. */

const MINUTE = 60_000
/** RFC 5322 section 3.3, as much of it as says a time; a comment may follow. */
const DATE =
  /^(?:[A-Za-z]{3},)?\s*\d{1,2}\s+[A-Za-z]{3}\s+\d{4}\s+\d{2}:\d{2}(?::\d{2})?\s+([+-]\d{4}|[A-Za-z]{1,4})(?:\s*\(.*\))?$/
/** Longer than any that says a time: the work for a run of blanks grows with its square. */
const DATE_MAX = 200
/** No clock on earth is further from UTC. */
const OFFSET_MAX = 14 * 60

/** What a Date header says. */
export interface HeaderTime {
  readonly time: Date
  /** From UTC, in minutes; `null` where it says none. */
  readonly offset: number | null
}

/** Reads a Date header; `null` for one that says no time. */
export function readDate(header: string): HeaderTime | null {
  const value = header.trim()
  if (value.length > DATE_MAX) return null
  const zone = DATE.exec(value)?.[1]
  if (zone === undefined) return null
  const time = new Date(value.replace(/\s*\(.*\)$/, ''))
  const offset = minutesOf(zone)
  if (Number.isNaN(time.getTime()) || Math.abs(offset ?? 0) > OFFSET_MAX) return null
  return { time, offset }
}

/** `-0000` is a clock that is somewhere (RFC 5322 section 3.3). */
function minutesOf(zone: string): number | null {
  const [, sign, hours, minutes] = /^([+-])(\d\d)(\d\d)$/.exec(zone) ?? []
  if (sign === undefined || zone === '-0000') return null
  const offset = Number(hours) * 60 + Number(minutes)
  return sign === '-' ? -offset : offset
}

/** Day and time of a clock. @param offset from UTC, in minutes */
export function clockOf(time: Date, offset = 0) {
  const local = new Date(time.getTime() + offset * MINUTE)
  return {
    /** The day and time as if they were those of UTC. */
    day: local,
    /** Such as `14:03`. */
    time: local.toISOString().slice(-13, -8),
  }
}

/** Such as `+0100`. */
export function offsetOf(minutes: number): string {
  const size = Math.abs(minutes)
  const [hours, rest] = [Math.floor(size / 60), size % 60].map((part) => String(part).padStart(2, '0'))
  return `${minutes < 0 ? '-' : '+'}${hours}${rest}`
}
