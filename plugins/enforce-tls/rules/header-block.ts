/**
 * The header block of a message as rules look at it: fields by name, unfolded, MIME words decoded (RFC 2047).
 * Pure; whatever a message holds there gives some fields, never an error.
 */
import libmime from 'libmime'
import { headerValue, type HeaderValue } from './text-pattern.js'

/** As much of a message as is looked at for its header block, in bytes. */
export const HEADER_BYTES_MAX = 256 * 1024
/** As much of one field as is looked at, in characters. */
const VALUE_MAX = 16 * 1024

/** Header fields of one message. */
export class HeaderBlock {
  readonly #raw = new Map<string, string[]>()
  readonly #values = new Map<string, readonly HeaderValue[]>()

  /** @param message a message, or as much of its beginning as is at hand */
  constructor(message: Buffer | string) {
    const text = typeof message === 'string' ? message : message.toString('utf8')
    const end = /(?:^|\n)\r?\n/.exec(text)
    const block = end ? text.slice(0, end.index) : text
    for (const field of block.replace(/\r?\n(?=[ \t])/g, '').split('\n')) {
      const colon = field.indexOf(':')
      const key = field.slice(0, Math.max(colon, 0)).trimEnd().toLowerCase()
      const value = field.slice(colon + 1)
      const values = this.#raw.get(key)
      if (values) values.push(value)
      else this.#raw.set(key, [value])
    }
  }

  /** The values of all fields of a name, whatever its case; decoded when first asked for. */
  values(name: string): readonly HeaderValue[] {
    const key = name.toLowerCase()
    const known = this.#values.get(key) ?? (this.#raw.get(key) ?? []).map(decoded)
    this.#values.set(key, known)
    return known
  }
}

function decoded(raw: string): HeaderValue {
  return headerValue(libmime.decodeWords(raw.slice(0, VALUE_MAX).trim()))
}
