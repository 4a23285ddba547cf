/**
 * What a message asks for itself, in the notes of its queue item: they are in the queue file, so that it is known at later
 * attempts, after a restart and for each part of a divided message. Nobody who sends mail to this server can write notes.
 */
import type { HarakaTodo } from '../haraka/types.js'

const NOTE = 'enforce_tls_requiretls'

/** Notes that a message was received with REQUIRETLS (RFC 8689 section 4.1). */
export function noteRequireTls(notes: Record<string, unknown>): void {
  notes[NOTE] = true
}

/** The same for a bounce. @param instead the bounce that goes where the way back has no REQUIRETLS */
export function requireTlsNotes(instead: string | null): Readonly<Record<string, unknown>> {
  return { [NOTE]: instead === null ? true : { instead } }
}

/** Whether a message asks for REQUIRETLS. What cannot be read counts as that it does: unknown is not "no". */
export function asksForRequireTls({ notes }: Partial<Pick<HarakaTodo, 'notes'>>): boolean {
  return notes?.[NOTE] !== undefined
}

/** The bounce that goes instead of this one, or `null` where there is none. */
export function redactedInstead({ notes }: Partial<Pick<HarakaTodo, 'notes'>>): string | null {
  const { instead } = (notes?.[NOTE] ?? {}) as { readonly instead?: unknown }
  return typeof instead === 'string' && instead !== '' ? instead : null
}

/**
 * What a message is that asks for REQUIRETLS: a bounce, or notice of delay, of this server, which has a redacted one to go
 * in its place; one of another server, or whatever else has no sender to return it to; or any other message.
 */
export type AskingKind = 'message' | 'own-bounce' | 'bounce'

/** What a message is, for what it asks. */
export function askingKindOf(todo: Pick<HarakaTodo, 'notes' | 'mail_from'>): AskingKind {
  if (redactedInstead(todo) !== null) return 'own-bounce'
  return todo.mail_from.user === '' ? 'bounce' : 'message'
}
