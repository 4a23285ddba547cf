/** A store of the benchmark's rules that keeps none of them: they are made when they are asked for, and never change. */
import type { OwnerEntries } from '../../plugins/enforce-tls/rules/owner-entries.js'
import type { StoredGroups } from '../../plugins/enforce-tls/rules/group.js'
import type { ChangeListener, RuleStore } from '../../plugins/enforce-tls/store/rule-store.js'
import { ownerName, ruleId, ruleJson, rulesOfOwner } from './bench-rules.js'

const ON = '{"enabled":true}'

/** Rules spread over owners; the whole service and single senders have none. */
export class GeneratedStore implements RuleStore {
  readonly description = 'rules of the benchmark'
  readonly #rules: number
  readonly #owners: number

  constructor(rules: number, owners: number) {
    this.#rules = rules
    this.#owners = owners
  }

  readOwner(owner: string): Promise<OwnerEntries> {
    const number = Number(/^owner-(\d+)\.example$/.exec(owner)?.[1] ?? NaN)
    const rules = new Map<string, string>()
    if (ownerName(number) === owner)
      for (const rule of rulesOfOwner(number, this.#owners, this.#rules))
        rules.set(ruleId(rule), ruleJson(rule, rules.size + 1))
    return Promise.resolve({ owner, rules, service: owner === '*' ? null : ON })
  }

  async readRules(owner: string): Promise<ReadonlyMap<string, string>> {
    return (await this.readOwner(owner)).rules
  }

  readService(): Promise<string> {
    return Promise.resolve(ON)
  }

  groups(): Promise<StoredGroups> {
    return Promise.resolve(new Map())
  }

  watch(listener: ChangeListener): () => void {
    listener.onSubscription(true, '')
    return () => undefined
  }

  placeOf(): string {
    return this.description
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  owners(): Promise<never> {
    return notHere()
  }

  services(): Promise<never> {
    return notHere()
  }

  history(): Promise<never> {
    return notHere()
  }

  historyEntries(): never {
    throw new Error('a generated store has no history')
  }

  facts(): Promise<never> {
    return notHere()
  }

  identity(): Promise<never> {
    return notHere()
  }

  health(): Promise<never> {
    return notHere()
  }

  expiryOf(): Promise<never> {
    return notHere()
  }

  recordRelease(): Promise<never> {
    return this.writeMarker()
  }

  writeMarker(): Promise<never> {
    return notHere()
  }

  writeService(): Promise<never> {
    return notHere()
  }

  writeGroup(): Promise<never> {
    return notHere()
  }

  writeRules(): Promise<never> {
    return notHere()
  }

  writeAll(): Promise<never> {
    return notHere()
  }
}

function notHere(): Promise<never> {
  return Promise.reject(new TypeError('a decision does not ask for this'))
}
