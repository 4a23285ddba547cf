/**
 * Answers "what is required of this message?" out of a rule store. What was last known of an owner stays in force
 * while the store is away; an owner that was never read, or that has an entry which nothing can stand in for, makes
 * the answer fail with a `RulesUnknown`: unknown is not "none".
 */
import { effectWords, placedProblem } from './entries/problem-words.js'
import type { HarakaLogger } from './haraka/types.js'
import type { MailAddress } from './rules/address.js'
import { decide } from './rules/decide.js'
import type { HeaderBlock } from './rules/header-block.js'
import type { MessageView } from './rules/match.js'
import { ownersOf } from './rules/owner.js'
import { InvalidEntry, type RuleList, type Verdict } from './rules/rule-list.js'
import { NearCache, type NearCacheCounts, type NearCacheOptions } from './store/near-cache.js'
import type { RuleStore } from './store/rule-store.js'

/** The rules of an owner can't be told now. */
export class RulesUnknown extends Error {
  readonly code = 'RULES_UNKNOWN'
  /** @param invalid the store answered, with rules that do not validate; else it did not answer */
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
export interface RuleBookOptions extends NearCacheOptions {
  readonly log: Pick<HarakaLogger, 'logerror' | 'logwarn' | 'lognotice'>
}

/** Rules in force, by owner. */
export class RuleBook {
  readonly #store: RuleStore
  readonly #cache: NearCache
  readonly #log: RuleBookOptions['log']
  readonly #maxOwners: number
  /** What was logged of each owner, so that a broken entry is one line and not one a message. */
  readonly #told = new Map<string, readonly string[]>()
  /** Whether it was logged that the store does not answer. */
  #away = false

  constructor(store: RuleStore, { log, ...options }: RuleBookOptions) {
    this.#store = store
    this.#log = log
    this.#maxOwners = options.maxOwners
    this.#cache = new NearCache(store, options, {
      onRead: (owner, list, trouble) => this.#onRead(owner, list, trouble),
      onHearing: (hears, why) => this.#onHearing(hears, why),
    })
  }

  /** What the cache has done so far. */
  get counts(): NearCacheCounts {
    return this.#cache.counts
  }

  /**
   * What the rules say of an outgoing message, recipient by recipient, in their order. At once, and without any
   * I/O, where the rules of all owners are near.
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
    return verdicts(near, sender, recipients, undefined)
  }

  /**
   * What the rules say of incoming mail for a recipient: those of the recipient's owners.
   *
   * @throws {RulesUnknown} as `verdictsOn` does.
   */
  async verdictOnIncoming(sender: MailAddress, recipient: MailAddress): Promise<Verdict> {
    const lists = this.#cache.peekAll(recipient) ?? (await this.#listsOf(recipient))
    return this.#knowing(() => decide(lists, { direction: 'incoming', sender, recipient, now: Date.now() }))
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
    return this.#knowing(() => verdicts(lists, sender, recipients, headers))
  }

  #listsOf(address: MailAddress): Promise<RuleList[]> {
    return Promise.all(
      ownersOf(address).map((owner) =>
        this.#cache.get(owner).catch((error: unknown) => {
          throw new RulesUnknown(wordsOf(error), false, { cause: error })
        }),
      ),
    )
  }

  #knowing<T>(decision: () => T): T {
    try {
      return decision()
    } catch (error) {
      if (!(error instanceof InvalidEntry)) throw error
      throw new RulesUnknown(placedProblem(error, this.#store), true, { cause: error })
    }
  }

  #onRead(owner: string, list: RuleList | null, trouble: Error | null): void {
    if (trouble === null) {
      if (this.#away) this.#log.lognotice('rules can be read again')
      this.#away = false
      this.#tell(owner, list)
      return
    }
    if (this.#away) return
    this.#away = true
    const rest = 'those last known stay in force, mail of owners never read is deferred'
    this.#log.logerror(`rules can't be read, ${rest}: ${trouble.message}`)
  }

  /** Logs what is broken of an owner and was not before. */
  #tell(owner: string, list: RuleList | null): void {
    const { problems = [], problemCount = 0 } = list ?? {}
    const before = this.#told.get(owner)
    if (problems.length === 0) {
      if (this.#told.delete(owner)) this.#log.lognotice(`rules of ${owner} are in order again`)
      return
    }
    const words = problems.map((each) => `${effectWords(owner, each)}: ${placedProblem(each, this.#store)}`)
    const more = problemCount - problems.length
    if (more > 0)
      words.push(`${more} more entries of ${owner} are not valid; enforce-tls status lists them all`)
    for (const each of words) if (!before?.includes(each)) this.#log.logerror(each)
    this.#told.delete(owner)
    this.#told.set(owner, words)
    const [oldest] = this.#told.keys()
    if (this.#told.size > this.#maxOwners && oldest !== undefined) this.#told.delete(oldest)
  }

  #onHearing(hears: boolean, why: string): void {
    if (hears) this.#log.lognotice('changes of rules are heard of at once')
    else this.#log.logwarn(`changes of rules are not heard of, so rules are read again now and then: ${why}`)
  }
}

/** Whether lists can't decide at once. */
function askForMore(lists: readonly RuleList[]): boolean {
  for (const list of lists) if (list.needsHeaders || list.isUncertain) return true
  return false
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function verdicts(
  lists: readonly RuleList[],
  sender: MailAddress,
  recipients: readonly MailAddress[],
  headers: HeaderBlock | undefined,
): readonly Verdict[] {
  const all: Verdict[] = []
  for (const recipient of recipients) all.push(decide(lists, new OutgoingMail(sender, recipient, headers)))
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
