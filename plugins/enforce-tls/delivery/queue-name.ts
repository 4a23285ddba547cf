/**
 * The name of a queue file, as far as it says which item it is: `arrival_next_attempts_pid_tag_counter_host` (Haraka
 * 3.3.4, `outbound/qfile.js`). A deferral and a restart change the name; arrival and tag stay. The tag also bears the
 * mark that the sender has been notified of the delay: Haraka's own renaming puts it on, so that it is there or not, at
 * every moment, and no restart loses it. Pure.
 */

const PARTS = 7
const TAG = 4
const NOTIFIED = '-delayed'

/**
 * What names a queue item for as long as it exists, and no other; `null` for a file that is none. An item that is
 * divided is gone, and its parts have names of their own.
 */
export function itemIdOf(filename: string): string | null {
  const parts = filename.split('_')
  const [arrival = ''] = parts
  const tag = tagOf(parts)
  if (tag === null || !/^\d+$/.test(arrival)) return null
  return `${Number(arrival).toString(36)}-${withoutMark(tag)}`
}

/** When an item came into the queue, in milliseconds since the epoch; `null` for what names none. */
export function arrivalOf(itemId: string): number | null {
  const [, arrival] = /^([\da-z]{1,10})-/.exec(itemId) ?? []
  return arrival === undefined ? null : Number.parseInt(arrival, 36)
}

/** Whether the sender has been notified of the delay. */
export function isNotified(filename: string): boolean {
  return tagOf(filename.split('_'))?.endsWith(NOTIFIED) === true
}

/** The name with that mark; `null` for a name that cannot bear it. */
export function asNotified(filename: string): string | null {
  const parts = filename.split('_')
  const tag = tagOf(parts)
  return tag === null ? null : parts.with(TAG, `${withoutMark(tag)}${NOTIFIED}`).join('_')
}

function tagOf(parts: readonly string[]): string | null {
  const tag = parts[TAG]
  return parts.length === PARTS && tag !== undefined && tag !== '' ? tag : null
}

function withoutMark(tag: string): string {
  return tag.endsWith(NOTIFIED) ? tag.slice(0, -NOTIFIED.length) : tag
}
