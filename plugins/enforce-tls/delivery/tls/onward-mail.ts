/**
 * MAIL with REQUIRETLS in one session (RFC 8689 section 2): said where the server has offered it inside TLS, in its latest
 * reply to EHLO or LHLO. Where it must be said, no MAIL goes out without it. A server that offers the parameter and then
 * refuses it is told as one that does that. Pure.
 */
import type { Onward } from '../../rules/levels.js'
import { OfferLines } from './offers.js'
import { isLast } from './reply-guard.js'
import { enhancedCodeOf } from './smtp-reply.js'

/**
 * A parameter that is not recognised, or not implemented (RFC 5321 section 4.2.2, RFC 3463 section 3.6), or that cannot be
 * kept to (X.7.30 of RFC 8689). Other refusals are about the sender.
 */
const NOT_KNOWN = /^(?:555|504|501|500|5\d\d[ -]5\.(?:7\.30|5\.4)\b)/
/** The session is over (RFC 5321 section 3.8). */
const CLOSES = /^421/
/** Whatever a refusal of MAIL is about: the same without the parameter shows it. */
const REFUSED = /^(?!421)[45]\d\d/
const GREETINGS = ['EHLO', 'LHLO', 'HELO']

/** What is to become of a line of a reply. */
export type OnwardTurn =
  /** Nothing of ours. */
  | { readonly is: 'passed' }
  /** It is for nobody; more of the reply follows. */
  | { readonly is: 'kept' }
  /** It is for nobody: this command goes out again. */
  | { readonly is: 'again'; readonly command: string }
  /** The session is of no use. */
  | { readonly is: 'unfit'; readonly refusal: Refusal }

/** Why a server that is to get MAIL with REQUIRETLS does not. */
export interface Refusal {
  /** As the end of a sentence about the server. */
  readonly why: string
  /** What it has answered, without its words: they may quote the envelope. Absent where it was not asked. */
  readonly reply?: { readonly code: number; readonly text: string }
}

/** How MAIL was said: with REQUIRETLS, without as that is not offered, or without as it is offered, and was refused. */
export type OnwardSaid = 'yes' | 'no' | 'refused'

const PASSED: OnwardTurn = { is: 'passed' }
const KEPT: OnwardTurn = { is: 'kept' }

/** What a server that must offer it lacks, as the end of a sentence about it. */
export const NOT_OFFERED = 'does not offer REQUIRETLS inside TLS'

/** One session. */
export class OnwardMail {
  readonly #demand: Onward
  /** Whether it is left out though it is offered. */
  readonly #isLeftOut: boolean
  readonly #lines = new OfferLines()
  #offered: boolean
  #isGreeting = false
  /** MAIL as it would be without, while the reply to the one with REQUIRETLS is due. */
  #plain: string | null = null
  #said: OnwardSaid = 'no'
  #isTaken = false
  #isCutOff = false

  /**
   * @param offered whether the server has offered it, in a session that was used before
   * @param wasCutOff whether a server has ended an earlier session over it; it is left out then where it need not be said
   */
  constructor(demand: Onward, offered = false, wasCutOff = false) {
    this.#demand = demand
    this.#offered = offered
    this.#isLeftOut = wasCutOff && demand === 'offered'
  }

  /** Whether the server has offered it inside TLS. */
  get offered(): boolean {
    return this.#offered
  }

  /** How the latest MAIL was said. */
  get said(): OnwardSaid {
    return this.#said
  }

  /** Whether the latest MAIL was said with it, and the server has taken that: what it refuses then is about something else. */
  get isTaken(): boolean {
    return this.#isTaken
  }

  /** Whether the latest MAIL was said with it, and the server has not taken that. */
  get isPending(): boolean {
    return this.#said === 'yes' && !this.#isTaken
  }

  /** Whether MAIL was said with it, and the session ended over that: with 421, or without a word. */
  get isCutOff(): boolean {
    return this.#isCutOff
  }

  /**
   * A command is about to go out.
   *
   * @param isSecure whether inside TLS
   * @returns the line to be sent; `null` for one that must not be
   */
  command(line: string, isSecure = true): string | null {
    const verb = /^[A-Za-z]+/.exec(line)?.[0].toUpperCase() ?? ''
    this.#plain = null
    this.#isGreeting = isSecure && (verb === 'EHLO' || verb === 'LHLO')
    if (GREETINGS.includes(verb)) this.#offered = false
    if (verb !== 'MAIL') return line
    this.#isTaken = false
    const isSaid = isSecure && this.#offered && !this.#isLeftOut
    this.#isCutOff = isSaid
    // One that has hung up over it before has refused it, too.
    this.#said = isSaid ? 'yes' : isSecure && this.#offered ? 'refused' : 'no'
    if (!isSaid) return this.#demand === 'must' ? null : line
    this.#plain = line
    return line.replace(/(?:\r\n)?$/, ' REQUIRETLS\r\n')
  }

  /** A line of a reply comes in. */
  reply(line: string): OnwardTurn {
    if (this.#lines.take(line, 'REQUIRETLS') && this.#isGreeting) this.#offered = true
    if (this.#plain !== null && !CLOSES.test(line)) this.#isCutOff = false
    const plain = this.#plain
    const isMust = this.#demand === 'must'
    if (plain === null) return PASSED
    if (!(isMust ? NOT_KNOWN : REFUSED).test(line)) {
      if (isLast(line)) this.#isTaken = line.startsWith('2')
      return PASSED
    }
    if (isMust) {
      this.#said = 'refused'
      return { is: 'unfit', refusal: refusalIn(line) }
    }
    if (!isLast(line)) return KEPT
    this.#plain = null
    this.#said = 'refused'
    return { is: 'again', command: plain }
  }
}

function refusalIn(line: string): Refusal {
  const [code, text] = [line.slice(0, 3), enhancedCodeOf(line.slice(4))]
  return {
    why: `offers REQUIRETLS, but refused MAIL with it: ${[code, text].filter(Boolean).join(' ')}`,
    reply: { code: Number(code), text },
  }
}
