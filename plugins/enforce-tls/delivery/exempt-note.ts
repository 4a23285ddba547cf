/**
 * The note on mail of this plugin that no rule is about: reports on TLS, which must arrive although TLS fails (RFC 8460
 * section 3). It travels with the queued message, so that it counts at later attempts and after a restart. Nobody who
 * sends mail to this server can write notes.
 */
import type { HarakaMailItem } from '../haraka/types.js'

const NOTE = 'enforce_tls_report'

/** What the notes of such a mail hold. */
export const EXEMPT: Readonly<Record<string, unknown>> = { skip_plugins: [], [NOTE]: true }

/** Whether a message is such a mail; it has the null sender. */
export function isExempt({ todo }: HarakaMailItem): boolean {
  return todo.notes[NOTE] === true && todo.mail_from.user === ''
}
