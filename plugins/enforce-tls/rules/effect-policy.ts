/**
 * What is in force of the owners whose rules hold for the same mail, made ready to be asked for many messages: the
 * valid rules, once without those that look at a header and once as if every header fitted. Where both say the
 * same, the header makes no difference. Pure.
 */
import { Compilation } from './compilation.js'
import { checkWithGroups, inOrder } from './checked-rules.js'
import { NO_ENTRIES } from './compiled.js'
import { decide } from './decide.js'
import { saidBy } from './entry-problem.js'
import { Groups, type StoredGroups } from './group.js'
import type { MessageView } from './match.js'
import { mayAct, switchOf, type OwnedRule, type OwnerEntries } from './owner-entries.js'
import { ownersOf } from './owner.js'
import { ANYONE } from './pattern.js'
import type { InPieces } from '../work/pieces.js'
import type { Rule } from './rule.js'
import { RuleList, type Ruling } from './rule-list.js'
import type { Matches } from './rule-index.js'

/** An entry that does not validate, and is not off. */
export interface BrokenEntry {
  readonly owner: string
  /** The id of the rule; `null` for the service of a domain. */
  readonly id: string | null
  readonly problem: string
}

/** One owner's part. */
export interface OwnerPolicy {
  readonly owner: string
  /** Whether the service of the owner's domain is on. */
  readonly acts: boolean
  /** Valid rules, in order. */
  readonly rules: readonly OwnedRule[]
  /** The same by id. */
  readonly byId: ReadonlyMap<string, OwnedRule>
  readonly broken: readonly BrokenEntry[]
  /** What matches whatever the header says. */
  certain(message: MessageView): InPieces<Matches>
  /** What matches where every header fits. */
  possible(message: MessageView): InPieces<Matches>
}

/** All owners, widest first; with those whose rules hold for a part of the same mail, where these were read. */
export class EffectPolicy {
  readonly owners: readonly OwnerPolicy[]
  readonly groups: Groups
  /** Whether no owner is left out whose rules hold for some of the same mail. */
  readonly complete: boolean
  readonly #certain: readonly RuleList[]
  readonly #possible: readonly RuleList[]

  private constructor(
    groups: Groups,
    parts: readonly { owner: OwnerPolicy; certain: RuleList; possible: RuleList }[],
    complete: boolean,
  ) {
    this.groups = groups
    this.complete = complete
    this.owners = parts.map(({ owner }) => owner)
    this.#certain = parts.map(({ certain }) => certain)
    this.#possible = parts.map(({ possible }) => possible)
  }

  /** Makes it, in pieces; entries that do not validate are left out, and listed. */
  static *compile(
    entries: readonly OwnerEntries[],
    stored: StoredGroups,
    complete = true,
  ): InPieces<EffectPolicy> {
    const groups = new Groups(stored)
    const parts = []
    for (const ofOwner of entries) parts.push(yield* compileOwner(ofOwner, groups))
    return new EffectPolicy(groups, parts, complete)
  }

  /** What the message's owners require whatever the header says, and where every header fits. In pieces. */
  *rulings(
    message: MessageView,
    but?: string,
  ): InPieces<{ readonly certain: Ruling; readonly possible: Ruling }> {
    const concerned = ownersOf(message.direction === 'outgoing' ? message.sender : message.recipient)
    const others = (lists: readonly RuleList[]) =>
      lists.filter((_, index) => {
        const { owner = '' } = this.owners[index] ?? {}
        return owner !== but && concerned.includes(owner)
      })
    return {
      certain: yield* decide(others(this.#certain), message),
      possible: yield* decide(others(this.#possible), message),
    }
  }
}

function* compileOwner(
  { owner, rules, service }: OwnerEntries,
  groups: Groups,
): InPieces<{ owner: OwnerPolicy; certain: RuleList; possible: RuleList }> {
  const valid: OwnedRule[] = []
  const broken: BrokenEntry[] = []
  for (const [id, json] of rules) {
    yield
    const checked = yield* checkWithGroups(owner, id, json, groups)
    if ('rule' in checked) valid.push(checked)
    else if (saidBy(json).enabled !== false) broken.push({ owner, id, problem: checked.problem })
  }
  const { is, problem } = switchOf({ owner, service }, 'unknown')
  if (problem !== null && is !== 'off') broken.push({ owner, id: null, problem })
  const acts = mayAct(is)
  const withoutHeader = valid.filter(({ rule }) => !looksAtHeader(rule))
  const certain = yield* compileValid(owner, acts, withoutHeader, groups)
  const possible =
    withoutHeader.length === valid.length
      ? certain
      : yield* compileValid(owner, acts, valid.map(withAnyHeader), groups)
  const policy: OwnerPolicy = {
    owner,
    acts,
    byId: new Map(valid.map((owned) => [owned.id, owned])),
    rules: yield* inOrder(valid),
    broken,
    certain: (message) => certain.match(message),
    possible: (message) => possible.match(message),
  }
  return { owner: policy, certain, possible }
}

function* compileValid(
  owner: string,
  acts: boolean,
  rules: readonly OwnedRule[],
  groups: Groups,
): InPieces<RuleList> {
  const compilation = new Compilation(owner, acts ? 'on' : 'off', groups, NO_ENTRIES)
  for (const { id, rule } of rules) {
    yield* compilation.take(id, rule)
    yield
  }
  return new RuleList(yield* compilation.finish())
}

/** Whether a rule asks for a subject or header. */
export function looksAtHeader({ criteria: { subject, header } }: Rule): boolean {
  return subject !== undefined || header !== undefined
}

/** The rule as if every subject and header fitted it. */
function withAnyHeader(owned: OwnedRule): OwnedRule {
  const { rule } = owned
  if (!looksAtHeader(rule)) return owned
  const { to, from } = rule.criteria
  const criteria = { ...(to ? { to } : {}), ...(from ? { from } : {}) }
  const some = Object.keys(criteria).length > 0 ? criteria : { to: { matchesAny: [ANYONE] } }
  return { ...owned, rule: { ...rule, criteria: some } }
}
