/** The step that a change makes one rule take: now, or else the first one that its dates bring. */
import type { StoredGroups } from '../rules/group.js'
import { parseRule } from '../rules/check-rule.js'
import { switchOf, type OwnerEntries } from '../rules/owner-entries.js'
import { EVERYONE } from '../rules/owner.js'
import { isOver, periodOf } from '../rules/period.js'
import type { Rule } from '../rules/rule.js'
import { inPieces } from '../work/turns.js'
import { groupsOf } from './document-scope.js'
import { expanded } from './expanded-rule.js'
import type { RuleImpact } from './rule-impact.js'
import { asks, newPatterns, stepOf, type Step } from './steps.js'

/** A rule as it stands in an owner's list. */
export interface Standing {
  readonly rule: Rule
  /** As it is stored. */
  readonly text: string
  /** Whether it changes deliveries, as far as its dates let it. */
  readonly on: boolean
  readonly over: boolean
}

/** The valid rules. @param known most of which are the same */
export async function standing(
  { owner, rules, service }: OwnerEntries,
  now: number,
  known: ReadonlyMap<string, Standing> = new Map(),
): Promise<ReadonlyMap<string, Standing>> {
  const { is } = switchOf({ owner, service }, 'unknown')
  const found = new Map<string, Standing>()
  for (const [id, text] of rules) {
    const same = known.get(id)
    const checked = same?.text === text ? same : await inPieces(parseRule(text))
    if (!('rule' in checked)) continue
    const { rule } = checked
    const on = rule.enabled && rule.mode !== 'report' && is !== 'off' && is !== 'none'
    found.set(id, { rule, text, on, over: isOver(rule, now) })
  }
  return found
}

/** One rule before and after a change. */
export interface Compared {
  readonly owner: string
  readonly id: string
  readonly was: Standing | undefined
  readonly is: Standing | undefined
}

/** Whether a rule is another one, or would match other mail by its groups. @param changed groups */
export function isConcerned(
  { was, is }: Pick<Compared, 'was' | 'is'>,
  changed: ReadonlySet<string>,
): boolean {
  if (was?.text !== is?.text || was?.on !== is?.on) return true
  return changed.size > 0 && is !== undefined && groupsOf(is.rule).some((name) => changed.has(name))
}

/** What becomes of a rule that a change concerns; `null` for nothing. */
export async function impactOn(
  { owner, id, was, is }: Compared,
  [groupsBefore, groupsAfter]: readonly [StoredGroups, StoredGroups],
  now: number,
): Promise<RuleImpact | null> {
  const rule = is?.rule ?? was?.rule
  if (rule === undefined) return null
  const old = was?.on ? await expanded(was.rule, groupsBefore) : null
  const then = is?.on ? await expanded(is.rule, groupsAfter) : null
  let found: RuleImpact | null = null
  for (const time of timesOf([old, then], now)) {
    const before = inForce(old, time)
    // Switched on although its time is over: nothing comes of it, and whoever does it is to know that.
    const after = is?.over && !was?.on ? then : inForce(then, time)
    const step = stepAt(before, after, then, owner)
    if (step === 'nothing') continue
    const { matchesAny: named = ['*'] } = (after ?? before)?.criteria.to ?? {}
    const added = newPatterns(before?.criteria.to?.matchesAny, named)
    const at = time === now ? null : time
    found ??= { owned: { owner, id, rule }, before, step, at, named, added }
    if (asks(step)) return { owned: { owner, id, rule }, before, step, at, named, added }
  }
  return found
}

/** One that stays on and yet ends has got other dates, which nobody calls switching it off. */
function stepAt(before: Rule | null, after: Rule | null, on: Rule | null, owner: string): Step {
  const step = stepOf(before, after, owner === EVERYONE)
  return step === 'ends' && on !== null ? 'lapses' : step
}

function inForce(rule: Rule | null, time: number): Rule | null {
  if (rule === null) return null
  const { from, until } = periodOf(rule)
  return time >= from && time < until ? rule : null
}

/** Now, and when one of the versions begins or ends. */
function timesOf(rules: readonly (Rule | null)[], now: number): readonly number[] {
  const dates = rules.flatMap((rule) => (rule === null ? [] : (Object.values(periodOf(rule)) as number[])))
  const later = dates.filter((time) => time > now && time < Infinity)
  return [now, ...[...new Set(later)].sort((a, b) => a - b)]
}
