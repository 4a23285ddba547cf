/** Reads the header of a queued message, and no more of it: for rules as a block, for a bounce field by field. */
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { HEADER_BYTES_MAX, HeaderBlock } from '../rules/header-block.js'

/** A header field, as a bounce quotes it. */
export interface HeaderField {
  /** In lower case. */
  readonly name: string
  readonly value: string
  /** As it stands in the message, without the last line end; a character for each byte. */
  readonly raw: string
}

const END = /\n\r?\n/
/** Controls, and a CR that ends no line: some readers take it for a line end (RFC 5322 section 2.2). */
// eslint-disable-next-line no-control-regex
const NOT_IN_MAIL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)/g

/**
 * The header block of a queued message, as far as it is looked at (`HEADER_BYTES_MAX`).
 *
 * @param start where the message begins in the file, in bytes
 * @param cut see `HeaderBlock`
 * @throws where the file can't be read (rejects)
 */
export async function readHeaderBlock(
  file: string,
  start: number,
  cut: string | null = null,
): Promise<HeaderBlock> {
  return headerBlockOf(createReadStream(file, { start }), cut)
}

/** The same of a message that is open. */
export async function headerBlockOf(message: Readable, cut: string | null): Promise<HeaderBlock> {
  return new HeaderBlock(await readBeginning(message), cut)
}

/**
 * The header fields of a message, in order; what is no header field is left out.
 *
 * @throws where the message can't be read (rejects)
 */
export async function readHeaderFields(message: Readable): Promise<HeaderField[]> {
  const [block = ''] = (await readBeginning(message)).toString('latin1').split(/\r?\n\r?\n/, 1)
  return block
    .replace(NOT_IN_MAIL, ' ')
    .split(/\r?\n(?![ \t])/)
    .map((raw) => /^([\x21-\x39\x3b-\x7e]+)[ \t]*:([\s\S]*)$/.exec(raw))
    .filter((match) => match !== null)
    .map(([raw, name = '', value = '']) => ({
      name: name.toLowerCase(),
      value: utf8(value.replace(/\r?\n[ \t]+/g, ' ').trim()),
      raw: raw.replace(/\r?\n/g, '\r\n'),
    }))
}

/** The value of the first field of this name, in lower case; empty for none. */
export function valueOf(fields: readonly HeaderField[], name: string): string {
  return fields.find((field) => field.name === name)?.value ?? ''
}

/** All of the header, or more than `HEADER_BYTES_MAX` of it; the stream is closed then. */
async function readBeginning(message: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  let tail = ''
  for await (const chunk of message as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    // The end may begin in one chunk and stop in the next.
    const text = tail + chunk.toString('latin1')
    if (size > HEADER_BYTES_MAX || END.test(text)) break
    tail = text.slice(-2)
  }
  return Buffer.concat(chunks)
}

/** Header fields of internationalised mail are UTF-8 (RFC 6532). */
function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
