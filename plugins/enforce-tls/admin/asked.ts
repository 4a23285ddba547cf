/**
 * What somebody is asked about a change, as a short text that goes back with the yes: it is another one as soon as the
 * change would do something else to mail. So nobody's yes counts for what they were not asked.
 */
import { createHash } from 'node:crypto'
import type { EntryChange } from '../store/entry-change.js'
import type { InPieces } from '../work/pieces.js'
import { inPieces } from '../work/turns.js'
import { groupsOf } from './document-scope.js'
import { formatImpact, type ImpactWords } from './format-impact.js'
import type { Impact } from './impact.js'
import type { RuleEffects } from './rule-effects.js'
import { asks } from './steps.js'
import type { StoredGroups } from '../rules/group.js'

/** Of a change that asks nothing. */
export const NOTHING_ASKED = 'nothing'

/** What somebody said yes to. */
export interface Confirmation {
  /** As `askedOf` gave it then. */
  readonly asked: string
  /** What is to be asked now about changes; rejects as the store does. */
  readonly askedNow: (changes: readonly EntryChange[]) => Promise<string>
}

/**
 * What is asked about changes. Who removes is told of every rule that ends; so these sentences belong to the question.
 *
 * @param impact what the changes do
 * @param effects of the store as it would be, in the words for whoever is asked
 * @throws {StoreError} where the store can't be read.
 */
export async function askedOf(
  changes: readonly EntryChange[],
  impact: Impact,
  effects: RuleEffects,
): Promise<string> {
  const removes = changes.length > 0 && changes.every(({ value }) => value === null)
  if (!impact.asks && !removes) return NOTHING_ASKED
  const words = await formatImpact(impact, effects, removes ? () => true : asks)
  return inPieces(naming(impact, await impact.after.groups(), words))
}

/** Without the ids of the rules: a new one has none while it is asked about. */
function* naming({ rules }: Impact, groups: StoredGroups, words: ImpactWords): InPieces<string> {
  const hash = createHash('sha256')
  for (const { owned, before, step, at, named, added } of rules) {
    const { owner, rule } = owned
    const members = groupsOf(rule).map((name) => [name, groups.get(name)])
    hash.update(JSON.stringify([owner, step, at, rule, before, named, added, members], inOrder))
    yield
  }
  for (const { status, sentences } of words.rules) hash.update(JSON.stringify([status, sentences]))
  return hash.digest('base64url').slice(0, 22)
}

/** Two spellings of a rule are the same rule. */
function inOrder(_name: string, value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value
}
