/**
 * One resolver, asked only while it is known to validate: it must mark its answer about the root zone as authentic.
 * Otherwise it might pass on forged answers, and nothing that it says, or leaves unsaid, counts.
 */
import { randomInt } from 'node:crypto'
import type { Question, RecordType } from './answer.js'
import { encodeQuery, readReply, type Reply } from './message.js'
import { readAnswer, type ReadAnswer } from './read-answer.js'
import { formatResolver, type Resolver } from './resolver-list.js'
import { askOverTcp } from './tcp.js'
import { askOverUdp, type Silence } from './udp.js'

const IDS = 0x1_00_00
const ROOT: Question = { name: '.', type: 'SOA' }
/** How long a resolver counts as one that validates; it may be restarted with other settings. In milliseconds. */
const VALIDATES_FOR = 60_000
/** The same for an answer that is not authentic: it may mean an unsigned zone, or that nothing is validated any more. */
const VALIDATES_NOW = 1000
/** How long a resolver that did not answer is asked after the others. In milliseconds. */
const SILENT_FOR = 60_000

/** Whether a resolver validates; unknown where it did not answer. */
export interface Validation {
  readonly resolver: string
  readonly validates: boolean | 'unknown'
  /** A sentence for a person, without a full stop; empty where it validates. */
  readonly why: string
}

/** What came of one try: what the resolver says, or that it said nothing that could be used. */
export type Tried<T extends RecordType> = ReadAnswer<T> | Silence

/** A resolver of the list. */
export class ValidatingResolver {
  readonly name: string
  readonly #resolver: Resolver
  readonly #now: () => number
  #validatedAt = -Infinity
  #silentAt = -Infinity
  #asked: Promise<Validation> | undefined

  /** @param now in milliseconds, of a clock that nobody sets */
  constructor(resolver: Resolver, now: () => number) {
    this.name = formatResolver(resolver)
    this.#resolver = resolver
    this.#now = now
  }

  /** Whether it did not answer lately, so that others are asked first. */
  get silent(): boolean {
    return this.#now() - this.#silentAt < SILENT_FOR
  }

  /**
   * Asks the question, if the resolver validates; never rejects.
   *
   * @param timeout in milliseconds, for all of it
   */
  async ask<T extends RecordType>(question: Question<T>, timeout: number): Promise<Tried<T>> {
    const ends = this.#now() + timeout
    const rest = (): number => Math.max(0, ends - this.#now())
    const doubt = await this.#doubt(VALIDATES_FOR, rest())
    if (doubt) return doubt
    const answer = await this.#exchange(question, rest())
    if (!('authentic' in answer) || answer.authentic) return answer
    return (await this.#doubt(VALIDATES_NOW, rest())) ?? answer
  }

  /** Why it is not listened to; `null` where it was seen to validate within this time, or is now. */
  async #doubt(
    within: number,
    timeout: number,
  ): Promise<{ kind: 'silent' | 'failed'; why: string; isOurs: true } | null> {
    if (this.#now() - this.#validatedAt < within) return null
    const { validates, why } = await this.validation(timeout)
    if (validates === true) return null
    return { kind: validates === 'unknown' ? 'silent' : 'failed', why, isOurs: true }
  }

  /** Asks anew whether the resolver validates. */
  validation(timeout: number): Promise<Validation> {
    this.#asked ??= this.#validation(timeout).finally(() => (this.#asked = undefined))
    return this.#asked
  }

  async #validation(timeout: number): Promise<Validation> {
    const answer = await this.#exchange(ROOT, timeout)
    const resolver = this.name
    if (answer.kind === 'silent') return { resolver, validates: 'unknown', why: answer.why }
    if (answer.kind === 'found' && answer.authentic) {
      this.#validatedAt = this.#now()
      return { resolver, validates: true, why: '' }
    }
    this.#validatedAt = -Infinity
    const why =
      answer.kind === 'failed'
        ? `cannot validate DNSSEC: it ${answer.why} for the root zone`
        : 'does not validate DNSSEC: it does not mark its answer about the root zone as authentic'
    return { resolver, validates: false, why }
  }

  async #exchange<T extends RecordType>(question: Question<T>, timeout: number): Promise<Tried<T>> {
    const id = randomInt(IDS)
    const query = encodeQuery(question, id)
    const read = (packet: Buffer): Reply => readReply(packet, question, id)
    const started = this.#now()
    let reply: Reply | Silence = await askOverUdp(this.#resolver, query, read, timeout)
    if (reply.kind === 'truncated') {
      const rest = Math.max(0, timeout - (this.#now() - started))
      reply = await askOverTcp(this.#resolver, query, read, rest)
    }
    this.#silentAt = reply.kind === 'silent' ? this.#now() : -Infinity
    if (reply.kind === 'silent') return reply
    if (reply.kind !== 'reply') return { kind: 'silent', why: 'sends an answer that cannot be read' }
    return readAnswer(reply.packet, question)
  }
}
