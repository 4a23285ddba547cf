/**
 * Holds a server to SMTP's turns inside TLS: one reply for one command, in lines within bounds, and in time. Haraka takes
 * whatever line comes for the reply to its latest command; a single reply too many makes it send the message twice over,
 * into a session that has not agreed to take it.
 */
import { StringDecoder } from 'node:string_decoder'
import { INSIDE_TLS } from './smtp-reply.js'

/** What Haraka is to see of a line, and what has to become of the session. */
export type Turn =
  /** `last`: nothing may follow it, the session ends. */
  | { readonly ok: true; readonly line: string; readonly last: boolean }
  | { readonly ok: false; readonly problem: string }

/** Behind the replies to these no command follows that anything depends on. */
const LAST_WORDS = new Set(['DATA', '.', 'QUIT'])
/** After a refusal of these Haraka goes on, with HELO or the next recipient. */
const GOES_ON = new Set(['EHLO', 'RCPT'])
/** A reply of success to these is 250 (RFC 5321 section 4.3.2). */
const GREETS = new Set(['EHLO', 'LHLO', 'HELO'])

/** One server's turns. */
export class ReplyGuard {
  #asked: string | null = null

  /** The verb of the command whose reply is due; `null` where none is. */
  get asked(): string | null {
    return this.#asked
  }

  /** A command goes out. */
  ask(command: string): void {
    this.#asked = command.trimEnd().split(' ', 1)[0]?.toUpperCase() ?? ''
  }

  /**
   * A line comes in.
   *
   * @param line without its end
   * @param more whether more bytes came with it, before any command could follow
   */
  take(line: string, more: boolean): Turn {
    const asked = this.#asked
    const [, digits, separator] = /^([2-5]\d\d)([ -]|$)/.exec(line) ?? []
    // What is no reply at all is for Haraka to judge, and the session is over.
    if (digits === undefined) return { ok: true, line, last: true }
    const code = Number(digits)
    const refusal = code >= 400
    // A refusal in the middle of the message is an answer all the same; what is left of the message stays here.
    if (asked === null && !refusal) return { ok: false, problem: `${digits} without a command` }
    if (asked === 'DATA' && code < 300) return { ok: false, problem: `${digits} to DATA` }
    if (asked && GREETS.has(asked) && code < 300 && code !== 250)
      return { ok: false, problem: `${digits} to ${asked}` }
    // RFC 5321 section 4.2.1: the first digit says success. Haraka loses a recipient whose code is not 250.
    const seen = asked === 'RCPT' && code < 300 ? `250${line.slice(3)}` : line
    if (separator === '-') return { ok: true, line: seen, last: false }
    this.#asked = null
    // Where a command follows at once, what is here already would pass for the reply to it.
    const commandFollows = refusal ? GOES_ON.has(asked ?? '') : !LAST_WORDS.has(asked ?? '')
    if (more && commandFollows) return { ok: false, problem: `more than the reply to ${asked ?? 'nothing'}` }
    return { ok: true, line: seen, last: asked === null || asked === 'QUIT' }
  }
}

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

/**
 * The clock of one session: the limit of each reply, and the longest so far. A limit that is reached is told once.
 */
export class ReplyClock {
  readonly #late: () => void
  #timer: NodeJS.Timeout | null = null
  #since = 0
  #longest = 0

  /** @param late called when a reply does not come in time */
  constructor(late: () => void) {
    this.#late = late
  }

  /** The longest that a whole reply took, in milliseconds. */
  get longest(): number {
    return this.#longest
  }

  /** A reply is due. @param limit in milliseconds */
  start(limit: number): void {
    this.stop()
    this.#since = performance.now()
    this.#timer = setTimeout(this.#late, limit)
  }

  /** It is here, or is not waited for any more. */
  stop(): void {
    if (!this.#timer) return
    clearTimeout(this.#timer)
    this.#timer = null
    this.#longest = Math.max(this.#longest, performance.now() - this.#since)
  }
}
