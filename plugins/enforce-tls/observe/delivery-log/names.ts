/**
 * How the delivery log names sender, recipients and Message-ID: as text, or as keyed hashes (HMAC-SHA-256), so that
 * whoever knows an address can ask for it, and nobody can list them. The same text has another hash in another place, so
 * that nobody sees that a sender is a recipient elsewhere. Pure.
 */
import { createHmac } from 'node:crypto'
import { comparableDomain, comparableLocal, formatAddress } from '../../rules/address.js'
import { oneLine } from '../../text/one-line.js'
import type { InPieces } from '../../work/pieces.js'
import type { DeliveryLogEntry } from './schema.js'

/** What a name is of. */
export type NameOf = 'sender' | 'to' | 'messageId'

/** What no address and no Message-ID of ours begins with. */
const MARK = 'hmac:'
/** Of a hash, 96 bits: far more than are needed to tell apart what one log holds. */
const HASH_LENGTH = 16
const MESSAGE_ID_MAX = 500
/** So many recipients of one message are named; how many they are is in the entry all the same. */
export const NAMED_MAX = 1000
/** So many hashes are made between two yields. */
const PIECE = 100

/** An address as it is compared: in lower case, its domain as A-labels; `<>` for the null sender. */
export function comparableText(address: string): string {
  const at = address.lastIndexOf('@')
  if (at < 0) return comparableLocal(address) || '<>'
  return `${comparableLocal(address.slice(0, at))}@${comparableDomain(address.slice(at + 1))}`
}

/** A name of the log that is no hash, as an address: in quotation marks where its local part needs them. */
export function shownAddress(name: string): string {
  const at = name.lastIndexOf('@')
  return at < 0 ? name : formatAddress({ local: name.slice(0, at), domain: name.slice(at + 1) })
}

/** A Message-ID as it is compared: without its angle brackets, and what stands around them. */
export function comparableMessageId(text: string): string {
  const inside = /<([^<>]*)>/.exec(text)?.[1] ?? text
  return oneLine(inside.trim(), MESSAGE_ID_MAX)
}

/** The hash of a name that is comparable. */
export function hashOf(key: string, of: NameOf, name: string): string {
  const hash = createHmac('sha256', key).update(`${of}\0${name}`).digest('base64url')
  return MARK + hash.slice(0, HASH_LENGTH)
}

/** Whether a name in the log is a hash: all that is known of it is whether it is of a given text. */
export function isHash(name: string): boolean {
  return name.startsWith(MARK)
}

/** An address, in angle brackets or without them; and the last word of a text that was cut, which may be half of one. */
const ADDRESSES = /<[^<>]*@[^<>]*>?|[^\s<>]+@[^\s<>]*|@[^\s<>]+|\S+…$/g

/** A text without the addresses in it, as far as they are written as such. */
export function withoutAddresses(text: string): string {
  return text.replace(ADDRESSES, '<address>')
}

/** Who a message is from and for. */
export interface Envelope {
  readonly sender: string
  readonly recipients: readonly string[]
  readonly messageId: string | null
}

/** The names of an entry, in pieces. @param key of the hashes; `null` for names as text */
export function* naming(
  { sender, recipients, messageId }: Envelope,
  key: string | null,
): InPieces<Pick<DeliveryLogEntry, NameOf>> {
  const named = (of: NameOf, name: string): string =>
    key === null ? oneLine(name, MESSAGE_ID_MAX) : hashOf(key, of, name)
  const to: string[] = []
  for (const recipient of recipients.slice(0, NAMED_MAX)) {
    to.push(named('to', comparableText(recipient)))
    if (to.length % PIECE === 0) yield
  }
  const id = messageId === null ? {} : { messageId: named('messageId', comparableMessageId(messageId)) }
  return { sender: named('sender', comparableText(sender)), to, ...id }
}
