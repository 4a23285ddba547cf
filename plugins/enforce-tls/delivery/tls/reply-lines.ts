/** Cuts what a server says inside TLS into lines, within bounds of one line and of one reply. Pure. */
import { StringDecoder } from 'node:string_decoder'
import { INSIDE_TLS } from './smtp-reply.js'

const { line: LINE_MAX, lines: LINES_MAX, reply: REPLY_MAX } = INSIDE_TLS

/** What a server says is beyond all bounds. */
export class BeyondBounds extends Error {
  readonly code = 'BEYOND_BOUNDS'
}

/** The lines of one server. */
export class ReplyLines {
  readonly #decoder = new StringDecoder('utf8')
  #text = ''
  #lines = 0
  #size = 0

  /** What has come and is not yet taken. */
  get waiting(): string {
    return this.#text
  }

  /** Takes bytes. @throws {BeyondBounds} for what can't be the beginning of a line. */
  add(chunk: Buffer): void {
    this.#text += this.#decoder.write(chunk)
    if (this.#text.length > LINE_MAX && this.#text.indexOf('\n') < 0)
      throw new BeyondBounds(`a reply line of more than ${LINE_MAX} characters`)
  }

  /**
   * The next whole line, without its end.
   *
   * @returns `null` while there is none.
   * @throws {BeyondBounds}
   */
  next(): string | null {
    const end = this.#text.indexOf('\n')
    if (end < 0) {
      if (this.#text.length > LINE_MAX) throw new BeyondBounds('a reply line over the limit')
      return null
    }
    const line = this.#text.slice(0, end).replace(/\r$/, '')
    this.#text = this.#text.slice(end + 1)
    this.#size += end
    if (end > LINE_MAX || ++this.#lines > LINES_MAX || this.#size > REPLY_MAX)
      throw new BeyondBounds('a reply over the limit')
    if (isLast(line)) this.#lines = this.#size = 0
    return line
  }

  /** What is left behind the last line, when nothing more comes. */
  rest(): string {
    const rest = this.#text
    this.#text = ''
    return rest
  }
}

/** Whether a line ends a reply; what is none ends it, too. */
export function isLast(line: string): boolean {
  return !/^\d{3}-/.test(line)
}
