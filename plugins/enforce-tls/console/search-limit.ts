/**
 * How many requests look through the delivery log, all that waits or the rules of many owners at a time, so that they leave room for others.
 * Administrators of all have places of their own, which nobody else can take, and no account has more than its share. Who
 * comes when all is taken waits; when too many wait, the answer is 503.
 */
import pLimit from 'p-limit'
import type { Identity } from './auth/identity.js'
import { Problem } from './problem.js'

/** Of administrators, and of all others, so many run at a time, and so many more may wait. */
const AT_A_TIME = 2
const WAITING_MAX = 20
/** Of one account, both together. */
const ACCOUNT_MAX = 6
/** In seconds: by then some of them have ended. */
const RETRY_AFTER = 5

export class SearchLimit {
  readonly #lanes = { admins: pLimit(AT_A_TIME), others: pLimit(AT_A_TIME) }
  /** By account: those that run or wait. */
  readonly #searches = new Map<string, number>()

  /**
   * Runs a search when there is room for it.
   *
   * @param isGone whether nobody waits for the answer any more
   * @throws {Problem} 503 where too many wait; what the search throws
   */
  async run<T>(
    { role, author }: Pick<Identity, 'role' | 'author'>,
    isGone: () => boolean,
    search: () => Promise<T>,
  ): Promise<T> {
    const lane = role === 'admin' ? this.#lanes.admins : this.#lanes.others
    const own = this.#searches.get(author) ?? 0
    if (own >= ACCOUNT_MAX)
      throw busy(
        'Too many of your searches and reports are running. Wait until they are done, then try again.',
      )
    if (lane.pendingCount >= WAITING_MAX)
      throw busy('Too many searches and reports are running. Try again in a few seconds.')
    this.#searches.set(author, own + 1)
    try {
      return await lane(() => {
        if (isGone()) throw busy('The request was given up.')
        return search()
      })
    } finally {
      const left = (this.#searches.get(author) ?? 1) - 1
      if (left > 0) this.#searches.set(author, left)
      else this.#searches.delete(author)
    }
  }
}

function busy(sentence: string): Problem {
  return new Problem(503, 'busy', sentence, { retryAfter: RETRY_AFTER })
}
