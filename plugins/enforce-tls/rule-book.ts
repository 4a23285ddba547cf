/**
 * Answers "what is required of this message?" out of a rule store. The last valid list
 * of an owner stays in force while the store is away or its rules are broken; an owner that was never read
 * makes the answer fail with a `RulesUnknown`: unknown is not "none".
 */
import type { HarakaLogger } from './haraka/types.js'
import type { MailAddress } from './rules/address.js'
import { decide } from './rules/decide.js'
import type { HeaderBlock } from './rules/header-block.js'
import { ownersOf } from './rules/owner.js'
import { InvalidEntry, type RuleList, type Verdict } from './rules/rule-list.js'
import { compileInPieces } from './store/compile-in-pieces.js'
import { readRules } from './store/read-rules.js'
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

/** Rules in force, by owner. */
export class RuleBook {
  readonly #store: RuleStore
  readonly #log: Pick<HarakaLogger, 'logerror' | 'lognotice'>
  readonly #maxOwners: number
  /** The last valid list of each owner, most recently used last. */
  readonly #valid = new Map<string, RuleList>()
  /** What was logged of each owner, so that a trouble is one line and not one a message. */
  readonly #troubles = new Map<string, string>()

  constructor(store: RuleStore, log: Pick<HarakaLogger, 'logerror' | 'lognotice'>, maxOwners: number) {
    this.#store = store
    this.#log = log
    this.#maxOwners = maxOwners
  }

  /**
   * What the rules say of an outgoing message, recipient by recipient, in their order.
   *
   * @param readHeaders gives the message's header; only called when a rule asks for it, and its failure is passed on
   * @throws {RulesUnknown} when the rules of an owner can't be read and never were.
   */
  async verdictsOn(
    sender: MailAddress,
    recipients: readonly MailAddress[],
    readHeaders: () => HeaderBlock | Promise<HeaderBlock>,
  ): Promise<readonly Verdict[]> {
    const lists = await this.#listsOf(sender)
    const headers = lists.some((list) => list.needsHeaders) ? await readHeaders() : undefined
    const now = Date.now()
    return recipients.map((recipient) =>
      decide(lists, { direction: 'outgoing', sender, recipient, headers, now }),
    )
  }

  /**
   * What the rules say of incoming mail for a recipient: those of the recipient's owners.
   *
   * @throws {RulesUnknown} as `verdictsOn` does.
   */
  async verdictOnIncoming(sender: MailAddress, recipient: MailAddress): Promise<Verdict> {
    const lists = await this.#listsOf(recipient)
    return decide(lists, { direction: 'incoming', sender, recipient, now: Date.now() })
  }

  #listsOf(address: MailAddress): Promise<RuleList[]> {
    return Promise.all(ownersOf(address).map((owner) => this.#listOf(owner)))
  }

  async #listOf(owner: string): Promise<RuleList> {
    try {
      const { entries, groups } = await readRules(this.#store, owner)
      const list = await compileInPieces(entries, groups)
      this.#settle(owner)
      this.#remember(owner, list)
      return list
    } catch (error) {
      const trouble = this.#describe(error)
      const last = this.#valid.get(owner)
      this.#report(owner, trouble, last !== undefined)
      if (last) return last
      throw new RulesUnknown(trouble, error instanceof InvalidEntry, { cause: error })
    }
  }

  #describe(error: unknown): string {
    if (error instanceof InvalidEntry)
      return `${this.#store.description}: ${this.#store.placeOf(error.place)}: ${error.problem}`
    return error instanceof Error ? error.message : String(error)
  }

  #report(owner: string, trouble: string, known: boolean): void {
    if (this.#troubles.get(owner) === trouble) return
    this.#bounded(this.#troubles, owner, trouble)
    const consequence = known ? 'the last valid rules stay in force' : 'mail of this owner is deferred'
    this.#log.logerror(`rules of ${owner} can't be used, ${consequence}: ${trouble}`)
  }

  #settle(owner: string): void {
    if (this.#troubles.delete(owner)) this.#log.lognotice(`rules of ${owner} are in order again`)
  }

  #remember(owner: string, list: RuleList): void {
    this.#bounded(this.#valid, owner, list)
  }

  #bounded<V>(map: Map<string, V>, key: string, value: V): void {
    map.delete(key)
    map.set(key, value)
    if (map.size <= this.#maxOwners) return
    const [oldest] = map.keys()
    if (oldest !== undefined) map.delete(oldest)
  }
}
