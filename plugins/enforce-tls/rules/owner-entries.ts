/**
 * What a store holds of an owner, read and checked: rules in order, and whether they act. Pure; the first
 * thing that does not validate is thrown as an `InvalidEntry`, so that a broken rule never weakens security.
 */
import { GROUP_PREFIX } from './group.js'
import { parseJson } from './json.js'
import { parseOwner, serviceDomainOf } from './owner.js'
import { atOnce, sorting, type InPieces } from './pieces.js'
import { formatProblem, parsingRule, type Rule } from './rule.js'

/** What a store holds of one owner, as it stands there: JSON texts. */
export interface OwnerEntries {
  readonly owner: string
  /** Rule id to rule. */
  readonly rules: ReadonlyMap<string, string>
  /** The service of the owner's domain; `null` where there is none (or the owner is `*`). */
  readonly service: string | null
}

/** A domain's service as stored, a field of `enforce-tls:domains`. */
export interface Service {
  readonly enabled: boolean
}

/** A rule with its place and owner. */
export interface OwnedRule {
  readonly owner: string
  readonly id: string
  readonly rule: Rule
}

/** Where a rule stands among its owner's. */
export interface Place {
  readonly id: string
  readonly position: number
}

/** Where an entry is kept. */
export interface EntryPlace {
  readonly key: 'rules' | 'domains' | 'groups'
  /** Of a group: `*`, whose it is like all groups. */
  readonly owner: string
  readonly field: string
}

/** Something in the store that does not validate. */
export class InvalidEntry extends Error {
  readonly code = 'INVALID_ENTRY'
  /**
   * @param place names key and field, in the store's own words
   * @param problem what is wrong there
   */
  constructor(
    readonly place: EntryPlace,
    readonly problem: string,
  ) {
    super(`${place.key} of ${place.owner}, ${JSON.stringify(place.field)}: ${problem}`)
    this.name = 'InvalidEntry'
  }
}

const RULE_ID = /^[\x21-\x7e]{1,64}$/

/** What is wrong with a rule id, as the end of a sentence; `null` for a good one. */
function ruleIdProblem(id: string): string | null {
  return RULE_ID.test(id)
    ? null
    : 'is not a rule id: 1 to 64 printable ASCII characters without spaces are expected'
}

/** Reads a service entry; the fields that this version does not know are left to others. */
export function parseService(json: string): Service | { problem: string } {
  let value: unknown
  try {
    value = parseJson(json)
  } catch {
    return { problem: 'is not JSON; expected: { "enabled": true } or { "enabled": false }' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { problem: 'is not an object; expected: { "enabled": true } or { "enabled": false }' }
  const enabled: unknown = (value as { enabled?: unknown }).enabled
  if (typeof enabled !== 'boolean') return { problem: 'field enabled: true or false is expected' }
  return { enabled }
}

/** So much JSON is read between two yields, in characters: about a millisecond. */
export const PIECE = 16_384

/**
 * An owner's rules, checked and in order: by position, then by id. The groups that they refer to are looked
 * at by `RuleList.compile`.
 *
 * @throws {InvalidEntry} for the first rule that does not validate.
 */
export function orderedRules(entries: Pick<OwnerEntries, 'owner' | 'rules'>): readonly OwnedRule[] {
  return atOnce(orderingRules(entries))
}

/** `orderedRules`, in pieces. */
export function* orderingRules({
  owner,
  rules,
}: Pick<OwnerEntries, 'owner' | 'rules'>): InPieces<readonly OwnedRule[]> {
  const read: OwnedRule[] = []
  let length = 0
  for (const [id, json] of rules) {
    read.push(yield* readingRule(owner, id, json))
    length += json.length
    if (length < PIECE) continue
    length = 0
    yield
  }
  return yield* sorting(read, (a, b) =>
    byPlace({ id: a.id, position: a.rule.position }, { id: b.id, position: b.rule.position }),
  )
}

/**
 * One entry of an owner's rules, checked; in pieces.
 *
 * @throws {InvalidEntry} where it does not validate.
 */
export function* readingRule(owner: string, id: string, json: string): InPieces<OwnedRule> {
  const place = { key: 'rules', owner, field: id } as const
  const idProblem = ruleIdProblem(id)
  if (idProblem) throw new InvalidEntry(place, idProblem)
  const checked = yield* parsingRule(json)
  if (!('rule' in checked)) throw new InvalidEntry(place, formatProblem(checked))
  return { owner, id, rule: checked.rule }
}

/** `readingRule` in one go, for one rule that was just written. */
export function ownedRule(owner: string, id: string, json: string): OwnedRule {
  return atOnce(readingRule(owner, id, json))
}

/** The order of an owner's rules: by position, then by id. */
export function byPlace(a: Place, b: Place): number {
  return a.position - b.position || (a.id < b.id ? -1 : a.id === b.id ? 0 : 1)
}

/** Whether an owner's rules may refer to a group, so that the groups are to be read too; in pieces. */
export function* lookingForGroups({ rules }: Pick<OwnerEntries, 'rules'>): InPieces<boolean> {
  let read = 0
  // On the text, because it is asked before anything is parsed; JSON can spell every letter as \uXXXX.
  for (const json of rules.values()) {
    if (json.includes(GROUP_PREFIX) || json.includes('\\u')) return true
    read += json.length
    if (read < PIECE) continue
    read = 0
    yield
  }
  return false
}

/**
 * Whether an owner's rules act: those of `*` always, all others while their domain's service is enabled.
 *
 * @throws {InvalidEntry} for a service entry that does not validate.
 */
export function acts({ owner, service }: Pick<OwnerEntries, 'owner' | 'service'>): boolean {
  const domain = serviceDomainOf(owner)
  if (domain === null) return true
  if (service === null) return false
  const parsed = parseService(service)
  if ('problem' in parsed)
    throw new InvalidEntry({ key: 'domains', owner: domain, field: domain }, parsed.problem)
  return parsed.enabled
}

/** @throws {TypeError} where a caller passes what is no owner; a store's keys are checked with it. */
export function assertOwner(owner: string): void {
  const parsed = parseOwner(owner)
  if ('problem' in parsed) throw new TypeError(parsed.problem)
  if (parsed.owner !== owner)
    throw new TypeError(`owner ${owner} is not normalised; expected ${parsed.owner}`)
}
