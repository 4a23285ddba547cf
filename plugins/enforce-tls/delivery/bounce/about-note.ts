/**
 * What message a bounce, or a notice of delay, is about: it travels in the notes of the queued notice, so that one that
 * cannot be delivered itself is told of as the end of that message, whichever process finds that out. What cannot be read
 * is about nothing. Pure.
 */
import type { JSONSchemaType } from 'ajv'
import { addressText } from '../../haraka/address.js'
import type { HarakaMailItem } from '../../haraka/types.js'
import { DECIDED_BY_SCHEMA, type DecidedBy, type Requirement } from '../../rules/requirement.js'
import { LEVEL_NAMES, type Level } from '../../rules/levels.js'
import { jsonShape } from '../../work/json-shape.js'
import { itemIdOf } from '../queue-name.js'

const NOTE = 'enforce_tls_about'

/** Recipients and rules that are noted; there may be more. */
const NOTED_MAX = 20

/** The message of a notice; texts of unknown content. */
export interface NoticeSubject {
  /** As in Haraka's log. */
  readonly uuid: string
  readonly item: string
  /** The envelope's; empty for `<>`. */
  readonly sender: string
  readonly domain: string
  /** The first ones. */
  readonly recipients: string[]
  readonly level: Level
  readonly decidedBy: DecidedBy[]
}

const text = { type: 'string' } as const
const SCHEMA: JSONSchemaType<NoticeSubject> = {
  type: 'object',
  properties: {
    ...{ uuid: text, item: text, sender: text, domain: text },
    recipients: { type: 'array', items: text },
    level: { type: 'string', enum: LEVEL_NAMES },
    decidedBy: {
      type: 'array',
      items: DECIDED_BY_SCHEMA,
    },
  },
  required: ['uuid', 'item', 'sender', 'domain', 'recipients', 'level', 'decidedBy'],
}
const isSubject = jsonShape(SCHEMA)

/**
 * The note for a notice.
 *
 * @param requirement what is required of the message that it is about; `null` where that is unknown, so that nothing is
 *   noted
 */
export function aboutNote(item: HarakaMailItem, requirement: Requirement | null): object {
  // One notice goes in place of another.
  const about = subjectOf(item) ?? (requirement && subjectIn(item, requirement))
  return about ? { [NOTE]: about } : {}
}

/** What message a notice is about; `null` for none, and where that is not known. */
export function subjectOf({ todo }: Pick<HarakaMailItem, 'todo'>): NoticeSubject | null {
  const note = todo.notes[NOTE]
  return isSubject(note) ? note : null
}

function subjectIn({ todo, filename }: HarakaMailItem, requirement: Requirement): NoticeSubject {
  const { level, decidedBy } = requirement
  return {
    uuid: todo.uuid,
    item: itemIdOf(filename) ?? '',
    sender: addressText(todo.mail_from),
    domain: todo.domain,
    recipients: todo.rcpt_to.slice(0, NOTED_MAX).map(addressText),
    level,
    decidedBy: decidedBy.slice(0, NOTED_MAX).map(({ owner, id, name }) => ({ owner, id, name })),
  }
}
