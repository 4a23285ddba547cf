/** Times and numbers, in the viewer's language and zone. */
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const zoned = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
})
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' })
const shortDay = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const localDay = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const number = new Intl.NumberFormat()

/** A time out of the API, as a person reads it. */
export function formatMoment(iso: string): string {
  return formatted(moment, iso)
}

/** The same without its day. */
export function formatTime(iso: string): string {
  return formatted(clock, iso)
}

/** The same with its time zone. */
export function formatMomentWithZone(iso: string): string {
  return formatted(zoned, iso)
}

/** The day of a time out of the API, in the viewer's zone. */
export function dayOf(iso: string): string {
  return formatted(localDay, iso)
}

/** A day as the report counts them, `2026-01-31`: of UTC, since it has no hours to move. */
export function formatDay(date: string): string {
  return formatted(day, date)
}

/** The same without its year, for a chart. */
export function formatShortDay(date: string): string {
  return formatted(shortDay, date)
}

function formatted(format: Intl.DateTimeFormat, iso: string): string {
  const time = Date.parse(iso)
  return Number.isNaN(time) ? iso : format.format(time)
}

/** A number with its thousands. */
export function formatNumber(value: number): string {
  return number.format(value)
}

/** The viewer's zone, such as `Europe/Berlin`. */
export function zoneName(): string {
  return moment.resolvedOptions().timeZone
}

/** A time out of the API as the clock on the viewer's wall shows it: `2026-01-31T09:00`, with seconds if any. */
export function localValueOf(iso: string): string {
  const time = new Date(iso)
  if (Number.isNaN(time.getTime())) return ''
  // Taken for UTC, a time that is moved by the zone's offset reads as the local one.
  const text = new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString()
  return text.slice(0, text.slice(17, 19) === '00' ? 16 : 19)
}

/** What a time on the viewer's clock says. */
export interface Instant {
  /** In UTC. */
  readonly iso: string
  /** False in the hour that is left out when summer time begins. */
  readonly exists: boolean
  /** The first time that is there again, as the clock shows it. */
  readonly nearest: string
  /** In the hour that comes twice when summer time ends; the first one is meant. */
  readonly twice: boolean
}

/** @param local as `localValueOf` writes it */
export function instantOf(local: string): Instant {
  const time = new Date(local)
  const back = localValueOf(time.toISOString())
  const later = [30, 60, 120].map((minutes) => new Date(time.getTime() + minutes * 60_000).toISOString())
  return {
    iso: time.toISOString().replace(/\.000Z$/, 'Z'),
    exists: back === local,
    nearest: back.slice(11, 16),
    twice: later.some((each) => localValueOf(each) === local),
  }
}
