/** Which messages of the delivery log are asked for. Pure. */
import { comparableMessageId, comparableText, hashOf, type NameOf } from '../../observe/delivery-log/names.js'
import { fromRecord } from '../../observe/delivery-log/entry.js'
import type { DeliveryRecord, MayBeWanted } from '../../store/delivery-log.js'
import { concerns } from '../report-query.js'
import { stemOf } from './exposures.js'

/** What messages can be asked for by, besides what is in `TraceQuery`. */
export const RESULTS = [
  'delivered',
  'as-usual',
  'rerouted',
  'waiting',
  'bounced',
  'kept',
  'failed',
  'released',
  'freed',
  'waived',
  'would-bounce',
  'rejected',
] as const

/** What became of a message. `failed`: bounced or kept, with TLS to blame. */
export type ResultAsked = (typeof RESULTS)[number]

/** Which messages are asked for: all that is given must hold. */
export interface TraceQuery {
  /** From then on. */
  readonly since: Date
  /** Before then. */
  readonly until: Date
  /** As in a report: of a domain, all mail of its senders. @default all that there is */
  readonly owner: string | null
  readonly to: string | null
  readonly from: string | null
  readonly messageId: string | null
  /** The message in Haraka's log; without the number behind it, all its parts. */
  readonly uuid: string | null
  /** The recipients' domain. */
  readonly partner: string | null
  /** Id or name. */
  readonly rule: string | null
  readonly result: ResultAsked | null
  /** A class of failure that an attempt had, whatever became of the message. @default any */
  readonly class?: string | null
}

/** A name that is asked for, in all forms in which the log may have it. */
export interface AskedName {
  readonly text: string
  readonly forms: readonly string[]
}

/** The names that are asked for. */
export type AskedNames = { readonly [of in NameOf]: AskedName | null }

/** @param key of the hashes in the log; `null` where it has none */
export function askedNames({ from, to, messageId }: TraceQuery, key: string | null): AskedNames {
  const asked = (
    of: NameOf,
    given: string | null,
    comparable: (text: string) => string,
  ): AskedName | null => {
    if (given === null) return null
    const text = comparable(given)
    return { text, forms: [text, ...(key === null ? [] : [hashOf(key, of, text)])] }
  }
  return {
    sender: asked('sender', from, comparableText),
    to: asked('to', to, comparableText),
    messageId: asked('messageId', messageId, comparableMessageId),
  }
}

/**
 * Whether an entry is of a message that is asked for, whatever became of that; so much of it is read as that takes. A notice of
 * this plugin is none.
 */
export function isAskedFor(record: DeliveryRecord, query: TraceQuery, names: AskedNames): boolean {
  const { since, until, uuid, partner } = query
  const { at = '', uuid: own = '', domain, sender, messageId, notice } = record
  const isNamed = (asked: AskedName | null, name: string | undefined): boolean =>
    asked === null || (name !== undefined && asked.forms.includes(name))
  return (
    notice === undefined &&
    at >= since.toISOString() &&
    at < until.toISOString() &&
    (uuid === null || own === uuid || own.startsWith(`${uuid}.`)) &&
    (partner === null || domain === partner) &&
    isNamed(names.sender, sender) &&
    isNamed(names.messageId, messageId) &&
    isAskedForInside(record, query, names)
  )
}

function isAskedForInside(
  record: DeliveryRecord,
  { owner, rule }: TraceQuery,
  { to: asked }: AskedNames,
): boolean {
  if (owner === null && rule === null && asked === null) return true
  const entry = fromRecord(record)
  return (
    entry !== null &&
    (owner === null || concerns(owner, entry)) &&
    (rule === null || entry.rules.some(({ id, name }) => id === rule || name === rule)) &&
    (asked === null || (entry.to ?? []).some((name) => asked.forms.includes(name)))
  )
}

/** What the JSON of an entry that is asked for has somewhere in it: most others need not be read. */
export function looksAskedFor({ uuid, partner, rule }: TraceQuery, names: AskedNames): MayBeWanted {
  const needles = [names.sender?.forms, names.to?.forms, names.messageId?.forms, [uuid], [partner], [rule]]
    .map((forms) => (forms ?? []).filter((form) => form !== null))
    // What JSON writes in another way is not looked for.
    .filter((forms) => forms.length > 0 && forms.every((form) => /^[^"\\\p{Cc}]+$/u.test(form)))
  return (json) => needles.every((forms) => forms.some((form) => json.includes(form)))
}

/** Whether the JSON of an entry is of one of these messages. @param stems as `stemOf` gives them */
export function looksOfMessages(stems: ReadonlySet<string>): MayBeWanted {
  const written = new Set([...stems].map((stem) => JSON.stringify(stem).slice(1, -1)))
  const before = '"uuid":"'
  return (json) => {
    const start = json.indexOf(before)
    if (start < 0) return false
    return written.has(stemOf(json.slice(start + before.length, json.indexOf('"', start + before.length))))
  }
}
