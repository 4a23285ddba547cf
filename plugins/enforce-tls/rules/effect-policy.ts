/**
 * What is in force of the owners whose rules hold for the same mail, made ready to be asked for many messages: the
 * valid rules, once without those that look at a header and once as if every header fitted. Where both say the
 * same, the header makes no difference. Pure.
 */
import { checkingOne } from './checked-rules.js'
import { decide } from './decide.js'
import { saidBy } from './entry-problem.js'
import { Groups, type StoredGroups } from './group.js'
import type { MessageView } from './match.js'
import { byPlace, switchOf, type OwnedRule, type OwnerEntries } from './owner-entries.js'
import { ANYONE } from './pattern.js'
import { sorting, type InPieces } from '../work/pieces.js'
import { RuleList, type Verdict } from './rule-list.js'
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
  certain(message: MessageView): Matches
  /** What matches where every header fits. */
  possible(message: MessageView): Matches
}

/** All owners, widest first. */
export class EffectPolicy {
  readonly owners: readonly OwnerPolicy[]
  readonly groups: Groups
  readonly #certain: readonly RuleList[]
  readonly #possible: readonly RuleList[]

  private constructor(
    groups: Groups,
    parts: readonly { owner: OwnerPolicy; certain: RuleList; possible: RuleList }[],
  ) {
    this.groups = groups
    this.owners = parts.map(({ owner }) => owner)
    this.#certain = parts.map(({ certain }) => certain)
    this.#possible = parts.map(({ possible }) => possible)
  }

  /** Makes it, in pieces; entries that do not validate are left out, and listed. */
  static *compiling(entries: readonly OwnerEntries[], stored: StoredGroups): InPieces<EffectPolicy> {
    const groups = new Groups(stored)
    const parts = []
    for (const ofOwner of entries) parts.push(yield* compilingOwner(ofOwner, groups, stored))
    return new EffectPolicy(groups, parts)
  }

  /** What is required whatever the header says, by one owner or all; and where every header fits. */
  verdicts(message: MessageView, but?: string): { readonly certain: Verdict; readonly possible: Verdict } {
    const others = (lists: readonly RuleList[]) =>
      lists.filter((_, index) => this.owners[index]?.owner !== but)
    return {
      certain: decide(others(this.#certain), message),
      possible: decide(others(this.#possible), message),
    }
  }
}

function* compilingOwner(
  { owner, rules, service }: OwnerEntries,
  groups: Groups,
  stored: StoredGroups,
): InPieces<{ owner: OwnerPolicy; certain: RuleList; possible: RuleList }> {
  const valid: OwnedRule[] = []
  const broken: BrokenEntry[] = []
  const texts = { certain: new Map<string, string>(), possible: new Map<string, string>() }
  for (const [id, json] of rules) {
    yield
    const checked = yield* checkingOne(owner, id, json, groups)
    if ('problem' in checked) {
      if (saidBy(json).enabled !== false) broken.push({ owner, id, problem: checked.problem })
      continue
    }
    valid.push(checked)
    const { subject, header } = checked.rule.criteria
    if (subject === undefined && header === undefined) texts.certain.set(id, json)
    texts.possible.set(id, subject === undefined && header === undefined ? json : withoutHeader(checked))
  }
  const { is, problem } = switchOf({ owner, service }, 'unknown')
  if (problem !== null && is !== 'off') broken.push({ owner, id: null, problem })
  const isOn = is === 'on' || is === 'unknown'
  const entries = { owner, service: isOn ? '{"enabled":true}' : '{"enabled":false}' }
  const certain = yield* RuleList.compiling({ ...entries, rules: texts.certain }, stored)
  const possible =
    texts.certain.size === texts.possible.size
      ? certain
      : yield* RuleList.compiling({ ...entries, rules: texts.possible }, stored)
  const policy: OwnerPolicy = {
    owner,
    acts: isOn,
    byId: new Map(valid.map((owned) => [owned.id, owned])),
    rules: yield* sorting(valid, (a, b) => byPlace(placeOf(a), placeOf(b))),
    broken,
    certain: (message) => certain.matches(message),
    possible: (message) => possible.matches(message),
  }
  return { owner: policy, certain, possible }
}

/** Where a rule stands. */
export function placeOf({ id, rule: { position } }: OwnedRule): { id: string; position: number } {
  return { id, position }
}

/** The rule as if every subject and header fitted it. */
function withoutHeader({ rule }: OwnedRule): string {
  const { to, from } = rule.criteria
  const criteria = { ...(to ? { to } : {}), ...(from ? { from } : {}) }
  const some = Object.keys(criteria).length > 0 ? criteria : { to: { matchesAny: [ANYONE] } }
  return JSON.stringify({ ...rule, criteria: some })
}
