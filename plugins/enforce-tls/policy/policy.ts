/**
 * Answers "what is required of this message?" out of a rule store. What was last known of an owner stays in force
 * while the store is away; an owner that was never read, or that has an entry which nothing can stand in for, makes
 * the answer fail with a `RulesUnknown`: unknown is not "none".
 */
import { formatProblemEffect, placedProblem } from '../rules/format-problem.js'
import type { HarakaLogger } from '../haraka/types.js'
import type { MailAddress } from '../rules/address.js'
import { Decision } from '../rules/decide.js'
import type { HeaderBlock } from '../rules/header-block.js'
import type { MessageView } from '../rules/match.js'
import { ownersOf } from '../rules/owner.js'
import type { InPieces } from '../work/pieces.js'
import { InvalidEntry, type RuleList, type Verdict } from '../rules/rule-list.js'
import { DoubtfulStore } from '../store/known-store.js'
import { PolicyCache, type PolicyCacheCounts, type PolicyCacheOptions } from './cache.js'
import { StoreError, type DecidingStore } from '../store/rule-store.js'
import { inPieces } from '../work/turns.js'
import { errorMessage } from '../text/error-message.js'

/** The rules of an owner can't be told now. */
export class RulesUnknown extends Error {
  readonly code = 'RULES_UNKNOWN'
  /** @param invalid the store answered, with rules that do not validate or as one that has lost its rules; else it did not answer */
  constructor(
    message: string,
    readonly invalid: boolean,
    options: ErrorOptions,
  ) {
    super(message, options)
    this.name = 'RulesUnknown'
  }
}

/** What a rule book is given besides its store. */
export interface PolicyOptions extends PolicyCacheOptions {
  readonly log: Pick<HarakaLogger, 'logerror' | 'logwarn' | 'lognotice'>
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
      onRead: (owner, list, trouble) => this.#onRead(owner, list, trouble),
      onSubscription: (hears, why) => this.#onSubscription(hears, why),
    })
  }

  /** What the cache has done so far. */
  get counts(): PolicyCacheCounts {
    return this.#cache.counts
  }

  /**
   * What the rules say of an outgoing message, recipient by recipient, in their order. At once, and without any
   * I/O, where the rules of all owners are near, and look at nothing but the address by which they are found.
   *
   * @param readHeaders gives the message's header; only called when a rule asks for it, and its failure is passed on
   * @throws {RulesUnknown} (rejects, always) when the rules of an owner can't be read and never were, or a broken entry
   *   keeps them from deciding.
   */
  verdictsOn(
    sender: MailAddress,
    recipients: readonly MailAddress[],
    readHeaders: () => HeaderBlock | Promise<HeaderBlock>,
  ): readonly Verdict[] | Promise<readonly Verdict[]> {
    const near = this.#cache.peekAll(sender)
    if (!near || askForMore(near)) return this.#verdictsLater(near, sender, recipients, readHeaders)
    return quickVerdicts(near, sender, recipients) ?? inPieces(verdicts(near, sender, recipients, undefined))
  }

  /**
   * What the rules say of incoming mail for a recipient: those of the recipient's owners.
   *
   * @throws {RulesUnknown} as `verdictsOn` does.
   */
  async verdictOnIncoming(sender: MailAddress, recipient: MailAddress): Promise<Verdict> {
    const lists = this.#cache.peekAll(recipient) ?? (await this.#listsOf(recipient))
    const decision = new Decision(lists, { direction: 'incoming', sender, recipient, now: Date.now() })
    await inPieces(decision.finishing())
    return await this.#knowing(() => Promise.resolve(decision.verdict))
  }

  /** Gives the watch of the store back. */
  close(): void {
    this.#cache.close()
  }

  async #verdictsLater(
    near: readonly RuleList[] | null,
    sender: MailAddress,
    recipients: readonly MailAddress[],
    readHeaders: () => HeaderBlock | Promise<HeaderBlock>,
  ): Promise<readonly Verdict[]> {
    const lists = near ?? (await this.#listsOf(sender))
    const headers = lists.some(({ needsHeaders }) => needsHeaders) ? await readHeaders() : undefined
    return await this.#knowing(() => inPieces(verdicts(lists, sender, recipients, headers)))
  }

  #listsOf(address: MailAddress): Promise<RuleList[]> {
    return Promise.all(
      ownersOf(address).map((owner) =>
        this.#cache.get(owner).catch((error: unknown) => {
          throw new RulesUnknown(errorMessage(error), isStoreGone(error), { cause: error })
        }),
      ),
    )
  }

  async #knowing<T>(decision: () => Promise<T>): Promise<T> {
    try {
      return await decision()
    } catch (error) {
      if (!(error instanceof InvalidEntry)) throw error
      throw new RulesUnknown(placedProblem(error, this.#store), true, { cause: error })
    }
  }

  #onRead(owner: string, list: RuleList | null, trouble: Error | null): void {
    if (trouble === null) {
      if (this.#away) this.#log.lognotice('rules can be read again')
      this.#away = false
      this.#warn(owner, list)
      return
    }
    if (trouble instanceof DoubtfulStore) {
      // A store whose answers do not count is told of once, by who found that.
      if (trouble.owner !== null) this.#warnOfDoubt(owner, list, trouble.message)
      return
    }
    if (this.#away) return
    this.#away = true
    const rest = 'those last known stay in force, mail of owners never read is deferred'
    this.#log.logerror(`rules can't be read, ${rest}: ${trouble.message}`)
  }

  #warnOfDoubt(owner: string, list: RuleList | null, trouble: string): void {
    const consequence =
      list === null ? 'mail of this owner is deferred' : 'the last valid rules stay in force'
    const words = `rules of ${owner} can't be used, ${consequence}: ${trouble}`
    if (this.#warned.get(owner)?.[0] === words) return
    this.#log.logerror(words)
    this.#remember(owner, [words])
  }

  /** Logs what is broken of an owner and was not before. */
  #warn(owner: string, list: RuleList | null): void {
    const { problems = [], problemCount = 0 } = list ?? {}
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

  #onSubscription(hears: boolean, why: string): void {
    if (hears) this.#log.lognotice('changes of rules are heard of at once')
    else this.#log.logwarn(`changes of rules are not heard of, so rules are read again now and then: ${why}`)
  }
}

/** Whether mail has to wait, whatever happens to mail while the store does not answer. */
function isStoreGone(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'STORE_GONE'
}

/** Whether lists can't decide at once. */
function askForMore(lists: readonly RuleList[]): boolean {
  for (const list of lists) if (list.needsHeaders || list.isUncertain) return true
  return false
}

/** So many recipients are decided for between two yields. */
const PIECE = 64

/** Most messages have few recipients and match no rule that asks for more than their address; `null` for others. */
function quickVerdicts(
  lists: readonly RuleList[],
  sender: MailAddress,
  recipients: readonly MailAddress[],
): readonly Verdict[] | null {
  if (recipients.length > PIECE) return null
  const all: Verdict[] = []
  for (const recipient of recipients) {
    const decision = new Decision(lists, new OutgoingMail(sender, recipient, undefined))
    if (decision.isOpen) return null
    all.push(decision.verdict)
  }
  return all
}

function* verdicts(
  lists: readonly RuleList[],
  sender: MailAddress,
  recipients: readonly MailAddress[],
  headers: HeaderBlock | undefined,
): InPieces<readonly Verdict[]> {
  const all: Verdict[] = []
  for (const recipient of recipients) {
    const decision = new Decision(lists, new OutgoingMail(sender, recipient, headers))
    if (decision.isOpen) yield* decision.finishing()
    all.push(decision.verdict)
    if (all.length % PIECE === 0) yield
  }
  return all
}

/** A message as rules see it. Few rules ask for the time, and to read the clock is a tenth of a decision. */
class OutgoingMail implements MessageView {
  readonly direction = 'outgoing'

  constructor(
    readonly sender: MailAddress,
    readonly recipient: MailAddress,
    readonly headers: HeaderBlock | undefined,
  ) {}

  get now(): number {
    return Date.now()
  }
}
