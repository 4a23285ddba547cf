/**
 * Rules that a change does not touch and that decide for other mail after it: the one below takes over where one ends,
 * matches less or moves. What is decided for made-up messages is compared, now and whenever a rule begins or ends;
 * what was not looked at counts as if it were otherwise.
 */
import { demandsMore } from '../rules/compare-demands.js'
import { samplesOfChange, type SideGroups } from '../rules/change-samples.js'
import { Groups, type StoredGroups } from '../rules/group.js'
import { MailDecided, type Turn, type Version } from '../rules/mail-decided.js'
import { groupsProblem } from '../rules/match.js'
import { byPlace } from '../rules/owner-entries.js'
import { actionOf, type RelayWithTls } from '../rules/rule.js'
import { inPieces } from '../work/turns.js'
import { sorting, type InPieces } from '../work/pieces.js'
import type { RuleImpact } from './rule-impact.js'
import { groupsOf } from './document-scope.js'
import { isConcerned, type Standing } from './rule-steps.js'
import { asks, type Step } from './steps.js'

/** An owner's rules before and after a change. */
export interface OwnerCompared {
  readonly owner: string
  readonly was: ReadonlyMap<string, Standing>
  readonly is: ReadonlyMap<string, Standing>
}

/** Steps of an owner's rules beside those that are known of the changed ones, which they take the place of. */
export async function decisionSteps(
  compared: OwnerCompared,
  known: readonly RuleImpact[],
  [before, after]: readonly [StoredGroups, StoredGroups],
  changed: ReadonlySet<string>,
  now: number,
): Promise<readonly RuleImpact[]> {
  const groups = {
    before: { stored: before, compiled: new Groups(before) },
    after: { stored: after, compiled: new Groups(after) },
  }
  return inPieces(steps(compared, known, groups, changed, now))
}

function* steps(
  compared: OwnerCompared,
  known: readonly RuleImpact[],
  groups: SideGroups,
  changedGroups: ReadonlySet<string>,
  now: number,
): InPieces<readonly RuleImpact[]> {
  const { owner, was, is } = compared
  const crossed = new Set(yield* crossedIn(compared))
  const [about, others]: [Version[], Version[]] = [[], []]
  for (const id of new Set([...is.keys(), ...was.keys()])) {
    yield
    const [old, then] = [liveOf(was.get(id)), liveOf(is.get(id))]
    const isSame = old && then && !isConcerned({ was: old, is: then }, changedGroups)
    const versions: Version[] = isSame
      ? [{ id, rule: then.rule, in: 'both' }]
      : [
          ...(old ? [{ id, rule: old.rule, in: 'before' } as const] : []),
          ...(then ? [{ id, rule: then.rule, in: 'after' } as const] : []),
        ]
    const list = !crossed.has(id) && (isSame || decidesAlike(old, then, changedGroups)) ? others : about
    for (const version of versions)
      if ((yield* groupsProblem(version.rule.criteria, sideOf(version, groups).compiled)) === null)
        list.push(version)
  }
  if (about.length === 0) return known
  const decided = new MailDecided(owner)
  const all = [...about, ...others]
  yield* decided.add(
    all.filter((each) => each.in === 'before'),
    groups.before.compiled,
  )
  yield* decided.add(
    all.filter((each) => each.in !== 'before'),
    groups.after.compiled,
  )
  const found = new Steps(owner, is, known)
  for (const direction of ['outgoing', 'incoming'] as const) {
    const samples = yield* samplesOfChange(owner, direction, [about, others], groups, now)
    let { complete } = samples
    for (const { pattern, message } of samples.list) {
      const turns = yield* decided.turnsFor(message, now)
      if (turns === null) complete = false
      for (const turn of turns ?? []) found.take(turn, pattern)
    }
    if (!complete) found.suspect(about, all)
  }
  return found.impacts
}

/** What is in force, now or later. */
function liveOf(standing: Standing | undefined): Standing | undefined {
  return standing?.on && !standing.over ? standing : undefined
}

function sideOf(version: Version, groups: SideGroups): SideGroups['after'] {
  return groups[version.in === 'before' ? 'before' : 'after']
}

/** Whether a rule does the same for the same mail: it has another place at most, or another name. */
function decidesAlike(
  old: Standing | undefined,
  then: Standing | undefined,
  changed: ReadonlySet<string>,
): boolean {
  if (!old || !then) return old === then
  const [was, is] = [old, then].map(({ rule }) =>
    JSON.stringify({ ...rule, name: '', comment: '', position: 0 }),
  )
  return was === is && !groupsOf(then.rule).some((name) => changed.has(name))
}

/** The rules that changed places with others; the one alone where one was moved. */
function* crossedIn({ was, is }: OwnerCompared): InPieces<readonly string[]> {
  const common = [...is.keys()].filter((id) => liveOf(is.get(id)) && liveOf(was.get(id)))
  if (common.every((id) => was.get(id)?.rule.position === is.get(id)?.rule.position)) return []
  const placesIn = (side: ReadonlyMap<string, Standing>) =>
    common.map((id) => ({ id, position: side.get(id)?.rule.position ?? 0 }))
  const [from, to] = [yield* sorting(placesIn(was), byPlace), yield* sorting(placesIn(is), byPlace)].map(
    (places) => places.map(({ id }) => id),
  ) as [string[], string[]]
  const first = to.findIndex((id, place) => id !== from[place])
  if (first < 0) return []
  const crossed = to.slice(first, to.findLastIndex((id, place) => id !== from[place]) + 1)
  const old = from.slice(first, first + crossed.length)
  const without = (list: readonly string[], id: string | undefined) =>
    list.filter((each) => each !== id).join(' ')
  const moved = [crossed[0], crossed.at(-1)].find((id) => without(crossed, id) === without(old, id))
  return moved === undefined ? crossed : [moved]
}

/** What is known of the rules, and what turns add to it. */
class Steps {
  readonly #owner: string
  readonly #is: ReadonlyMap<string, Standing>
  readonly #known: ReadonlyMap<string, RuleImpact>
  readonly #found = new Map<string, RuleImpact & { readonly patterns: Set<string> }>()
  readonly #instead = new Map<string, Map<string, RelayWithTls>>()

  constructor(owner: string, is: ReadonlyMap<string, Standing>, known: readonly RuleImpact[]) {
    this.#owner = owner
    this.#is = is
    this.#known = new Map(known.map((each) => [each.owned.id, each]))
  }

  /** All of them. */
  get impacts(): readonly RuleImpact[] {
    const found = [...this.#found.values()].map(({ patterns, ...each }): RuleImpact => {
      const named = each.step === 'takes-over' ? [...patterns] : []
      return { ...each, named, added: named }
    })
    const replaced = new Set(found.map(({ owned }) => owned.id))
    const all = [...[...this.#known.values()].filter(({ owned }) => !replaced.has(owned.id)), ...found]
    return all.map((each) => {
      const instead = this.#instead.get(each.owned.id)
      return instead === undefined ? each : { ...each, instead: [...instead.values()] }
    })
  }

  /** Takes what is decided in another way for mail of a pattern. */
  take({ before, after, more, hidden, at }: Turn, pattern: string): void {
    const [lost, won] = [hidden ? undefined : this.#stepOf(before), this.#stepOf(after)]
    if (before && after) this.#insteadOf(after.id, [actionOf(before.rule)])
    if (won !== undefined && asks(won)) return
    if (more && after) this.#add(after.id, 'takes-over', at, pattern)
    if (lost === undefined && won === undefined && after && !more) this.#add(after.id, 'order', at, pattern)
    if (lost === undefined && before && !(more && won !== undefined))
      this.#add(before.id, 'order', at, pattern)
  }

  /** Not all mail was looked at: a rule below that demands more may take over. */
  suspect(about: readonly Version[], all: readonly Version[]): void {
    const lost = about.filter((each) => each.in !== 'after')
    const top = lost.map(({ id, rule }) => ({ id, position: rule.position })).sort(byPlace)[0]
    const held = [...new Map(lost.map(({ rule }) => [JSON.stringify(rule.actions), actionOf(rule)])).values()]
    if (top === undefined) return
    const suspects = all.filter(
      ({ id, rule, in: side }) => side !== 'before' && byPlace(top, { id, position: rule.position }) < 0,
    )
    const one = suspects.find(({ rule }) => held.some((each) => demandsMore(each, actionOf(rule))))
    if (one === undefined || asks(this.#stepOf(one) ?? 'nothing')) return
    this.#insteadOf(
      one.id,
      held.filter((each) => demandsMore(each, actionOf(one.rule))),
    )
    this.#add(one.id, 'takes-over', null, null)
  }

  #stepOf(version: Version | null): Step | undefined {
    return version === null ? undefined : this.#known.get(version.id)?.step
  }

  #insteadOf(id: string, actions: readonly RelayWithTls[]): void {
    const known = this.#instead.get(id) ?? new Map<string, RelayWithTls>()
    for (const action of actions) known.set(JSON.stringify(action), action)
    this.#instead.set(id, known)
  }

  #add(id: string, step: 'takes-over' | 'order', at: number | null, pattern: string | null): void {
    const rule = this.#is.get(id)?.rule
    if (rule === undefined) return
    const known = this.#found.get(id)
    const owned = { owner: this.#owner, id, rule }
    const patterns = known?.patterns ?? new Set<string>()
    if (pattern !== null) patterns.add(pattern)
    const first = known === undefined ? at : earlier(known.at, at)
    const kind = known?.step === 'takes-over' ? known.step : step
    this.#found.set(id, { owned, before: rule, step: kind, at: first, named: [], added: [], patterns })
  }
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.min(a, b)
}
