/**
 * What a rule does as things stand: whether it is active, what limits it, and what else holds for the mail that it
 * is about. Asked of the rules in force, with made-up messages for the recipients that it names, and never read off
 * the rule alone. Data; `admin/format-effect.ts` makes sentences of it. Pure.
 */
import { placeOf } from './checked-rules.js'
import { looksAtHeader, type BrokenEntry, type EffectPolicy, type OwnerPolicy } from './effect-policy.js'
import type { StoredGroups } from './group.js'
import { byPlace, type OwnedRule } from './owner-entries.js'
import { ownersAround, serviceDomainOf } from './owner.js'
import { compileCriteria } from './match.js'
import { periodOf } from './period.js'
import type { InPieces } from '../work/pieces.js'
import { addUp, requirementOf, type DecidedBy, type Requirement } from './requirement.js'
import type { CompiledRule } from './rule-index.js'
import { keyOf, overlapsWith, type Overlap } from './overlaps.js'
import { exceptionsTo } from './related-samples.js'
import { actionOf, type RelayWithTls } from './rule.js'
import { samplesOf, type Sample } from './samples.js'
import { Tally, type Part } from './tally.js'

/** Why a rule does nothing by itself. */
export type Inactive =
  | { readonly why: 'disabled' | 'over' | 'not-begun' }
  | { readonly why: 'service-off'; readonly domain: string }
  /** It can match no mail: its owner sends from none of the senders that it names. */
  | { readonly why: 'nobody' }

/** A rule above it that comes first. */
export interface Above extends Part {
  readonly rule: DecidedBy
  /** `exempts`: its level is none. */
  readonly does: 'decides' | 'exempts'
  /** Its level, and what holds there where nothing is published. */
  readonly action: Pick<RelayWithTls, 'level' | 'otherwise' | 'requireOnward'>
  /** Whether that is so whatever the header of the message says. */
  readonly certain: boolean
  /** What other owners require of the mail that it exempts. */
  readonly still: Requirement | null
}

/** What else is required of the rule's mail. */
export interface Also extends Part {
  /** In sum, with the rule itself where that is in force. */
  readonly requirement: Requirement
  readonly certain: boolean
}

/** What a rule does. */
export interface RuleEffect {
  /** `null`: it is in force by itself. */
  readonly inactive: Inactive | null
  /** Rules that come first for some or all of its mail; most mail first. */
  readonly above: readonly Above[]
  /** Other owners' demands that go beyond its own; where it is not in force, all that is required all the same. */
  readonly also: readonly Also[]
  /** Where it is not in force: others in force that match some of its mail, and are not among the above. */
  readonly mayRequire: readonly DecidedBy[]
  /** Where it is not in force: those that may exempt some of the mail of which `also` speaks. */
  readonly mayExempt: readonly DecidedBy[]
  /** Whether all others were looked at for that. */
  readonly othersKnown: boolean
  /** Header fields that decide whether it matches. */
  readonly dependsOn: readonly string[]
  /** Entries of the owners that do not validate. */
  readonly broken: readonly BrokenEntry[]
  /** Recipients (incoming: senders) asked about, and how many the rule names. */
  readonly checked: number
  readonly named: number
}

/** How thoroughly to look. */
export interface EffectBounds {
  /** The most recipients that are asked about. */
  readonly samples: number
  /** The most recipients of rules above that are tried, for what they take out of the rule. */
  readonly exceptions: number
  /** The most patterns that are compared with those of others, where it is not in force or exempts. */
  readonly patterns: number
  /** The most owners that it holds for a part of, such as a domain's senders, whose rules are looked at for that. */
  readonly owners: number
}

/** For a rule that somebody looks at by itself, and for one of many in a list. */
export const THOROUGH: EffectBounds = { samples: 100, exceptions: 500, patterns: 20_000, owners: 100 }
export const AT_A_GLANCE: EffectBounds = { samples: 5, exceptions: 0, patterns: 0, owners: 0 }

/** Samples that are asked about between two yields. */
const PIECE = 20

/**
 * Says what a valid rule does.
 *
 * @param owned as it stands in the policy, or one that is not there (any more): then as if it were off
 * @param policy of the rule's owner and the wider ones; of the narrower ones too where `asksOthers`
 */
export function* effectOf(
  owned: OwnedRule,
  policy: EffectPolicy,
  groups: StoredGroups,
  now: number,
  bounds: EffectBounds = THOROUGH,
): InPieces<RuleEffect> {
  const own = policy.owners.find(({ owner }) => owner === owned.owner)
  const { list, named } = samplesOf(owned, groups, now, bounds.samples)
  const criteria = yield* compileCriteria(owned.rule.criteria, policy.groups)
  const inactive = inactiveBy(owned, own, now) ?? (named === 0 ? ({ why: 'nobody' } as const) : null)
  const exceptions =
    inactive === null && own ? yield* exceptionsTo(owned, own, groups, now, bounds.exceptions) : []
  const above = new Tally<Omit<Above, keyof Part>>()
  const also = new Tally<Omit<Also, keyof Part>>()
  const dependsOn = new Set<string>()
  // With several addresses on the owner's side, what is found for one of them is not said of all.
  const alike = new Set(list.map(({ label, pattern }) => label.slice(pattern.length))).size <= 1
  let checked = 0
  let number = 0
  const others = asksOthers(owned, policy, now)
    ? yield* overlapsWith(owned, policy, groups, now, bounds.patterns)
    : { found: [], complete: true }
  const requiring = others.found.filter(requires)
  const exempting = others.found.filter((each) => !requires(each))
  for (const [sample, from] of [
    ...list.map((each) => [each, 'itself'] as const),
    ...exceptions.map((each) => [each, 'above'] as const),
    ...requiring.flatMap(({ samples }) => samples).map((each) => [each, 'others'] as const),
  ]) {
    const isOwn = from === 'itself'
    if (++number % PIECE === 0) yield
    const fields = yield* criteria.judge(sample.message)
    if (fields.some(({ met }) => met === false)) continue
    if (isOwn) checked++
    for (const { field, met } of fields) if (met === null) dependsOn.add(field)
    const first = inactive === null && own ? yield* firstAbove(owned, own, policy, sample) : null
    if (first && from !== 'others') above.add(first, isOwn && alike ? sample.pattern : sample.label, isOwn)
    if (from === 'above' || first?.certain) continue
    const more = yield* inactive === null ? beyond(owned, policy, sample) : anyway(policy, sample)
    if (more) also.add(more, alike ? sample.pattern : sample.label, isOwn)
  }
  const required = also.parts(checked)
  const shown = new Set(required.flatMap(({ requirement }) => requirement.decidedBy).map(keyOf))
  const around = inactive === null ? ownersAround(owned.owner) : null
  return {
    inactive: inactive ?? (checked === 0 ? { why: 'nobody' } : null),
    above: above.parts(checked),
    also: required,
    mayRequire:
      inactive === null ? [] : requiring.filter(({ owned: each }) => !shown.has(keyOf(each))).map(nameOf),
    mayExempt: inactive === null ? [] : exemptionsFrom(shown, requiring, exempting, list).map(nameOf),
    othersKnown: others.complete,
    dependsOn: [...dependsOn],
    broken: policy.owners.flatMap(({ owner, broken }) => (around?.includes(owner) === false ? [] : broken)),
    checked: Math.min(list.length, named),
    named,
  }
}

/**
 * Those that take mail out of what is shown to be required: what exempts itself, or comes before a rule of its owner,
 * but for recipients that were asked about.
 */
function exemptionsFrom(
  shown: ReadonlySet<string>,
  requiring: readonly Overlap[],
  exempting: readonly Overlap[],
  asked: readonly Sample[],
): readonly Overlap[] {
  const known = new Set(asked.map(({ pattern }) => pattern))
  const named = requiring.filter(({ owned }) => shown.has(keyOf(owned)))
  return [
    ...exempting.filter(
      ({ owned, samples }) =>
        named.some(({ owned: other }) => other.owner === owned.owner && comesBefore(owned, other)) &&
        (looksAtHeader(owned.rule) || samples.some(({ pattern }) => !known.has(pattern))),
    ),
    ...named.filter(({ leavesOut }) => leavesOut),
  ]
}

function comesBefore(one: OwnedRule, other: OwnedRule): boolean {
  return byPlace(placeOf(one), placeOf(other)) < 0
}

function requires({ owned }: Overlap): boolean {
  return actionOf(owned.rule).level !== 'none'
}

function nameOf({ owned: { owner, id, rule } }: Overlap): DecidedBy {
  return { owner, id, name: rule.name }
}

/** Whether what a rule does depends on all others that match its mail: it is not in force, or exempts. */
export function asksOthers(owned: OwnedRule, policy: EffectPolicy, now: number): boolean {
  const own = policy.owners.find(({ owner }) => owner === owned.owner)
  return actionOf(owned.rule).level === 'none' || inactiveBy(owned, own, now) !== null
}

function inactiveBy(
  { owner, id, rule }: OwnedRule,
  own: OwnerPolicy | undefined,
  now: number,
): Inactive | null {
  if (!rule.enabled || !own?.byId.has(id)) return { why: 'disabled' }
  if (!own.acts) return { why: 'service-off', domain: serviceDomainOf(owner) ?? owner }
  const { from, until } = periodOf(rule)
  if (now >= until) return { why: 'over' }
  return now < from ? { why: 'not-begun' } : null
}

/** The rule of the same owner that comes before it for a message. */
function* firstAbove(
  owned: OwnedRule,
  own: OwnerPolicy,
  policy: EffectPolicy,
  { message }: Sample,
): InPieces<Omit<Above, keyof Part> | null> {
  const place = placeOf(owned)
  const comesFirst = (rule: CompiledRule | null): rule is CompiledRule =>
    rule !== null && rule.id !== owned.id && byPlace(rule, place) < 0
  const { decides } = yield* own.certain(message)
  const [rule, certain] = comesFirst(decides)
    ? [decides, true]
    : [(yield* own.possible(message)).decides, false]
  if (!comesFirst(rule)) return null
  const { id, name, action } = rule
  const { level, otherwise, requireOnward } = action
  const exempts = level === 'none'
  return {
    rule: { owner: owned.owner, id, name },
    does: exempts ? 'exempts' : 'decides',
    action: { level, ...(otherwise ? { otherwise } : {}), ...(requireOnward ? { requireOnward } : {}) },
    still: exempts ? (yield* policy.rulings(message, owned.owner)).certain.requirement : null,
    certain,
  }
}

/** What the other owners' rules add to the rule's own demand; `null` where that is nothing. */
function* beyond(
  { owner, id, rule }: OwnedRule,
  policy: EffectPolicy,
  { message }: Sample,
): InPieces<Omit<Also, keyof Part> | null> {
  if (rule.mode === 'report') return null
  const relayWithTls = actionOf(rule)
  const mine =
    relayWithTls.level === 'none'
      ? null
      : requirementOf(relayWithTls, message.recipient.domain, { owner, id, name: rule.name })
  const { certain, possible } = yield* policy.rulings(message, owner)
  for (const [{ requirement }, isCertain] of [
    [certain, true],
    [possible, false],
  ] as const) {
    const sum = addUp(mine, requirement)
    if (sum && requirement && demand(sum) !== demand(mine))
      return { requirement: { ...sum, decidedBy: requirement.decidedBy }, certain: isCertain }
  }
  return null
}

/** What is required of the mail of a rule that is not in force. */
function* anyway(policy: EffectPolicy, { message }: Sample): InPieces<Omit<Also, keyof Part> | null> {
  const { certain, possible } = yield* policy.rulings(message)
  if (certain.requirement) return { requirement: certain.requirement, certain: true }
  return possible.requirement ? { requirement: possible.requirement, certain: false } : null
}

/** A demand, whoever makes it and whomever it is for. */
function demand(requirement: Requirement | null): string {
  if (requirement === null) return ''
  const { level, minVersion, trusted, namesHost, namesAnyOf, fingerprintsAnyOf, encrypted, published } =
    requirement
  const lists = [...new Set([...namesAnyOf, ...fingerprintsAnyOf].map((list) => list.join(' ')))].sort()
  return JSON.stringify([level, minVersion, trusted, namesHost, lists, encrypted, published])
}
