/**
 * Made-up messages that a rule is about, one for each recipient that it names (for incoming mail: each sender), so
 * that what becomes of its mail can be asked of the rules in force. Bounded, however long a group is. Pure.
 */
import { formatAddress, type MailAddress } from './address.js'
import type { StoredGroups } from './group.js'
import { GROUP_PREFIX } from './group-name.js'
import type { MessageView } from './match.js'
import type { OwnedRule } from './owner-entries.js'
import { EVERYONE } from './owner.js'
import { ANYONE, parsePattern, storedPattern } from './pattern.js'
import type { AddressCriterion, Rule } from './rule.js'

/** One made-up message. */
export interface Sample {
  /** The pattern that it stands for, as the rule or the group has it. */
  readonly pattern: string
  /** The same with the address on the owner's side, where the rule names one: it may not hold for all of them. */
  readonly label: string
  readonly message: MessageView
}

/** Messages, and how many there would be without a bound. */
export interface Samples {
  readonly list: readonly Sample[]
  /** Recipients (or senders) that are named, groups expanded. */
  readonly named: number
}

/** What nobody calls a mailbox or a domain of theirs. */
const MADE_UP = 'enforce-tls-sample'
/** Of the addresses on the owner's own side, which are seldom many. */
export const OWN_MAX = 3

/**
 * Samples of one rule.
 *
 * @param most of them
 * @param like another rule: what the first one leaves open is as that one has it, so that both may match
 */
export function samplesOf(
  owned: OwnedRule,
  groups: StoredGroups,
  now: number,
  most: number,
  like?: OwnedRule,
): Samples {
  const { rule } = owned
  const [theirs, ours] = sidesOf(rule)
  const [otherTheirs, otherOurs] = like ? sidesOf(like.rule) : []
  const partners = patternsOf(isOpen(theirs) ? (otherTheirs ?? theirs) : theirs, groups, most)
  const own = ownAddresses(
    owned.owner,
    patternsOf(isOpen(ours) ? (otherOurs ?? ours) : ours, groups, most).list,
  )
  const list = own.flatMap((mine, index) =>
    // One sender will do for all recipients; the others are only there to be looked at at all.
    (index === 0 ? partners.list : partners.list.slice(0, 1)).map((pattern): Sample => {
      const partner = addressOf(pattern)
      const { direction } = rule
      const [sender, recipient] = direction === 'outgoing' ? [mine, partner] : [partner, mine]
      const label = isOpen(ours) ? pattern : `${pattern} (${sideOf(rule)} ${formatAddress(mine)})`
      return { pattern, label, message: { direction, sender, recipient, now } }
    }),
  )
  return { list: list.slice(0, most), named: own.length === 0 ? 0 : partners.named }
}

/** The criterion for the partner's side of a rule, and the one for the owner's. */
export function sidesOf({
  direction,
  criteria: { to, from },
}: Rule): [AddressCriterion | undefined, AddressCriterion | undefined] {
  return direction === 'outgoing' ? [to, from] : [from, to]
}

/** Whether a criterion leaves a side open. */
export function isOpen(criterion: AddressCriterion | undefined): boolean {
  return criterion?.matchesAny?.includes(ANYONE) ?? true
}

function sideOf({ direction }: Rule): 'from' | 'to' {
  return direction === 'outgoing' ? 'from' : 'to'
}

/** The patterns of a criterion, groups expanded, and how many there would be without a bound. */
export function patternsOf(
  criterion: AddressCriterion | undefined,
  groups: StoredGroups,
  most: number,
): { readonly list: readonly string[]; readonly named: number } {
  const list: string[] = []
  let named = 0
  for (const text of criterion?.matchesAny ?? [ANYONE]) {
    const members = text.startsWith(GROUP_PREFIX)
      ? membersOf(groups, text.slice(GROUP_PREFIX.length))
      : [text]
    named += members.length
    for (const member of members) {
      if (list.length >= most) break
      const parsed = typeof member === 'string' ? parsePattern(storedPattern(member)) : { problem: '' }
      if ('pattern' in parsed) list.push(parsed.pattern)
    }
  }
  return { list, named }
}

/** Groups may be long, and many rules may name the same one. */
const read = new WeakMap<StoredGroups, Map<string, readonly unknown[]>>()

function membersOf(groups: StoredGroups, name: string): readonly unknown[] {
  const known = read.get(groups) ?? new Map<string, readonly unknown[]>()
  read.set(groups, known)
  const members = known.get(name) ?? parsedMembers(groups.get(name))
  known.set(name, members)
  return members
}

function parsedMembers(json: string | undefined): readonly unknown[] {
  try {
    const members: unknown = JSON.parse(json ?? '[]')
    return Array.isArray(members) ? members : []
  } catch {
    return []
  }
}

/** An address that fits a pattern. */
export function addressOf(text: string): MailAddress {
  // The dot that a pattern of one word ends with is no part of the domain.
  const pattern = text.endsWith('.') ? text.slice(0, -1) : text
  const at = pattern.lastIndexOf('@')
  if (at >= 0) return { local: pattern.slice(0, at), domain: pattern.slice(at + 1) }
  if (pattern === ANYONE) return { local: MADE_UP, domain: `${MADE_UP}.invalid` }
  return { local: MADE_UP, domain: pattern.startsWith('.') ? MADE_UP + pattern : pattern }
}

/** Addresses of an owner that fit one of the patterns; none where the rule can match nobody of the owner's. */
function ownAddresses(owner: string, patterns: readonly string[]): readonly MailAddress[] {
  if (owner === EVERYONE) return patterns.slice(0, OWN_MAX).map(addressOf)
  const any = addressOf(owner)
  const fitting = patterns.flatMap((pattern) => {
    const address = pattern === ANYONE || owner.includes('@') ? any : addressOf(pattern)
    return address.domain === any.domain ? [address] : []
  })
  return fitting.slice(0, OWN_MAX)
}
