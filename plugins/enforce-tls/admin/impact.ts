/**
 * What a change of entries would do to mail, whatever the change is: a rule, a service, a group, an import, taking
 * something back. The store as it is and as it would be are compared; nothing is written. What cannot be read, or is not
 * valid, is left out: it is in force neither before nor after.
 */
import { switchOf, type OwnedRule } from '../rules/owner-entries.js'
import { EVERYONE } from '../rules/owner.js'
import { isChange, type EntryChange } from '../store/entry-change.js'
import type { ReadStore } from '../store/rule-store.js'
import { decisionSteps } from './decision-steps.js'
import { expanded } from './expanded-rule.js'
import { concernedBy } from './impact-owners.js'
import type { RuleImpact } from './rule-impact.js'
import { impactOn, isConcerned, standing } from './rule-steps.js'
import { asks, stepOf } from './steps.js'
import { storeAfter, type RulesView } from './store-after.js'

/** All that a change does. */
export interface Impact {
  /** In the order of owners and places; those that ask first. */
  readonly rules: readonly RuleImpact[]
  /** Whether it is to be asked before it is made. */
  readonly asks: boolean
  /** The store as it would be. */
  readonly after: RulesView
}

/** @throws {StoreError} where the store can't be read at all. */
export async function impactOf(store: ReadStore, given: readonly EntryChange[]): Promise<Impact> {
  const changes = given.filter(isChange)
  const after = storeAfter(store, changes)
  const groups = [await store.groups(), await after.groups()] as const
  const changed = new Set(changes.flatMap(({ key, field }) => (key === 'groups' ? [field] : [])))
  const now = Date.now()
  const rules: RuleImpact[] = []
  for (const entries of await concernedBy(store, changes)) {
    const { owner } = entries
    const then = await after.readOwner(owner)
    const was = await standing(entries, now)
    const is = await standing(then, now, was)
    // An exemption is one from the rules of its owner, and these end with it.
    const endsAll = switchOf(then, 'unknown').is === 'off'
    const known: RuleImpact[] = []
    let concerned = false
    for (const id of new Set([...is.keys(), ...was.keys()])) {
      const compared = { owner, id, was: was.get(id), is: is.get(id) }
      if (!isConcerned(compared, changed)) continue
      concerned = true
      const found = await impactOn(compared, groups, now)
      if (found !== null && !(endsAll && found.step === 'exempts-less')) known.push(found)
    }
    if (concerned) rules.push(...(await decisionSteps({ owner, was, is }, known, groups, changed, now)))
  }
  return ordered(rules, after)
}

function ordered(rules: readonly RuleImpact[], after: RulesView): Impact {
  const asking = rules.filter(({ step }) => asks(step))
  const others = rules.filter(({ step }) => !asks(step))
  return { rules: [...asking, ...others], asks: asking.length > 0, after }
}

/** The same of one rule that is in force, as if it came into force now. */
export async function impactOfRule(store: RulesView, owned: OwnedRule): Promise<Impact> {
  const after = await expanded(owned.rule, await store.groups())
  const { matchesAny: named = ['*'] } = after.criteria.to ?? {}
  const step = stepOf(null, after, owned.owner === EVERYONE)
  return ordered(
    step === 'nothing' ? [] : [{ owned, before: null, step, at: null, named, added: named }],
    store,
  )
}
