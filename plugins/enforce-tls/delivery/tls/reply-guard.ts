/**
 * Holds a server to SMTP's turns inside TLS: one reply for one command. Haraka takes whatever line comes for
 * the reply to its latest command; a single reply too many makes it send the message twice over, into a
 * session that has not agreed to take it. Pure.
 */

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
