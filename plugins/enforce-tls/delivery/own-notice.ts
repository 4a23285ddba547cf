/**
 * The mark on bounces and notices of delay that this plugin has written, in the notes of the queued notice: it is no
 * message of anybody, and is kept where it can't be delivered. Nobody who sends mail to this server can write notes. Pure.
 */
import type { HarakaMailItem } from '../haraka/types.js'

const NOTE = 'enforce_tls_bounce'

/** Notes for a notice. */
export const OWN_NOTICE = { [NOTE]: true } as const

/** Whether a message is a bounce, or a notice of delay, that this plugin has written. */
export function isOwnNotice({ todo }: Pick<HarakaMailItem, 'todo'>): boolean {
  return todo.notes[NOTE] === true && todo.mail_from.user === ''
}
