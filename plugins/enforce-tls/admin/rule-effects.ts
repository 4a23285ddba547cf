/**
 * What rules of a store do as things stand, in words. Reads what is needed: the rule's owner and the wider ones, where
 * it is not in force or exempts the narrower ones too, as far as that can be done, and the groups. The work is done in pieces, so that it never stands in the way of mail.
 */
import { bouncesCovered } from '../rules/bounces.js'
import { asksOthers, effectOf, THOROUGH, type EffectBounds, type RuleEffect } from '../rules/effect.js'
import { EffectPolicy } from '../rules/effect-policy.js'
import type { StoredGroups } from '../rules/group.js'
import { parseService, type OwnedRule, type OwnerEntries } from '../rules/owner-entries.js'
import { EVERYONE, ownersAround } from '../rules/owner.js'
import { StoreError } from '../store/rule-store.js'
import { inPieces } from '../work/turns.js'
import {
  formatEffect,
  formatInvalid,
  type EffectSurroundings,
  type FormattedEffect,
} from './format-effect.js'
import { findingRuleProblem } from './entry-problems.js'
import type { RulesView } from './store-after.js'

/** So many rules of narrower owners are enough. */
const RULES_MAX = 5000

/** What is known beside the store. */
export interface EffectsOptions extends Omit<EffectSurroundings, 'bouncesTo'> {
  /** How thoroughly to look. @default THOROUGH */
  readonly bounds?: EffectBounds
  /** Leaves out what somebody may not see. @default everything is said */
  readonly visible?: (effect: RuleEffect) => RuleEffect
}

/** A rule's effect, and its name. */
export interface NamedEffect extends FormattedEffect {
  readonly owner: string
  readonly id: string
  readonly name: string
}

interface Ready {
  readonly policy: EffectPolicy
  readonly groups: StoredGroups
  readonly ownDomains: readonly string[]
  readonly entries: readonly OwnerEntries[]
}

/** Effects of rules as the store holds them at the first question about their owner; make a new one after a change. */
export class RuleEffects {
  readonly #store: RulesView
  readonly #options: EffectsOptions
  readonly #ready = new Map<string, Promise<Ready>>()
  readonly #withNarrower = new Map<string, Promise<EffectPolicy>>()

  constructor(store: RulesView, options: EffectsOptions) {
    this.#store = store
    this.#options = options
  }

  /**
   * What a rule does; one that is not in the store any more is as if it were off.
   *
   * @param now the time that it is asked for, in milliseconds since 1970
   * @throws {StoreError} where the store can't be read.
   */
  async of(owned: OwnedRule, now = Date.now()): Promise<NamedEffect> {
    const ready = await this.#readyFor(owned.owner)
    const { policy, groups, ownDomains } = ready
    const { owner, id, rule } = owned
    const problem = await inPieces(findingRuleProblem(owner, id, JSON.stringify(rule), policy.groups))
    if (problem !== null) return { owner, id, name: rule.name, ...formatInvalid(owned, problem) }
    const { bounds = THOROUGH, visible = (effect: RuleEffect) => effect } = this.#options
    const asked = asksOthers(owned, policy, now) ? await this.#policyFor(owner, ready, bounds) : policy
    const effect = await inPieces(effectOf(owned, asked, groups, now, bounds))
    const words = formatEffect(owned, visible(effect), {
      ...this.#options,
      bouncesTo: await inPieces(bouncesCovered(owned, policy, ownDomains, now)),
    })
    return { owner, id, name: rule.name, ...words }
  }

  /** The same of a rule as it stands in the store; `null` for one that is not there, or not valid. */
  async at(owner: string, id: string): Promise<NamedEffect | null> {
    const { policy } = await this.#readyFor(owner)
    const owned = policy.owners.find((each) => each.owner === owner)?.byId.get(id)
    return owned ? this.of(owned) : null
  }

  #readyFor(owner: string): Promise<Ready> {
    const known = this.#ready.get(owner) ?? this.#read(owner)
    this.#ready.set(owner, known)
    return known
  }

  async #read(owner: string): Promise<Ready> {
    const [groups, entries, services] = await Promise.all([
      this.#store.groups(),
      Promise.all(ownersAround(owner).map((each) => this.#store.readOwner(each))),
      owner === EVERYONE ? this.#store.services() : new Map<string, string>(),
    ])
    const ownDomains = [...services].filter(([, json]) => isOn(json)).map(([domain]) => domain)
    return { policy: await inPieces(EffectPolicy.compile(entries, groups)), groups, ownDomains, entries }
  }

  /** With the narrower owners, whose rules hold for a part of the same mail. */
  #policyFor(owner: string, { entries, groups }: Ready, { owners }: EffectBounds): Promise<EffectPolicy> {
    const compile = async () => {
      const { found, complete } = await this.#narrowerThan(owner, owners)
      return inPieces(EffectPolicy.compile([...entries, ...found], groups, complete))
    }
    const known = this.#withNarrower.get(owner) ?? compile()
    this.#withNarrower.set(owner, known)
    return known
  }

  /** What can't be read, or is too much, is left out: then the answer is not complete. */
  async #narrowerThan(
    owner: string,
    most: number,
  ): Promise<{ readonly found: readonly OwnerEntries[]; readonly complete: boolean }> {
    if (owner.includes('@')) return { found: [], complete: true }
    const found: OwnerEntries[] = []
    if (most === 0) return { found, complete: false }
    try {
      const all = await this.#store.owners()
      const narrower = all.filter((each) => each !== owner && ownersAround(each).includes(owner))
      let rules = 0
      for (const each of narrower.slice(0, most)) {
        if (rules > RULES_MAX) return { found, complete: false }
        const entries = await this.#store.readOwner(each)
        rules += entries.rules.size
        found.push(entries)
      }
      return { found, complete: narrower.length <= most }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      return { found, complete: false }
    }
  }
}

function isOn(json: string): boolean {
  const service = parseService(json)
  return !('problem' in service) && service.enabled
}
