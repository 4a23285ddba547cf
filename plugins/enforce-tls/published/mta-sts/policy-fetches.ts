/**
 * The fetches of policies by one process: one at a time for a domain, not again at once after one that failed, and so
 * many in all. Never rejects.
 */
import { LRUCache } from 'lru-cache'
import { errorMessage } from '../../text/error-message.js'
import type { KeptPolicy } from './kept-policy.js'
import { formatProblems, readPolicy } from './policy.js'
import type { FetchPolicy } from './policy-fetch.js'
import { MEMORY_MAX } from './policy-store.js'

export type FetchResult =
  | { readonly kind: 'fetched'; readonly kept: KeptPolicy }
  | {
      readonly kind: 'failed'
      /** What failed: the fetch, the certificate of its server, or the policy itself. */
      readonly cause: 'fetch' | 'certificate' | 'policy'
      /** A sentence for a person, without a full stop. */
      readonly why: string
    }

/** For the same id, whatever came of it (RFC 8461 section 3.3 asks for five minutes), in milliseconds. */
const AGAIN_AFTER = 300_000
/** The same for who is about to give up on mail. */
const AGAIN_AFTER_IF_URGENT = 60_000
/** Each has a minute. Servers that are slow must not make the others wait. */
const UNDER_WAY_MAX = 200
/** Refreshing can wait while so many are under way. */
const REFRESHING_MAX = 20

/** `refresh` is for a policy that holds. `urgent` asks even if it was asked a moment ago. */
export type Purpose = 'needed' | 'refresh' | 'urgent'

interface Last {
  readonly id: string
  readonly at: number
  readonly result: FetchResult
}

export class PolicyFetches {
  readonly #fetchPolicy: FetchPolicy
  readonly #onFetched: (domain: string, kept: KeptPolicy) => Promise<void>
  readonly #now: () => number
  readonly #underWay = new Map<string, { readonly id: string; readonly result: Promise<FetchResult> }>()
  readonly #last = new LRUCache<string, Last>({
    max: MEMORY_MAX.domains,
    maxSize: MEMORY_MAX.characters,
    sizeCalculation: ({ result }) => 1 + (result.kind === 'fetched' ? result.kept.text : result.why).length,
  })

  /**
   * @param onFetched what is done with a policy before anybody gets it; must not reject
   * @param now in milliseconds since the epoch
   */
  constructor(
    fetchPolicy: FetchPolicy,
    onFetched: (domain: string, kept: KeptPolicy) => Promise<void>,
    now: () => number,
  ) {
    this.#fetchPolicy = fetchPolicy
    this.#onFetched = onFetched
    this.#now = now
  }

  /**
   * Fetches a domain's policy, or says what came of it a moment ago.
   *
   * @param id of its TXT record
   */
  async fetch(domain: string, id: string, purpose: Purpose): Promise<FetchResult> {
    const other = this.#underWay.get(domain)
    if (other) {
      const result = await other.result
      // One for an earlier id may have got the policy as it was.
      if (other.id === id) return result
      const next = this.#underWay.get(domain)
      // A domain with another id each time must not keep everybody waiting, one after the other.
      if (next && next.id !== id) return result
      if (next) return await next.result
    }
    const last = this.#last.get(domain)
    const since = last?.id === id ? this.#now() - last.at : -1
    if (last && since >= 0 && since < (purpose === 'urgent' ? AGAIN_AFTER_IF_URGENT : AGAIN_AFTER))
      return last.result
    // One that failed a moment ago is not tried again for another id.
    const sinceFailure = last?.result.kind === 'failed' ? this.#now() - last.at : -1
    if (last && sinceFailure >= 0 && sinceFailure < AGAIN_AFTER_IF_URGENT) return last.result
    if (this.#underWay.size >= (purpose === 'refresh' ? REFRESHING_MAX : UNDER_WAY_MAX)) {
      const why = `the MTA-STS policy of ${domain} was not fetched: ${this.#underWay.size} others are being fetched`
      return { kind: 'failed', cause: 'fetch', why }
    }
    const result = this.#fetch(domain, id)
    this.#underWay.set(domain, { id, result })
    return await result
  }

  async #fetch(domain: string, id: string): Promise<FetchResult> {
    let result: FetchResult
    try {
      result = await this.#read(domain, id)
    } catch (error) {
      const why = `the MTA-STS policy of ${domain} could not be fetched: ${errorMessage(error)}`
      result = { kind: 'failed', cause: 'fetch', why }
    }
    this.#last.set(domain, { id, at: this.#now(), result })
    this.#underWay.delete(domain)
    return result
  }

  async #read(domain: string, id: string): Promise<FetchResult> {
    const fetched = await this.#fetchPolicy(domain)
    if (fetched.kind === 'failed') return fetched
    const { text } = fetched
    const { policy, problems } = readPolicy(text)
    if (!policy) {
      const why = `the MTA-STS policy of ${domain} is not valid: ${formatProblems(problems)}`
      return { kind: 'failed', cause: 'policy', why }
    }
    const kept = { id, fetchedAt: this.#now(), text, policy, problems }
    await this.#onFetched(domain, kept)
    return { kind: 'fetched', kept }
  }
}
