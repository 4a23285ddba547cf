/**
 * Answers "what is required of this message?" out of a rule store. What was last known of an owner stays in force
 * while the store is away; an owner that was never read, or that has an entry which nothing can stand in for, makes
 * the answer `unknown`, which is not "none".
 */
import { formatProblemEffect, placedProblem } from '../rules/format-problem.js'
import type { HarakaLogger } from '../haraka/types.js'
import type { MailAddress } from '../rules/address.js'
import { decide } from '../rules/decide.js'
import { InvalidEntry } from '../rules/entry-problem.js'
import type { HeaderBlock } from '../rules/header-block.js'
import type { MessageView } from '../rules/match.js'
import { ownersOf } from '../rules/owner.js'
import type { InPieces } from '../work/pieces.js'
import { RuleList, type Ruling } from '../rules/rule-list.js'
import { DoubtfulStore } from '../store/known-store.js'
import { PolicyCache, type PolicyCacheCounts, type PolicyCacheOptions } from './cache.js'
import { StoreError, type DecidingStore } from '../store/rule-store.js'
import { inPieces } from '../work/turns.js'
import { errorMessage } from '../text/error-message.js'

/** What the rules say of a message, recipient by recipient. */
export type PolicyAnswer = { readonly is: 'known'; readonly rulings: readonly Ruling[] } | PolicyUnknown

/** The rules of an owner are unknown. */
export interface PolicyUnknown {
  readonly is: 'unknown'
  readonly why: string
  /** The store did not answer; else it did, with rules that do not validate or as one that has lost its rules. */
  readonly isAway: boolean
}

/** What a policy is given besides its store. */
export interface PolicyOptions extends PolicyCacheOptions {
  readonly log: Pick<HarakaLogger, 'logerror' | 'logwarn' | 'lognotice'>
}

/** Mail that is asked about. */
interface Envelope extends Pick<MessageView, 'direction' | 'sender'> {
  readonly recipients: readonly MailAddress[]
  readonly readHeaders?: () => HeaderBlock | Promise<HeaderBlock>
}

/** Rules in force, by owner. */
export class Policy {
  readonly #store: DecidingStore
  readonly #cache: PolicyCache
  readonly #log: PolicyOptions['log']
  readonly #maxOwners: number
  /** What was logged of each owner, so that a broken entry is one line and not one a message. */
  readonly #warned = new Map<string, readonly string[]>()
  /** Whether it was logged that the store does not answer. */
  #away = false

  constructor(store: DecidingStore, { log, ...options }: PolicyOptions) {
    this.#store = store
    this.#log = log
    this.#maxOwners = options.maxOwners
    this.#cache = new PolicyCache(store, options, {
      onRead: (owner, list, lastError) => this.#onRead(owner, list, lastError),
      onSubscription: (isSubscribed, why) => this.#onSubscription(isSubscribed, why),
    })
  }

  /** What the cache has done so far. */
  get counts(): PolicyCacheCounts {
    return this.#cache.counts
  }

  /**
   * What the rules of a sender's owners say of an outgoing message, recipient by recipient, in their order.
   *
   * @param readHeaders gives the message's header; only called when a rule asks for it, and its failure is passed on
   */
  rulingsOn(
    sender: MailAddress,
    recipients: readonly MailAddress[],
    readHeaders: () => HeaderBlock | Promise<HeaderBlock>,
  ): Promise<PolicyAnswer> {
    return this.#answer(sender, { direction: 'outgoing', sender, recipients, readHeaders })
  }

  /** What the rules of a recipient's owners say of incoming mail. */
  async rulingOnIncoming(
    sender: MailAddress,
    recipient: MailAddress,
  ): Promise<{ readonly is: 'known'; readonly ruling: Ruling } | PolicyUnknown> {
    const answer = await this.#answer(recipient, { direction: 'incoming', sender, recipients: [recipient] })
    return answer.is === 'unknown' ? answer : { is: 'known', ruling: answer.rulings[0] as Ruling }
  }

  /** Gives the watch of the store back. */
  close(): void {
    this.#cache.close()
  }

  async #answer(
    address: MailAddress,
    { direction, sender, recipients, readHeaders }: Envelope,
  ): Promise<PolicyAnswer> {
    let lists: readonly RuleList[]
    try {
      lists = await this.#cache.get(ownersOf(address))
    } catch (error) {
      const why = errorMessage(error)
      return { is: 'unknown', why, isAway: !isStoreGone(error) }
    }
    const headers =
      readHeaders && lists.some(({ needsHeaders }) => needsHeaders) ? await readHeaders() : undefined
    const about = { direction, sender, headers, now: Date.now() }
    try {
      return { is: 'known', rulings: await inPieces(decideAll(lists, about, recipients)) }
    } catch (error) {
      if (!(error instanceof InvalidEntry)) throw error
      return { is: 'unknown', why: placedProblem(error, this.#store), isAway: false }
    }
  }

  #onRead(owner: string, list: RuleList | null, lastError: Error | null): void {
    if (lastError === null) {
      if (this.#away) this.#log.lognotice('rules can be read again')
      this.#away = false
      this.#warn(owner, list)
      return
    }
    if (lastError instanceof DoubtfulStore) {
      // A store whose answers do not count is reported once, by who found that.
      if (lastError.owner !== null) this.#warnOfDoubt(owner, list, lastError.message)
      return
    }
    if (this.#away) return
    this.#away = true
    const rest = 'those last known stay in force, other mail waits or is delivered as on_store_failure says'
    this.#log.logerror(`rules cannot be read, ${rest}: ${lastError.message}`)
  }

  #warnOfDoubt(owner: string, list: RuleList | null, problem: string): void {
    const consequence =
      list === null ? 'mail of this owner is deferred' : 'the last valid rules stay in force'
    const words = `rules of ${owner} cannot be used, ${consequence}: ${problem}`
    if (this.#warned.get(owner)?.[0] === words) return
    this.#log.logerror(words)
    this.#remember(owner, [words])
  }

  /** Logs what is broken of an owner and was not before. */
  #warn(owner: string, list: RuleList | null): void {
    const { problems, problemCount } = (list ?? RuleList.empty).compiled
    const before = this.#warned.get(owner)
    if (problems.length === 0) {
      if (this.#warned.delete(owner)) this.#log.lognotice(`rules of ${owner} are in order again`)
      return
    }
    const words = problems.map(
      (each) => `${formatProblemEffect(owner, each)}: ${placedProblem(each, this.#store)}`,
    )
    const more = problemCount - problems.length
    if (more > 0)
      words.push(`${more} more entries of ${owner} are not valid; enforce-tls status lists them all`)
    for (const each of words) if (!before?.includes(each)) this.#log.logerror(each)
    this.#remember(owner, words)
  }

  #remember(owner: string, words: readonly string[]): void {
    this.#warned.delete(owner)
    this.#warned.set(owner, words)
    const [oldest] = this.#warned.keys()
    if (this.#warned.size > this.#maxOwners && oldest !== undefined) this.#warned.delete(oldest)
  }

  #onSubscription(isSubscribed: boolean, why: string): void {
    if (isSubscribed) this.#log.lognotice('changes of rules are heard of at once')
    else this.#log.logwarn(`changes of rules are not heard of, so rules are read again now and then: ${why}`)
  }
}

/** Whether mail has to wait, whatever happens to mail while the store does not answer. */
function isStoreGone(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'STORE_GONE'
}

/** So many recipients are decided for between two yields. */
const PIECE = 64

function* decideAll(
  lists: readonly RuleList[],
  about: Omit<MessageView, 'recipient'>,
  recipients: readonly MailAddress[],
): InPieces<readonly Ruling[]> {
  const rulings: Ruling[] = []
  // Most senders have no rules of their own.
  const withEntries = lists.filter((list) => list !== RuleList.empty)
  for (const recipient of recipients) {
    rulings.push(yield* decide(withEntries, { ...about, recipient }))
    if (rulings.length % PIECE === 0) yield
  }
  return rulings
}
