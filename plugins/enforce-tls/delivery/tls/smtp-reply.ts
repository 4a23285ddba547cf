/**
 * Reads SMTP replies (RFC 5321 section 4.2.1) out of bytes of a peer that may be hostile. Pure; what is no
 * reply, or is larger than any sensible one, throws a `ReplyError`.
 */

/** A complete reply. */
export interface Reply {
  readonly code: number
  /** The text of each line, without code and separator. */
  readonly lines: readonly string[]
}

/** Bytes that are no SMTP reply. */
export class ReplyError extends Error {
  readonly code = 'NOT_A_REPLY'
  /** @param gibberish whether a whole line is none of a reply, and not just too long or out of place */
  constructor(
    message: string,
    readonly gibberish = false,
  ) {
    super(message)
    this.name = 'ReplyError'
  }
}

/** What a reply may be at most. */
export interface ReplyLimits {
  /** Of a line, in bytes; RFC 5321 section 4.5.3.1.5 has 512, real servers go a little beyond. */
  readonly line: number
  /** How many lines. */
  readonly lines: number
  /** All lines together, in bytes. */
  readonly reply: number
}

const REPLY_MAX = 256 * 1024
/** Before TLS: far more lines than any list of EHLO keywords has. */
const IN_THE_CLEAR: ReplyLimits = { line: 4096, lines: 512, reply: REPLY_MAX }
/** Inside TLS a server that was verified may say more, and Haraka gets it. */
export const INSIDE_TLS: ReplyLimits = { line: 16_384, lines: 1024, reply: REPLY_MAX }

const REPLY_LINE = /^([2-5][0-9]{2})(?:([ -])(.*))?$/s

/** Collects bytes until a reply is complete. One reader serves one reply after another. */
export class ReplyReader {
  readonly #limits: ReplyLimits
  #bytes: Buffer = Buffer.alloc(0)
  #code = 0
  #lines: string[] = []
  #size = 0

  constructor(limits = IN_THE_CLEAR) {
    this.#limits = limits
  }

  /** How many bytes wait behind the last complete reply. */
  get waiting(): number {
    return this.#bytes.length
  }

  /** Whether the bytes behind the last complete reply begin like this. */
  startsWith(bytes: Buffer): boolean {
    return this.#bytes.subarray(0, bytes.length).equals(bytes)
  }

  /** Takes bytes that nobody has asked for: they wait. */
  hold(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
  }

  /**
   * Takes bytes, and gives the reply that they complete; bytes behind it stay `waiting`.
   *
   * @returns `null` while the reply is incomplete.
   * @throws {ReplyError} when the bytes can't be the beginning of a reply.
   */
  push(chunk: Buffer): Reply | null {
    const { line: lineMax, reply: replyMax } = this.#limits
    this.hold(chunk)
    for (let end = this.#bytes.indexOf(0x0a); end >= 0; end = this.#bytes.indexOf(0x0a)) {
      if (end > lineMax) throw new ReplyError(`a reply line of more than ${lineMax} bytes`)
      const line = this.#bytes.subarray(0, end).toString('utf8').replace(/\r$/, '')
      this.#bytes = this.#bytes.subarray(end + 1)
      this.#size += end
      if (this.#size > replyMax) throw new ReplyError(`a reply of more than ${replyMax} bytes`)
      if (this.#takeLine(line)) return this.#finish()
    }
    if (this.#bytes.length > lineMax) throw new ReplyError(`a reply line of more than ${lineMax} bytes`)
    return null
  }

  /** Takes one line; true when it is the reply's last. */
  #takeLine(line: string): boolean {
    const match = REPLY_LINE.exec(line)
    if (!match) throw new ReplyError(`${JSON.stringify(line.slice(0, 120))} instead of an SMTP reply`, true)
    const code = Number(match[1])
    if (this.#lines.length > 0 && code !== this.#code)
      throw new ReplyError(`the codes ${this.#code} and ${code} in one reply`)
    if (this.#lines.length === this.#limits.lines)
      throw new ReplyError(`a reply of more than ${this.#limits.lines} lines`)
    this.#code = code
    this.#lines.push(match[3] ?? '')
    return match[2] !== '-'
  }

  #finish(): Reply {
    const reply = { code: this.#code, lines: this.#lines }
    this.#lines = []
    this.#size = 0
    return reply
  }
}

/** The enhanced status code that the text of a reply begins with (RFC 3463 section 2: up to three digits); empty for none. */
export function enhancedCodeOf(text: string): string {
  return /^[245]\.\d{1,3}\.\d{1,3}(?= |$)/.exec(text)?.[0] ?? ''
}

/** The mechanisms of AUTH that an EHLO reply offers; some servers write `AUTH=` for the sake of clients of old. */
export function mechanismsIn({ lines }: Reply): string[] {
  return lines.slice(1).flatMap((line) => {
    const [, mechanisms = ''] = /^AUTH[ =](.*)$/i.exec(line.trim()) ?? []
    return mechanisms.toUpperCase().split(/\s+/).filter(Boolean)
  })
}

/** A reply in one line. */
export function formatReply(reply: Reply): string {
  return `${reply.code} ${reply.lines.join(' ')}`.trim()
}
