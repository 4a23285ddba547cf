/** What is asked in a check of all partners that rules name, each at what the rule requires that decides. */
import type { ReadStore } from '../store/rule-store.js'
import { ownerState } from '../admin/owner-state.js'
import { readReadable } from '../admin/whole-store.js'
import type { CheckRequest } from '../check/types.js'
import { inPieces } from '../work/turns.js'
import { decidersOf, type Decider } from '../rules/deciders.js'
import { EffectPolicy } from '../rules/effect-policy.js'
import { definitionOf } from '../rules/levels.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import { requirementOf } from '../rules/requirement.js'
import { stateOf } from '../rules/rule-state.js'
import type { CheckRequests } from './check-requests.js'
import { namedTargets, skippedIn, type Skipped, type Target } from './check-targets.js'
import { brokenSentences } from './rule-entries.js'
import { actionOf } from '../rules/rule.js'

/** Reads all rules; those that sleep, are off, or require nothing are left out, and those of mode report too. */
export async function questionsOfRules(store: ReadStore): Promise<CheckRequests> {
  const [groups, owners] = await Promise.all([store.groups(), store.owners()])
  const { entries: readable, problems: unread } = await readReadable(store, [...owners].sort())
  const read = await Promise.all(readable.map((entries) => ownerState({ entries, groups })))
  const rules = read.filter(({ offFor }) => offFor === null).flatMap((each) => each.rules)
  const policies = new Map<string, EffectPolicy>()
  for (const entries of readable)
    policies.set(entries.owner, await inPieces(EffectPolicy.compile([entries], groups)))
  const asked = new Map<string, CheckRequest>()
  const skipped = new Map<string, Skipped>()
  for (const owned of rules.filter(acts)) {
    const { owner, rule } = owned
    const policy = policies.get(owner)
    if (!policy) continue
    const patterns = rule.criteria.to?.matchesAny ?? ['*']
    for (const each of skippedIn(patterns, groups)) skipped.set(each.pattern, each)
    for (const target of namedTargets(patterns, groups)) {
      const recipient = target.recipient ?? target.domain
      for (const decider of await inPieces(decidersOf(owned, recipient, policy, groups, Date.now())))
        if (definitionOf(decider.action.level).encrypted) ask(asked, target, owner, decider)
    }
  }
  const problems = [...unread, ...read.flatMap(({ broken }) => brokenSentences(store, broken))]
  return {
    questions: [...asked.values()],
    skipped: [...skipped.values()],
    single: false,
    notes: (checks) => [
      ...(checks.length === 0 ? ['No enforcing rule names a partner.'] : []),
      ...problems.map((problem) => `Not valid, so its partners were left out: ${problem}`),
    ],
  }
}

/** Adds a question; one that is asked already is asked for one more rule. */
function ask(
  asked: Map<string, CheckRequest>,
  target: Target,
  owner: string,
  { id, name, action }: Decider,
): void {
  const decidedBy = { owner, id, name }
  const requirement = requirementOf(action, target.domain, decidedBy)
  const key = JSON.stringify([target, { ...requirement, decidedBy: [] }])
  const others = asked.get(key)?.requirement.decidedBy ?? []
  if (others.some((other) => other.owner === owner && other.id === id)) return
  asked.set(key, { ...target, requirement: { ...requirement, decidedBy: [...others, decidedBy] } })
}

function acts({ rule }: OwnedRule): boolean {
  const { level } = actionOf(rule)
  return rule.direction === 'outgoing' && stateOf(rule, Date.now()) === 'on' && definitionOf(level).encrypted
}
