/** A rule store in memory, with a switch for each thing that can happen to a store. */
import {
  StoreError,
  type ChangeListener,
  type DecidingStore,
} from '../../../plugins/enforce-tls/store/rule-store.js'
import { storedRule, type TestRule } from '../../support/rules.js'

/** What happens to every question from now on. */
export type StoreState =
  | 'well'
  /** It does not answer. */
  | 'away'
  /** It answered as one that has lost its rules. */
  | 'gone'
  /** It answers when `release` is called. */
  | 'slow'
  /** What stands in the place of the rules is no hash. */
  | 'corrupt'

const ON = '{"enabled":true}'

/** One owner, `acme.example`, has rules. */
export class FakeStore implements DecidingStore {
  readonly description = 'the store'
  readonly rules = new Map<string, string>()
  readonly groupsByName = new Map<string, string>()
  service: string | null = ON
  state: StoreState = 'well'
  stamp?: () => Promise<unknown>
  /** Done once, while the next read of rules is under way. */
  duringRead: (() => void) | null = null
  /** Questions for rules, and for services alone. */
  readonly asked = { rules: 0, services: 0 }
  #listener: ChangeListener | null = null
  #waiting: (() => void)[] = []

  /** Sets a rule, and invalidates it. */
  set(id: string, rule: TestRule | string): void {
    this.rules.set(id, typeof rule === 'string' ? rule : JSON.stringify(storedRule(rule)))
    this.invalidate()
  }

  invalidate(
    change: Parameters<ChangeListener['onChange']>[0] = { key: 'rules', owner: 'acme.example' },
  ): void {
    this.#listener?.onChange(change)
  }

  subscribed(isSubscribed: boolean): void {
    this.#listener?.onSubscription(isSubscribed, isSubscribed ? '' : 'the feed is cut')
  }

  /** Answers whoever waits, and everybody after them at once. */
  release(): void {
    this.state = 'well'
    for (const each of this.#waiting.splice(0)) each()
  }

  async readOwner(owner: string) {
    return { owner, rules: await this.readRules(owner), service: owner === '*' ? null : this.service }
  }

  async readRules(owner: string): Promise<ReadonlyMap<string, string>> {
    if (owner !== 'acme.example') return await this.#answer(new Map<string, string>())
    this.asked.rules++
    const answer = new Map(this.rules)
    this.duringRead?.()
    this.duringRead = null
    if (this.state === 'corrupt') throw new StoreError('STORE_CORRUPT', 'the store: key x is not a hash')
    return await this.#answer(answer)
  }

  readService(): Promise<string | null> {
    this.asked.services++
    return this.#answer(this.service)
  }

  groups(): Promise<ReadonlyMap<string, string>> {
    return this.#answer(this.groupsByName)
  }

  watch(listener: ChangeListener): () => void {
    this.#listener = listener
    listener.onSubscription(true, '')
    return () => (this.#listener = null)
  }

  placeOf({ field }: { readonly field: string }): string {
    return `field ${field}`
  }

  async #answer<T>(answer: T): Promise<T> {
    if (this.state === 'away') throw new StoreError('STORE_UNAVAILABLE', 'the store does not answer')
    if (this.state === 'gone') throw new StoreError('STORE_GONE', 'the store has lost its rules')
    if (this.state === 'slow') await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return answer
  }
}
