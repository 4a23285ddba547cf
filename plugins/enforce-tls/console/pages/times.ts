/** Times and numbers, in the viewer's language and zone. */
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' })
const localDay = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const number = new Intl.NumberFormat()

/** A time out of the API, as a person reads it. */
export function momentWords(iso: string): string {
  const time = Date.parse(iso)
  return Number.isNaN(time) ? iso : moment.format(time)
}

/** A day as the report counts them, `2026-01-31`: of UTC, since it has no hours to move. */
export function dayWords(date: string): string {
  const time = Date.parse(date)
  return Number.isNaN(time) ? date : day.format(time)
}

/** The day of a time out of the API, in the viewer's zone. */
export function dayOf(iso: string): string {
  const time = Date.parse(iso)
  return Number.isNaN(time) ? iso : localDay.format(time)
}

/** A number with its thousands. */
export function numberWords(value: number): string {
  return number.format(value)
}
