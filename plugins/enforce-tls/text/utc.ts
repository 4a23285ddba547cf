/** Times for people, in UTC: the zone that days in options, reports and statements are taken in. Pure. */

/** Such as `2026-11-23 18:00:01`, beside something that says that it is UTC: the head of a column, or `formatUtc`. */
export function utcSeconds(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ')
}

/** Such as `2026-11-23 18:00:01 UTC`. @param iso in UTC, as `Date` and JSON write it */
export function formatUtc(iso: string): string {
  return `${utcSeconds(iso)} UTC`
}

/** A sentence that data has, too, as a person reads it: its times in ISO 8601 and UTC as `formatUtc` writes them. */
export function timesAsRead(text: string): string {
  return text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, formatUtc)
}
