/**
 * An owner's rules before and after a change, to be asked for made-up messages: which of them decide, and from when on
 * another one does than before, now and whenever a rule that matches begins or ends. Header criteria match or not,
 * whatever makes a difference. Pure.
 */
import { Compilation } from './compilation.js'
import { NO_ENTRIES } from './compiled.js'
import { demandsMore } from './compare-demands.js'
import type { Groups } from './group.js'
import type { MessageView } from './match.js'
import { byPlace } from './owner-entries.js'
import { ANYONE } from './pattern.js'
import { periodOf, type Period } from './period.js'
import type { InPieces } from '../work/pieces.js'
import { RuleList } from './rule-list.js'
import { actionOf, NO_ACTION, type RelayWithTls, type Rule } from './rule.js'

/** A rule that is on and enforces, in one of its versions. */
export interface Version {
  readonly id: string
  readonly rule: Rule
  /** Whether it is one of the rules before the change, and of those after it; unchanged ones are both. */
  readonly in: 'before' | 'after' | 'both'
}

/** Another rule decides than before, or the same in another version. */
export interface Turn {
  /** From when on; `null`: at once. */
  readonly at: number | null
  /** `null`: none. */
  readonly before: Version | null
  readonly after: Version | null
  /** Whether that demands something which was not demanded before, and the other way round. */
  readonly more: boolean
  readonly less: boolean
  /** Whether the one from before still matches, and stands below the other one. */
  readonly hidden: boolean
}

interface Candidate extends Version {
  readonly period: Period
  readonly headers: string
}

/** So many pairs of rules, and times, are looked at for one message. */
const PAIRS_MAX = 20_000
/** Pairs that are looked at between two yields. */
const PIECE = 500

/** The versions of an owner's rules, found by addresses. */
export class MailDecided {
  readonly #owner: string
  readonly #lists: RuleList[] = []
  readonly #versions = new Map<string, Candidate>()
  readonly #known = new Map<string, readonly Turn[] | null>()

  constructor(owner: string) {
    this.#owner = owner
  }

  /** Takes rules whose groups are valid, in pieces. @param groups as these rules find them */
  *add(versions: readonly Version[], groups: Groups): InPieces<void> {
    const compilation = new Compilation(this.#owner, 'on', groups, NO_ENTRIES)
    for (const version of versions) {
      const { rule } = version
      yield
      const key = String(this.#versions.size)
      const { subject, header } = rule.criteria
      const headers = subject || header ? JSON.stringify([subject, header]) : ''
      this.#versions.set(key, { ...version, period: periodOf(rule), headers })
      yield* compilation.take(key, listed(rule))
    }
    this.#lists.push(new RuleList(yield* compilation.finish()))
  }

  /** Every change of who decides for a message; `null` where these are too many to look at. In pieces. */
  *turnsFor(message: MessageView, now: number): InPieces<readonly Turn[] | null> {
    const keys: string[] = []
    for (const list of this.#lists) keys.push(...(yield* list.match(message)).reported.map(({ id }) => id))
    const key = keys.join(' ')
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const all = keys.flatMap((each) => this.#versions.get(each) ?? []).sort(inOrder)
    const turns = yield* turnsAmong(all, now)
    this.#known.set(key, turns)
    return turns
  }
}

function inOrder(a: Version, b: Version): number {
  return byPlace({ ...a, position: a.rule.position }, { ...b, position: b.rule.position })
}

/** A rule as the index lists it beside all others that its message matches: none hides another one, or has a time. */
function listed(rule: Rule): Rule {
  const { name, direction, enabled, position, actions } = rule
  const { to, from } = rule.criteria
  const criteria =
    to || from ? { ...(to && { to }), ...(from && { from }) } : { to: { matchesAny: [ANYONE] } }
  return { name, direction, enabled, mode: 'report', position, criteria, actions }
}

function* turnsAmong(all: readonly Candidate[], now: number): InPieces<readonly Turn[] | null> {
  if (all.every((each) => each.in === 'both')) return []
  const times = all.flatMap(({ period: { from, until } }) => [from, until])
  const later = [...new Set(times)].filter((time) => time > now && time < Infinity).sort((a, b) => a - b)
  const found: Turn[] = []
  const seen = new Set<string>()
  let left = PAIRS_MAX
  let pairs = 0
  for (const time of [now, ...later]) {
    yield
    const active = all.filter(({ period: { from, until } }) => time >= from && time < until)
    const [before, after] = [decidersIn(active, 'before'), decidersIn(active, 'after')]
    left -= before.length * after.length + all.length
    if (left < 0) return null
    for (const [index, was] of before.entries())
      for (const [place, is] of after.entries()) {
        if (++pairs % PIECE === 0) yield
        if (was === is || !canFollow(before.slice(0, index), is) || !canFollow(after.slice(0, place), was))
          continue
        const [held, asked] = [was, is].map((each) => (each ? actionOf(each.rule) : NO_ACTION)) as [
          RelayWithTls,
          RelayWithTls,
        ]
        const [more, less] = [demandsMore(held, asked), demandsMore(asked, held)]
        if (!more && !less) continue
        const pair = `${was ? all.indexOf(was) : ''} ${is ? all.indexOf(is) : ''}`
        if (seen.has(pair)) continue
        seen.add(pair)
        const below = is === null ? [] : active.slice(active.indexOf(is) + 1)
        const hidden = below.some((each) => each.in !== 'before' && each.id === was?.id)
        found.push({ at: time === now ? null : time, before: was, after: is, more, less, hidden })
      }
  }
  return found
}

/** The rules that may decide: the first ones up to that which does whatever the header says; `null`: none. */
function decidersIn(active: readonly Candidate[], side: 'before' | 'after'): readonly (Candidate | null)[] {
  const own = active.filter((each) => each.in === side || each.in === 'both')
  const last = own.findIndex(({ headers }) => headers === '')
  return last < 0 ? [...own, null] : own.slice(0, last + 1)
}

/** Whether a rule may match a message of which those above another one, on the other side, do not. */
function canFollow(above: readonly (Candidate | null)[], rule: Candidate | null): boolean {
  return !above.some((each) => each !== null && rule !== null && each.headers === rule.headers)
}
