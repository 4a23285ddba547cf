/**
 * The mark on a bounce that is itself held to TLS, and the minimal bounce that goes instead where there is no
 * TLS on the way back. Both travel in the notes of the queued message, so that they are still there at later
 * attempts and after a restart. What can't be read counts as a mark: unknown is not "none". A bounce of a message with
 * REQUIRETLS asks for that itself (RFC 8689 section 5).
 */
import type { HarakaMailItem } from '../../haraka/types.js'
import { asksForRequireTls, redactedInstead, requireTlsNotes } from '../../requiretls/note.js'
import type { Bounce } from '../guard-context.js'
import { OWN_NOTICE } from '../own-notice.js'
import { aboutNote } from './about-note.js'
import { requirementOf, type DecidedBy, type Requirement } from '../../rules/requirement.js'

const NOTE = 'enforce_tls'

/**
 * Notes for a bounce, of the same kind as those of the message it is about: plugins use their methods.
 *
 * @param requirement what is required of that message; `null` where it is unknown
 */
export function notesFor(
  item: HarakaMailItem,
  requirement: Requirement | null,
  { heldTo, instead, redacted }: Pick<Bounce, 'heldTo' | 'instead' | 'redacted'>,
): object {
  const Notes = item.todo.notes.constructor as new (notes: object) => object
  const mark = heldTo ? { [NOTE]: { held_to: heldTo, instead } } : {}
  const asks = redacted !== null && asksForRequireTls(item.todo) ? requireTlsNotes(redacted) : {}
  return new Notes({
    skip_plugins: [],
    ...OWN_NOTICE,
    ...mark,
    ...asks,
    ...aboutNote(item, requirement),
  })
}

/** What is required of a message because of its mark, or `null` for one without. */
export function requirementOfMark({ todo }: HarakaMailItem): Requirement | null {
  const note = todo.notes[NOTE] as { held_to?: unknown } | undefined
  if (note === undefined) return null
  const [first, ...others] = Array.isArray(note.held_to) ? note.held_to.filter(isDecidedBy) : []
  const unknown = { owner: '*', id: 'bounce', name: 'Bounce of a covered message' }
  const requirement = requirementOf({ level: 'encrypt' }, todo.domain, first ?? unknown)
  return { ...requirement, decidedBy: [...requirement.decidedBy, ...others] }
}

/** The bounce that goes instead of this one, or `null` where there is none. */
export function insteadOf({ todo }: HarakaMailItem): string | null {
  const redacted = redactedInstead(todo)
  if (redacted !== null) return redacted
  const note = todo.notes[NOTE] as { instead?: unknown } | undefined
  return typeof note?.instead === 'string' && note.instead !== '' ? note.instead : null
}

function isDecidedBy(value: unknown): value is DecidedBy {
  const { owner, id, name } = (value ?? {}) as Partial<DecidedBy>
  return typeof owner === 'string' && typeof id === 'string' && typeof name === 'string'
}
