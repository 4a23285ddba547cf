/**
 * Made-up messages that a change of an owner's rules may be about: one for each pattern, of the changed rules themselves
 * and of others within what these match, since patterns are either within each other or have no address in common. Bounded. Pure.
 */
import type { MailAddress } from './address.js'
import type { Groups, StoredGroups } from './group.js'
import type { Version } from './mail-decided.js'
import { compileCriteria, type CompiledCriteria, type MessageView } from './match.js'
import { ownersOf } from './owner.js'
import { ANYONE } from './pattern.js'
import type { InPieces } from '../work/pieces.js'
import type { AddressCriterion, Direction } from './rule.js'
import { addressOf, patternsOf, sidesOf } from './samples.js'

/** One made-up message, and the partner's pattern that it stands for. */
export interface ChangeSample {
  readonly pattern: string
  readonly message: MessageView
}

/** Those of a change, and whether no pattern was left out. */
export interface ChangeSamples {
  readonly list: readonly ChangeSample[]
  readonly complete: boolean
}

/** The groups that rules refer to, stored and compiled. */
export interface GroupsOnce {
  readonly stored: StoredGroups
  readonly compiled: Groups
}

/** Before and after a change. */
export type SideGroups = Readonly<Record<'before' | 'after', GroupsOnce>>

/** Patterns of all other rules that are looked at, those that are taken on either side, and messages of one direction. */
const LOOKED_MAX = 300_000
const THEIRS_MAX = 3000
const OURS_MAX = 20
const MESSAGES_MAX = 6000
/** Patterns that are looked at between two yields. */
const PIECE = 100

/** @param changed the versions of rules that a change is about; @param others those that stay as they are */
export function* samplesOfChange(
  owner: string,
  direction: Direction,
  [changed, others]: readonly [readonly Version[], readonly Version[]],
  groups: SideGroups,
  now: number,
): InPieces<ChangeSamples> {
  const about = changed.filter(({ rule }) => rule.direction === direction)
  if (about.length === 0) return { list: [], complete: true }
  const beside = others.filter(({ rule }) => rule.direction === direction)
  const theirs = yield* patternsFor(0, about, beside, groups, THEIRS_MAX)
  const ours = yield* patternsFor(1, about, beside, groups, LOOKED_MAX)
  const fitting = [owner, ...ours.list].map(addressOf).filter((own) => ownersOf(own).includes(owner))
  const own = [...new Map(fitting.map((each) => [`${each.local}@${each.domain}`, each])).values()]
  const list = own.slice(0, OURS_MAX).flatMap((mine) =>
    theirs.list.map((pattern): ChangeSample => {
      const partner = addressOf(pattern)
      const [sender, recipient] = direction === 'outgoing' ? [mine, partner] : [partner, mine]
      return { pattern, message: { direction, sender, recipient, now } }
    }),
  )
  return {
    list: list.slice(0, MESSAGES_MAX),
    complete: theirs.complete && ours.complete && own.length <= OURS_MAX && list.length <= MESSAGES_MAX,
  }
}

/** The patterns of one side, those first that come in or go. */
function* patternsFor(
  side: 0 | 1,
  about: readonly Version[],
  beside: readonly Version[],
  groups: SideGroups,
  most: number,
): InPieces<{ readonly list: readonly string[]; readonly complete: boolean }> {
  const criterionOf = ({ rule }: Version) => sidesOf(rule)[side]
  const groupsFor = (version: Version) => groups[version.in === 'before' ? 'before' : 'after']
  const of = { before: new Set<string>(), after: new Set<string>() }
  const region: CompiledCriteria[] = []
  for (const version of about) {
    const { stored, compiled } = groupsFor(version)
    const to = criterionOf(version)
    for (const pattern of namedIn(to, stored))
      for (const each of ['before', 'after'] as const)
        if (version.in === each || version.in === 'both') of[each].add(pattern)
    region.push(yield* compileCriteria(to ? { to } : {}, compiled))
    yield
  }
  const isSame = (pattern: string) => of.before.has(pattern) === of.after.has(pattern)
  const own = [...new Set([...of.before, ...of.after])]
  const found = new Set([...own.filter((each) => !isSame(each)), ANYONE, ...own])
  const seen = new Set<string>()
  let looked = 0
  for (const version of beside) {
    // Many rules may name the same long group.
    const { matchesAny = [], matchesNone = [] } = criterionOf(version) ?? {}
    const texts = [...matchesAny, ...matchesNone].filter((text) => !seen.has(text))
    for (const text of texts) seen.add(text)
    for (const pattern of namedIn({ matchesAny: texts }, groups.after.stored)) {
      if (++looked % PIECE === 0) yield
      if (looked > LOOKED_MAX) return { list: [...found].slice(0, most), complete: false }
      if (found.size <= most && !found.has(pattern) && isWithin(addressOf(pattern), region))
        found.add(pattern)
    }
    yield
  }
  return { list: [...found].slice(0, most), complete: found.size <= most }
}

/** What a criterion names and leaves out, groups expanded. */
function namedIn(criterion: AddressCriterion | undefined, groups: StoredGroups): readonly string[] {
  const { matchesAny = [], matchesNone = [] } = criterion ?? {}
  return patternsOf({ matchesAny: [...matchesAny, ...matchesNone] }, groups, LOOKED_MAX).list
}

/** Of many changed rules all counts as within, which only costs time. */
function isWithin(address: MailAddress, region: readonly CompiledCriteria[]): boolean {
  const message: MessageView = { direction: 'outgoing', sender: address, recipient: address, now: 0 }
  return region.length > PIECE || region.some((each) => each.addressesMeet(message))
}
