/**
 * An owner's rules as the API shows them: also those that are not valid, so that they can be put right. A list may
 * have any length, so what looks at all of it goes in pieces.
 */
import { createHash } from 'node:crypto'
import { checkingRule } from '../admin/entry-problems.js'
import { valueOf } from '../store/difference.js'
import { formatPlace } from '../admin/format-problem.js'
import { statingOwner, type OwnerRead } from '../admin/owner-state.js'
import { PIECE, type OwnerEntries } from '../rules/owner-entries.js'
import { Groups, type StoredGroups } from '../rules/group.js'
import type { Direction } from '../rules/rule.js'
import { sorting, type InPieces } from '../work/pieces.js'
import { listed } from '../text/list.js'
import { etagOf } from './etag.js'

/** A rule as it stands. */
export interface StoredRule {
  readonly owner: string
  readonly id: string
  /** The rule, or whatever stands there. */
  readonly rule: unknown
  readonly etag: string
  readonly problem: string | null
}

/** A rule and its place in the list; of one without a valid position the last. */
export interface PlacedRule {
  readonly id: string
  readonly json: string
  /** What is no rule counts as one for outgoing mail, so that somebody sees it. */
  readonly direction: Direction
  readonly position: number
}

/** One rule. */
export function* storedRule(
  owner: string,
  id: string,
  json: string,
  groups: StoredGroups | Groups,
): InPieces<StoredRule> {
  const checked = yield* checkingRule(owner, id, json, groups)
  const problem = 'problem' in checked ? checked.problem : null
  return { owner, id, rule: valueOf(json), etag: etagOf(json), problem }
}

/** All rules, in the order in which they decide; those without a valid position come last. */
export function* placedRules({ rules }: Pick<OwnerEntries, 'rules'>): InPieces<readonly PlacedRule[]> {
  const placed: PlacedRule[] = []
  let read = 0
  for (const [id, json] of rules) {
    placed.push({ id, json, ...placeOf(json) })
    read += json.length
    if (read < PIECE) continue
    read = 0
    yield
  }
  return yield* sorting(placed, comparePlaces)
}

/** The order of a list. */
export function comparePlaces(a: Pick<PlacedRule, 'id' | 'position'>, b: typeof a): number {
  // Two of them without a position: Infinity less Infinity is no number.
  return a.position === b.position ? (a.id < b.id ? -1 : a.id === b.id ? 0 : 1) : a.position - b.position
}

function placeOf(json: string): Pick<PlacedRule, 'position' | 'direction'> {
  const given = valueOf(json) as { position?: unknown; direction?: unknown } | null
  return {
    position: typeof given?.position === 'number' ? given.position : Infinity,
    direction: given?.direction === 'incoming' ? 'incoming' : 'outgoing',
  }
}

/** What is wrong with entries of an owner, as one text for who changes something there; `null` for nothing. */
export function* problemsOf(read: OwnerRead): InPieces<string | null> {
  const { broken } = yield* statingOwner(read)
  if (broken.length === 0) return null
  const named = broken.map(({ place, problem }) => `${formatPlace(place)}: ${problem}`)
  return `Entries of ${read.entries.owner} are not valid; where Haraka has no last valid version of them, mail waits: ${listed(named, PROBLEMS_MAX)}`
}

const PROBLEMS_MAX = 5

/** The version of a list: of every rule in it, and of its order. */
export function* listEtag({ rules }: Pick<OwnerEntries, 'rules'>): InPieces<string> {
  const hash = createHash('sha256')
  let read = 0
  for (const [id, json] of yield* sorting([...rules], ([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${id.length}:${id}${json.length}:${json}`)
    read += json.length
    if (read < PIECE) continue
    read = 0
    yield
  }
  return `"${hash.digest('base64url').slice(0, 22)}"`
}
