/** Times for a person: the local time of the computer, in an order that sorts. */

/** Such as `2026-01-31 08:00:00`. */
export function localTime(iso: string): string {
  // The Swedish way to write a date is the one of ISO 8601.
  return new Date(iso).toLocaleString('sv-SE')
}
