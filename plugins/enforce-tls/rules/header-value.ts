/**
 * One field of a message's header as rules look at it: unfolded, decoded, and how surely. Whatever a message
 * holds there gives a value, never an error; what cannot be read for sure says so, since unknown is not "no".
 */
import { isUtf8 } from 'node:buffer'
import libmime from 'libmime'
import { foldedWords } from './folded-words.js'

/** As much of one field as is looked at, in bytes. */
const VALUE_MAX = 16 * 1024

/** One way to read a field's value, in the two forms in which texts are looked for. */
export class Reading {
  #words: string | undefined
  constructor(readonly text: string) {}

  /** As `foldedWords` gives them; made when first asked for. */
  get words(): string {
    return (this.#words ??= foldedWords(this.text))
  }
}

/** The value of one field. */
export interface HeaderValue {
  /** What stands behind the colon, unfolded, one character a byte; empty where that was not read. */
  readonly raw: string
  /** How it can be read: one way as a rule, several where its encoding is not known, none where it was not read. */
  readonly readings: readonly Reading[]
  /** Why that may not be what a recipient sees, as a clause; `null`: it is what they see. */
  readonly flaw: string | null
}

/**
 * Reads one field.
 *
 * @param raw what stands behind the colon, unfolded, one character a byte
 */
export function readValue(raw: string): HeaderValue {
  if (raw.length > VALUE_MAX)
    return {
      raw: '',
      readings: [],
      flaw: `it is longer than ${VALUE_MAX / 1024} KiB, the most that is read of one field`,
    }
  const [texts, unsure] = textsOf(raw)
  const decoded = texts.map((text) => libmime.decodeWords(text.trim()))
  const broken = texts.some(hasBrokenWord) || decoded.some((text) => text.includes('\ufffd'))
  // A broken word is looked at as it stands too: some recipients see it so.
  const all = broken ? [...decoded, ...texts.map((text) => text.trim())] : decoded
  return {
    raw,
    readings: [...new Set(all)].map((text) => new Reading(text)),
    flaw: unsure ?? (broken ? 'its encoding is unknown or broken in places' : null),
  }
}

/** What the bytes may mean, and what is not sure about it. */
function textsOf(raw: string): readonly [texts: readonly string[], flaw: string | null] {
  const bytes = Buffer.from(raw, 'latin1')
  const utf8 = bytes.toString('utf8')
  const texts = isUtf8(bytes) ? [utf8] : [utf8, new TextDecoder('windows-1252').decode(bytes)]
  if (texts.length > 1) return [texts, 'it has characters in an unknown encoding']
  return [texts, raw.includes('\0') ? 'it has a NUL character' : null]
}

/** Where an encoded word of RFC 2047 begins, or seems to. */
const WORD_BEGINS = /=\?[^?\s]{1,100}\?[bq]\?/gi
const WORD = /=\?([^?\s*]{1,100})(?:\*[^?\s]*)?\?([bq])\?([^?\s]*)\?=/gi
const BASE64 = /^[a-z0-9+/]*={0,2}$/i
const QUOTED = /^(?:[^=]|=[0-9a-f]{2})*$/i

/** Whether recipients may see something else than what an encoded word is read as here, such as the word itself. */
function hasBrokenWord(text: string): boolean {
  let whole = 0
  for (const [, charset = '', encoding = '', content = ''] of text.matchAll(WORD)) {
    whole++
    const isBase64 = encoding.toLowerCase() === 'b'
    if (!(isBase64 ? BASE64 : QUOTED).test(content)) return true
    if (isBase64 && content.replace(/=+$/, '').length % 4 === 1) return true
    if (!isKnownCharset(charset)) return true
  }
  return (text.match(WORD_BEGINS)?.length ?? 0) > whole
}

function isKnownCharset(name: string): boolean {
  try {
    new TextDecoder(name)
    return true
  } catch {
    return false
  }
}
