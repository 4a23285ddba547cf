/**
 * Groups: named lists of patterns that rules refer to as `group:<name>`. A group holds no group, so none can
 * refer to itself. Pure; what does not validate is answered with what is wrong.
 */
import { readJson } from './json.js'
import {
  compilePatterns,
  parsePattern,
  PATTERN_LENGTH_MAX,
  storedPattern,
  type PatternFinder,
} from './pattern.js'
import type { InPieces } from '../work/pieces.js'
import { didYouMean, nearest } from '../text/nearest.js'
import { Unreadable } from './entry-problem.js'
import { formatGroupProblem } from './format-problem.js'
import { GROUP_PREFIX, groupNameProblem } from './group-name.js'
import type { Flaw, GroupProblem } from './flaw.js'

/** Groups as a store holds them: name to patterns as JSON. */
export type StoredGroups = ReadonlyMap<string, string>

/** The most patterns of a group. */
const PATTERNS_MAX = 100_000

const EXAMPLE = '["bank.example", ".bank.example", "cfo@partner.example"]'

/** The patterns of a group in their one spelling, without duplicates, or what is wrong with it. */
export type GroupCheck = { readonly patterns: readonly string[] } | GroupProblem

/** So many members are looked at between two yields. */
const PIECE = 500

/** Checks a group that came as a value, in pieces; never throws. @param spelled how a member is read */
export function* checkGroup(value: unknown, spelled = asWritten): InPieces<GroupCheck> {
  const whole = (wrong: Flaw) => ({ at: '', ...wrong })
  if (!Array.isArray(value)) return whole({ problem: 'is not a list of patterns', expected: EXAMPLE })
  if (value.length === 0) return whole({ problem: 'is an empty list', expected: EXAMPLE })
  if (value.length > PATTERNS_MAX) return whole({ problem: `has more than ${PATTERNS_MAX} patterns` })
  const patterns = new Set<string>()
  for (const [index, text] of (value as unknown[]).entries()) {
    const parsed = parseMember(typeof text === 'string' ? spelled(text) : text)
    if ('problem' in parsed) return { at: `[${index}]`, ...parsed }
    patterns.add(parsed.pattern)
    if (index % PIECE === PIECE - 1) yield
  }
  return { patterns: [...patterns] }
}

function asWritten(text: string): string {
  return text
}

function parseMember(text: unknown): ReturnType<typeof parsePattern> {
  if (typeof text !== 'string')
    return { problem: 'is not a text', expected: 'a pattern such as bank.example' }
  if (text.startsWith(GROUP_PREFIX))
    return {
      value: text,
      problem: 'is a group',
      expected: 'a domain or address',
      saysExpected: true,
      advice: 'a group holds domains and addresses, no groups',
    }
  if (text.length > PATTERN_LENGTH_MAX)
    return { value: text, problem: `is longer than ${PATTERN_LENGTH_MAX} characters` }
  const parsed = parsePattern(text)
  return 'problem' in parsed ? { value: text, ...parsed } : parsed
}

/** Reads a group as a store holds it, also in a spelling of earlier versions; in pieces, never throws. */
export function* parseGroup(json: string): InPieces<GroupCheck> {
  return yield* checkText(json, storedPattern)
}

/** Checks a group that somebody wrote as JSON text, in pieces; never throws. */
export function* checkGroupText(json: string): InPieces<GroupCheck> {
  return yield* checkText(json, asWritten)
}

function* checkText(json: string, spelled: (text: string) => string): InPieces<GroupCheck> {
  const read = readJson(json)
  yield
  if ('problem' in read) return { at: '', ...read, expected: EXAMPLE }
  return yield* checkGroup(read.value, spelled)
}

/** How to mend a group that is not there or not valid, as the end of a sentence. */
export function groupWayOut(name: string): string {
  // The name may come from a broken entry, and this is typed into a shell.
  return groupNameProblem(name) === null
    ? `; write it anew with: enforce-tls group set ${name} <pattern>...`
    : ''
}

/** A group that a rule refers to. */
export interface CompiledGroup {
  /** Of the group as it is, or as it was last valid; `null` where it never was. */
  readonly find: PatternFinder | null
  /** What is wrong with it, as the end of a sentence that names it. */
  readonly problem: string | null
}

/** Finders of groups, by name. */
export type Finders = ReadonlyMap<string, PatternFinder>

/** The groups that a store holds, each read and compiled at most once, when a rule asks for it. */
export class Groups {
  readonly #stored: StoredGroups | Unreadable
  readonly #lastValid: Finders | undefined
  readonly #read = new Map<string, CompiledGroup>()

  /** @param lastValid what stands in for groups that do not validate, or are gone while a rule needs them */
  constructor(stored: StoredGroups | Unreadable, lastValid?: Finders) {
    this.#stored = stored
    this.#lastValid = lastValid
  }

  /** A group, read and compiled in pieces when it is first asked for. */
  *get(name: string): InPieces<CompiledGroup> {
    const known = this.#read.get(name) ?? (yield* this.#compile(name))
    this.#read.set(name, known)
    return known
  }

  /** All that were asked for, as far as they are known. */
  get finders(): Finders {
    return new Map([...this.#read].flatMap(([name, { find }]) => (find ? [[name, find] as const] : [])))
  }

  *#compile(name: string): InPieces<CompiledGroup> {
    const checked = yield* this.#check(name)
    if ('patterns' in checked) return { find: yield* compilePatterns(checked.patterns), problem: null }
    return { find: this.#lastValid?.get(name) ?? null, problem: checked.problem }
  }

  *#check(name: string): InPieces<{ readonly patterns: readonly string[] } | { readonly problem: string }> {
    if (this.#stored instanceof Unreadable)
      return { problem: `names a group, and groups cannot be read: ${this.#stored.problem}` }
    const json = this.#stored.get(name)
    if (json === undefined) {
      const meant = nearest(name, this.#stored.keys())
      const hint = didYouMean(meant && GROUP_PREFIX + meant)
      return { problem: `names a group that does not exist${groupWayOut(name)}${hint}` }
    }
    const checked = yield* parseGroup(json)
    return 'patterns' in checked
      ? checked
      : { problem: `names a group that is not valid: ${formatGroupProblem(checked)}${groupWayOut(name)}` }
  }
}
