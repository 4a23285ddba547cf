/**
 * The DNS client: what was answered is kept for its TTL, and one question is asked once at a time, however many want
 * to know. Only resolvers that validate are listened to. It costs nothing until it is asked.
 */
import { LRUCache } from 'lru-cache'
import { errorMessage } from '../text/error-message.js'
import { quote } from '../text/quote.js'
import type { Answer, Dns, Question, RecordType } from './answer.js'
import { lookUp, NO_RESOLVER, type Limits } from './look-up.js'
import { domainName } from './name.js'
import type { Resolver } from './resolver-list.js'
import { ValidatingResolver, type Validation } from './validating-resolver.js'

/** Answers that are kept, and the records in all of them. */
const [ANSWERS_MAX, RECORDS_MAX] = [10_000, 50_000]
/** A failure is not asked for again within this time, in seconds (RFC 9520 section 3.2). */
const FAILED_TTL = 1
const LIMITS: Limits = { tryTimeout: 3000, timeout: 12_000 }

export interface DnsClientOptions extends Partial<Limits> {
  /** In milliseconds, of a clock that nobody sets. @default `performance.now` */
  readonly now?: () => number
}

interface Kept {
  readonly answer: Answer
  /** By the clock of `now`. */
  readonly until: number
}

/** Asks resolvers that are trusted to validate. */
export class DnsClient implements Dns {
  readonly #resolvers: readonly ValidatingResolver[]
  readonly #limits: Limits
  readonly #now: () => number
  readonly #kept = new LRUCache<string, Kept>({
    max: ANSWERS_MAX,
    maxSize: RECORDS_MAX,
    sizeCalculation: ({ answer }) => (answer.kind === 'found' ? answer.records.length : 1),
  })
  readonly #underWay = new Map<string, Promise<Answer>>()

  constructor(
    resolvers: readonly Resolver[],
    { now = () => performance.now(), ...limits }: DnsClientOptions = {},
  ) {
    this.#resolvers = resolvers.map((resolver) => new ValidatingResolver(resolver, now))
    this.#limits = { ...LIMITS, ...limits }
    this.#now = now
  }

  async ask<T extends RecordType>(name: string, type: T): Promise<Answer<T>> {
    const asked = domainName(name)
    if (asked === null) return { kind: 'failed', why: `${quote(name)} is not a domain name` }
    const question: Question<T> = { name: asked, type }
    const key = `${type} ${question.name}`
    const kept = this.#kept.get(key)
    const left = kept ? kept.until - this.#now() : 0
    if (kept && left > 0) return aged(kept.answer as Answer<T>, left)
    let answer = this.#underWay.get(key) as Promise<Answer<T>> | undefined
    if (!answer) {
      answer = this.#look(question, key)
      this.#underWay.set(key, answer)
    }
    return await answer
  }

  /** Asks each resolver whether it validates: for the start, `status` and whoever wants to know why mail waits. */
  async validation(): Promise<readonly Validation[]> {
    if (this.#resolvers.length === 0) return [{ resolver: '', validates: false, why: NO_RESOLVER }]
    return await Promise.all(this.#resolvers.map((each) => each.validation(this.#limits.tryTimeout)))
  }

  async #look<T extends RecordType>(question: Question<T>, key: string): Promise<Answer<T>> {
    try {
      const answer = await lookUp(this.#resolvers, question, this.#limits, this.#now)
      const ttl = answer.kind === 'failed' ? FAILED_TTL : answer.ttl
      this.#kept.set(key, { answer, until: this.#now() + ttl * 1000 })
      return answer
    } catch (error) {
      // Such as a socket that cannot be made.
      return { kind: 'failed', why: `the DNS look-up of ${key} failed: ${errorMessage(error)}` }
    } finally {
      this.#underWay.delete(key)
    }
  }
}

/** An answer with what is left of its time. */
function aged<T extends RecordType>(answer: Answer<T>, left: number): Answer<T> {
  return answer.kind === 'failed' ? answer : { ...answer, ttl: Math.ceil(left / 1000) }
}
