/**
 * Rules of many owners that fit what is asked for, owner by owner and each in the order of its list. In pieces: it may
 * run beside mail; whoever reads them stops where they have enough.
 */
import { parseDomain } from '../rules/address.js'
import { parseRule } from '../rules/check-rule.js'
import { Unreadable } from '../rules/entry-problem.js'
import { Groups } from '../rules/group.js'
import type { Level } from '../rules/levels.js'
import { byPlace, type OwnerEntries, type Place } from '../rules/owner-entries.js'
import type { Naming, PartnerNames } from '../rules/partner-names.js'
import type { Criteria, Direction, Rule } from '../rules/rule.js'
import { valueOf } from '../store/difference.js'
import type { ReadStore } from '../store/rule-store.js'
import { sorting, type InPieces } from '../work/pieces.js'
import { inPieces } from '../work/turns.js'
import { checkingRule } from './entry-problems.js'
import { readOwnersParts } from './whole-store.js'

/** What a rule must be; without any of them, every rule fits. */
export interface RuleFilter {
  /** Part of its name, comment, id, owner, or of anything that its criteria name. */
  readonly text?: string | undefined
  readonly level?: Level | undefined
  readonly mode?: 'enforce' | 'report' | undefined
  /** What is no rule counts as one for outgoing mail. */
  readonly direction?: Direction | undefined
  /** `invalid`: it does not validate, whether on or off. */
  readonly state?: 'on' | 'off' | 'invalid' | undefined
  /** Rules that name this partner. */
  readonly partner?: PartnerNames | undefined
}

/** A rule that fits. */
export interface FoundRule {
  readonly owner: string
  readonly id: string
  readonly json: string
  /** `null` for what is no rule. */
  readonly rule: Rule | null
  readonly problem: string | null
  /** How it names the partner that is asked for. */
  readonly names: readonly Naming[]
  readonly place: Place
  /** How many rules its owner has. */
  readonly among: number
}

/** How far a search has come: a rule that fits, or an owner that it is through with. */
export type Found =
  | { readonly owner: string; readonly rule: FoundRule }
  /** `unreadable`: why the owner's rules, any of which may fit, can't be read; else `null`. */
  | { readonly owner: string; readonly rule: null; readonly unreadable: string | null }

/** Where a search goes on: behind a place in the list of the first owner. */
export type Start = Place | null

/** So many owners are read at the same time; of an owner with many rules, one. */
const BATCH = 50
/** So much JSON is looked through between two yields, in characters. */
const PIECE = 32_768

/**
 * Finds rules.
 *
 * @param owners those that may be seen, sorted, from the one on where the search begins
 * @throws {StoreError} where the store can't be read; of an owner whose rules can't, it is said
 */
export async function* findRules(
  store: ReadStore,
  owners: readonly string[],
  filter: RuleFilter,
  start: Start = null,
): AsyncGenerator<Found> {
  const groups = new Groups(await store.groups())
  const wanted = new Wanted(filter)
  let after = start
  for (let at = 0; at < owners.length; at += BATCH)
    for (const { owner, rules } of await readOwnersParts(store, owners.slice(at, at + BATCH))) {
      const unreadable = rules instanceof Unreadable ? rules.problem : null
      if (!(rules instanceof Unreadable))
        yield* findIn({ owner, rules, service: null }, wanted, groups, after)
      after = null
      yield { owner, rule: null, unreadable }
    }
}

async function* findIn(
  entries: OwnerEntries,
  wanted: Wanted,
  groups: Groups,
  after: Start,
): AsyncGenerator<Found> {
  const { owner } = entries
  for (const { id, json, position } of await inPieces(candidates(entries, wanted, after))) {
    const rule = await inPieces(looking(owner, { id, json, position }, wanted, groups))
    if (rule) yield { owner, rule: { ...rule, among: entries.rules.size } }
  }
}

interface Candidate extends Place {
  readonly json: string
}

/** Those that may fit by their text alone, in order: there may be a hundred thousand. */
function* candidates(
  { owner, rules }: OwnerEntries,
  wanted: Wanted,
  after: Start,
): InPieces<readonly Candidate[]> {
  const found: Candidate[] = []
  let read = 0
  for (const [id, json] of rules) {
    read += json.length
    if (read >= PIECE) {
      read = 0
      yield
    }
    if (!wanted.mayFit(owner, id, json)) continue
    const position = (valueOf(json) as { position?: unknown } | null)?.position
    const each = { id, json, position: typeof position === 'number' ? position : Infinity }
    if (after === null || byPlace(each, after) > 0) found.push(each)
  }
  return yield* sorting(found, byPlace)
}

function* looking(
  owner: string,
  { id, json, position }: Candidate,
  wanted: Wanted,
  groups: Groups,
): InPieces<Omit<FoundRule, 'among'> | null> {
  const checked = yield* checkingRule(owner, id, json, groups)
  // A rule whose group is not valid is a rule all the same.
  const parsed = 'rule' in checked ? checked : yield* parseRule(json)
  const rule = 'rule' in parsed ? parsed.rule : null
  const problem = 'problem' in checked ? checked.problem : null
  const names = wanted.names(rule)
  if (!wanted.fits(owner, id, json, rule, problem) || names === null) return null
  return { owner, id, json, rule, problem, names, place: { id, position } }
}

/** A filter, ready to be asked. */
class Wanted {
  readonly #filter: RuleFilter
  /** Spellings of the text; none where none is asked for. */
  readonly #texts: readonly string[]

  constructor(filter: RuleFilter) {
    this.#filter = filter
    this.#texts = spellingsOf(filter.text)
  }

  /** A look at the text that leaves out what can't fit; JSON can spell a letter in other ways. */
  mayFit(owner: string, id: string, json: string): boolean {
    return (
      this.#texts.length === 0 ||
      json.includes('\\') ||
      this.#isIn(owner) ||
      this.#isIn(id) ||
      this.#isIn(json)
    )
  }

  fits(owner: string, id: string, json: string, rule: Rule | null, problem: string | null): boolean {
    const { level, mode, state, direction } = this.#filter
    if (state === 'invalid' ? problem === null : state !== undefined && rule?.enabled !== (state === 'on'))
      return false
    if (level !== undefined && rule?.actions.relayWithTls?.level !== level) return false
    if (mode !== undefined && (rule === null || (rule.mode ?? 'enforce') !== mode)) return false
    if (direction !== undefined) {
      const given = (rule ?? valueOf(json)) as { direction?: unknown } | null
      if ((given?.direction === 'incoming') !== (direction === 'incoming')) return false
    }
    if (this.#texts.length === 0) return true
    return [owner, id, ...(rule ? textsOf(rule) : [json])].some((text) => this.#isIn(text))
  }

  /** `null` where a partner is asked for that the rule does not name. */
  names(rule: Rule | null): readonly Naming[] | null {
    const { partner } = this.#filter
    if (!partner) return []
    const found = rule ? partner.in(rule) : []
    return found.length > 0 ? found : null
  }

  #isIn(text: string): boolean {
    const lower = text.toLowerCase()
    return this.#texts.some((each) => lower.includes(each))
  }
}

/** A text as rules may have it: domains are kept in A-labels. */
export function spellingsOf(text: string | undefined): readonly string[] {
  const given = text?.trim().toLowerCase() ?? ''
  if (given === '') return []
  const parsed = /[^\0-\x7f]/.test(given) ? parseDomain(given) : null
  return [...new Set([given, ...(parsed && 'domain' in parsed ? [parsed.domain] : [])])]
}

/** All that people call a rule by. */
function textsOf({ name, comment = '', criteria }: Rule): readonly string[] {
  return [name, comment, ...namedIn(criteria)]
}

/** All that criteria name: patterns, groups, words and header fields. */
export function namedIn({ to, from, subject, header = [] }: Criteria): readonly string[] {
  return [to, from, subject, ...header]
    .flatMap((lists) => [lists?.matchesAny ?? [], lists?.matchesNone ?? []].flat())
    .concat(header.map(({ name }) => name))
}
