/**
 * Which rules in force, exemptions included, match mail of a rule as well, with made-up messages that both match.
 * Patterns are either within each other or have no address in common; so two rules match no common mail exactly if on
 * one side, sender or recipient, no pattern of either is within what both ask for. Header criteria may always match.
 * Bounded: where not every pattern was looked at, the answer is not complete. Pure.
 */
import type { MailAddress } from './address.js'
import type { EffectPolicy, OwnerPolicy } from './effect-policy.js'
import type { StoredGroups } from './group.js'
import { compileCriteria, type CompiledCriteria } from './match.js'
import type { OwnedRule } from './owner-entries.js'
import { ownersOf } from './owner.js'
import { periodOf } from './period.js'
import { addressOf, isOpen, patternsOf, sidesOf, type Sample } from './samples.js'
import type { InPieces } from '../work/pieces.js'

/** A rule that matches some of the same mail. */
export interface Overlap {
  readonly owned: OwnedRule
  /** Messages that both match, as far as their headers allow. */
  readonly samples: readonly Sample[]
  /** Whether the other one leaves out addresses that the rule does not name by themselves. */
  readonly leavesOut: boolean
}

/** All of them, if complete. */
export interface Overlaps {
  readonly found: readonly Overlap[]
  readonly complete: boolean
}

/** The most messages of one other rule, and those of their addresses on the owner's side. */
const PARTNERS_MAX = 20
const OWN_MAX = 3
/** Patterns that are looked at between two yields. */
const PIECE = 50

/** A rule with what it asks for on both sides, the partner's and the owner's. */
interface Sides {
  readonly owned: OwnedRule
  readonly criteria: CompiledCriteria
  readonly theirs: readonly string[]
  readonly ours: readonly string[]
  readonly named: number
}

/** Finds them. @param most patterns that are looked at */
export function* overlapsWith(
  owned: OwnedRule,
  policy: EffectPolicy,
  groups: StoredGroups,
  now: number,
  most: number,
): InPieces<Overlaps> {
  const found: Overlap[] = []
  const own = yield* sidesIn(owned, policy, groups, most)
  let left = most
  for (const owner of policy.owners)
    for (const other of inForce(owner, owned, now)) {
      const sides = yield* sidesIn(other, policy, groups, left)
      left -= own.named + sides.named
      if (left < 0) return { found, complete: false }
      const samples = yield* samplesOfBoth(own, sides, now)
      if (samples.length > 0)
        found.push({ owned: other, samples, leavesOut: yield* leavesOut(own, other, groups, now, most) })
    }
  return { found, complete: policy.complete }
}

/** The rules of an owner that are in force, but the one that is asked about. */
function* inForce({ acts, rules }: OwnerPolicy, owned: OwnedRule, now: number): Iterable<OwnedRule> {
  if (!acts) return
  for (const other of rules) {
    const { enabled, direction, mode } = other.rule
    const { from, until } = periodOf(other.rule)
    if (!enabled || mode === 'report' || direction !== owned.rule.direction || now < from || now >= until)
      continue
    if (other.owner !== owned.owner || other.id !== owned.id) yield other
  }
}

function* sidesIn(
  owned: OwnedRule,
  policy: EffectPolicy,
  groups: StoredGroups,
  most: number,
): InPieces<Sides> {
  const [theirs, ours] = sidesOf(owned.rule).map((criterion) => patternsOf(criterion, groups, most))
  return {
    owned,
    criteria: yield* compileCriteria(owned.rule.criteria, policy.groups),
    theirs: theirs?.list ?? [],
    ours: [...(ours?.list ?? []), owned.owner],
    named: (theirs?.named ?? 0) + (ours?.named ?? 0) + 1,
  }
}

function* samplesOfBoth(one: Sides, other: Sides, now: number): InPieces<Sample[]> {
  const { direction } = one.owned.rule
  const messageOf = (mine: MailAddress, partner: MailAddress) =>
    direction === 'outgoing'
      ? { direction, sender: mine, recipient: partner, now }
      : { direction, sender: partner, recipient: mine, now }
  const [theirs, ours] = direction === 'outgoing' ? ['to', 'from'] : ['from', 'to']

  /** The patterns that are within what both ask for on one side. */
  function* common(isOurs: boolean, patterns: readonly string[], most: number): InPieces<string[]> {
    const found = new Set<string>()
    for (const [index, pattern] of patterns.entries()) {
      if (index % PIECE === PIECE - 1) yield
      const address = addressOf(pattern)
      const message = messageOf(address, address)
      let both = true
      for (const { owned, criteria } of [one, other]) {
        const fields = yield* criteria.judge(message)
        both &&= fields.every(({ field, met }) => field !== (isOurs ? ours : theirs) || met !== false)
        both &&= !isOurs || ownersOf(address).includes(owned.owner)
      }
      if (both) found.add(pattern)
      if (found.size === most) break
    }
    return [...found]
  }

  const partners = yield* common(false, [...other.theirs, ...one.theirs], PARTNERS_MAX)
  const own = partners.length > 0 ? yield* common(true, [...one.ours, ...other.ours], OWN_MAX) : []
  const [, criterion] = sidesOf(one.owned.rule)
  const named = isOpen(criterion) ? [one.owned.owner] : one.ours
  return own.flatMap((mine, index) =>
    // One address of the owner's will do for all partners; the others are only there to be looked at at all.
    (index === 0 ? partners : partners.slice(0, 1)).map((partner): Sample => {
      const label = `${partner} (${ours} ${mine})`
      const isWhole = named.includes(mine)
      return {
        pattern: isWhole ? partner : label,
        label: isWhole && isOpen(criterion) ? partner : label,
        message: messageOf(addressOf(mine), addressOf(partner)),
      }
    }),
  )
}

function* leavesOut(
  { owned, criteria, theirs, ours }: Sides,
  other: OwnedRule,
  groups: StoredGroups,
  now: number,
  most: number,
): InPieces<boolean> {
  const { direction } = owned.rule
  const named = new Set([...theirs, ...ours])
  for (const field of ['to', 'from'] as const) {
    const { matchesNone } = other.rule.criteria[field] ?? {}
    if (matchesNone === undefined) continue
    const { list } = patternsOf({ matchesAny: matchesNone }, groups, most)
    for (const [index, pattern] of list.entries()) {
      if (index % PIECE === PIECE - 1) yield
      if (named.has(pattern)) continue
      const address = addressOf(pattern)
      const fields = yield* criteria.judge({ direction, sender: address, recipient: address, now })
      if (fields.every((each) => each.field !== field || each.met !== false)) return true
    }
  }
  return false
}

/** One key for a rule, wherever it is named. */
export function keyOf({ owner, id }: { readonly owner: string; readonly id: string }): string {
  return `${owner} ${id}`
}
