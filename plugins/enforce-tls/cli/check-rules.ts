/** The partners that rules in force name, each with what its rules require: for a regular look at all of them. */
import type { ReadStore } from '../store/rule-store.js'
import type { CheckRequest } from '../check/types.js'
import { definitionOf } from '../rules/levels.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import { requirementOf } from '../rules/requirement.js'
import type { CheckRequests } from './check-requests.js'
import { namedTargets, skippedIn, type Skipped } from './check-targets.js'
import { inspect } from './rule-entries.js'
import { stateOf } from '../rules/rule-state.js'
import { readReadable } from '../admin/whole-store.js'

/** Reads all rules; those that sleep, are off, or require nothing are left out, and those of mode report too. */
export async function questionsOfRules(store: ReadStore): Promise<CheckRequests> {
  const [groups, owners] = await Promise.all([store.groups(), store.owners()])
  const { entries: readable, problems: unread } = await readReadable(store, [...owners].sort())
  const read = readable.map((entries) => inspect({ entries, groups }, store))
  const rules = read.filter(({ sleepsWith }) => sleepsWith === null).flatMap((each) => each.rules)
  const asked = new Map<string, CheckRequest>()
  const skipped = new Map<string, Skipped>()
  for (const owned of rules.filter(acts)) {
    const { owner, id, rule } = owned
    const patterns = rule.criteria.to?.matchesAny ?? ['*']
    for (const each of skippedIn(patterns, groups)) skipped.set(each.pattern, each)
    for (const target of namedTargets(patterns, groups)) {
      const decidedBy = { owner, id, name: rule.name }
      const requirement = requirementOf(rule.actions.relayWithTls, target.domain, decidedBy)
      const key = JSON.stringify([target, { ...requirement, decidedBy: [] }])
      const others = asked.get(key)?.requirement.decidedBy ?? []
      asked.set(key, { ...target, requirement: { ...requirement, decidedBy: [...others, decidedBy] } })
    }
  }
  const problems = [...unread, ...read.flatMap((each) => each.problems)]
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

function acts({ rule }: OwnedRule): boolean {
  const { level } = rule.actions.relayWithTls
  return rule.direction === 'outgoing' && stateOf(rule, Date.now()) === 'on' && definitionOf(level).encrypted
}
