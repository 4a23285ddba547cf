/**
 * What a store holds of an owner, entry by entry: its rules, and the service that switches them. Pure; what does
 * not validate is answered with what is wrong.
 */
import { saidBy, Unreadable } from './entry-problem.js'
import { GROUP_PREFIX } from './group-name.js'
import { readJson } from './json.js'
import { parseOwner, serviceDomainOf } from './owner.js'
import type { InPieces } from '../work/pieces.js'
import type { Rule } from './rule.js'
import type { Flaw } from './flaw.js'
import { formatFlaw, formatProblem } from './format-problem.js'
import { parseRule } from './check-rule.js'

/** What a store holds of one owner, as it stands there: JSON texts. */
export interface OwnerEntries {
  readonly owner: string
  /** Rule id to rule. */
  readonly rules: ReadonlyMap<string, string>
  /** The service of the owner's domain; `null` where there is none (or the owner is `*`). */
  readonly service: string | null
}

/** The same where the store may hold something else in the place of a part. */
export interface OwnerParts {
  readonly owner: string
  readonly rules: ReadonlyMap<string, string> | Unreadable
  readonly service: string | null | Unreadable
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

const RULE_ID = /^[\x21-\x7e]{1,64}$/

/** What is wrong with a rule id, as the end of a sentence; `null` for a good one. */
function ruleIdProblem(id: string): string | null {
  return RULE_ID.test(id)
    ? null
    : 'is not a rule id: 1 to 64 printable ASCII characters without spaces are expected'
}

/** The longest service that is read, in characters: it is looked at with every owner of its domain. */
const SERVICE_MAX = 64 * 1024

const SERVICE_EXPECTED = '{ "enabled": true } or { "enabled": false }'

/** Reads a service entry; the fields that this version does not know are left to others. */
export function parseService(json: string): Service | Flaw {
  const read = readJson(json, SERVICE_MAX)
  if ('problem' in read) return { ...read, expected: SERVICE_EXPECTED }
  const { value } = read
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { problem: 'is not an object', expected: SERVICE_EXPECTED }
  const enabled: unknown = (value as { enabled?: unknown }).enabled
  if (typeof enabled !== 'boolean') return { problem: 'field enabled: true or false is expected' }
  return { enabled }
}

/** So much JSON is read between two yields, in characters: about a millisecond. */
export const PIECE = 16_384

/** A rule, or what is wrong with its entry. */
export type EntryCheck = OwnedRule | { readonly problem: string }

/** One entry of an owner's rules, checked, in pieces. The groups that it refers to are for `groupsProblem`. */
export function* checkEntry(owner: string, id: string, json: string): InPieces<EntryCheck> {
  const problem = ruleIdProblem(id)
  if (problem !== null) return { problem }
  const checked = yield* parseRule(json)
  return 'rule' in checked ? { owner, id, rule: checked.rule } : { problem: formatProblem(checked) }
}

/** The order of an owner's rules: by position, then by id. */
export function byPlace(a: Place, b: Place): number {
  return a.position - b.position || (a.id < b.id ? -1 : a.id === b.id ? 0 : 1)
}

/** Whether an owner's rules may refer to a group, so that the groups are to be read too; in pieces. */
export function* mayUseGroups({ rules }: Pick<OwnerEntries, 'rules'>): InPieces<boolean> {
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

/** Whether rules act: `none` is a domain that never had a service. */
export type Switch = 'on' | 'off' | 'none' | 'unknown'

/** Whether rules act or may act: where that is unknown, mail that they cover waits. */
export function mayAct(is: Switch): boolean {
  return is === 'on' || is === 'unknown'
}

/** A switch, and what is wrong with the entry behind it. */
export interface SwitchState {
  readonly is: Switch
  readonly problem: string | null
}

/**
 * Whether an owner's rules act: those of `*` always, all others while their domain's service is enabled. A service
 * that does not validate is off where it says so, else as it was last known.
 */
export function switchOf(
  { owner, service }: Pick<OwnerParts, 'owner' | 'service'>,
  before: Switch,
): SwitchState {
  if (serviceDomainOf(owner) === null) return { is: 'on', problem: null }
  if (service === null) return { is: 'none', problem: null }
  const unreadable = service instanceof Unreadable
  const parsed = unreadable ? service : parseService(service)
  if ('enabled' in parsed) return { is: parsed.enabled ? 'on' : 'off', problem: null }
  const problem = formatFlaw(parsed)
  const enabled = unreadable ? undefined : saidBy(service).enabled
  if (enabled === false) return { is: 'off', problem }
  // That there was none is no version of it, and one that was off is not what now says that it is on.
  const stands = before === 'on' || (before === 'off' && enabled !== true)
  return { is: stands ? before : 'unknown', problem }
}

/** Whether a domain's service is known to be on; that of `*` always is. */
export function isOn(entries: Pick<OwnerEntries, 'owner' | 'service'>): boolean {
  return switchOf(entries, 'unknown').is === 'on'
}

/** @throws {TypeError} where a caller passes what is no owner; a store's keys are checked with it. */
export function assertOwner(owner: string): void {
  const parsed = parseOwner(owner)
  if ('problem' in parsed) throw new TypeError(formatFlaw(parsed))
  if (parsed.owner !== owner)
    throw new TypeError(`owner ${owner} is not normalised; expected ${parsed.owner}`)
}
