/**
 * Rules that do not do what they look like, because of another one of the same owner: it comes first for all of their
 * mail, or has the very same criteria. One place for the command and the console; a sentence each.
 */
import type { OwnedRule } from '../rules/owner-entries.js'
import { duplicatesAmong, type SameAs } from '../rules/duplicates.js'
import { inPieces } from '../work/turns.js'
import { COMPARED_MAX } from './duplicates.js'
import type { RuleEffects } from './rule-effects.js'

/** A remark on one rule. */
export interface RuleRemark {
  readonly id: string
  readonly sentence: string
}

/**
 * Remarks on rules of one owner.
 *
 * @param rules in their order; of more than 5,000 nothing is said
 * @throws {StoreError} where the store can't be read
 */
export async function remarksOn(
  effects: RuleEffects,
  rules: readonly OwnedRule[],
): Promise<readonly RuleRemark[]> {
  if (rules.length < 2 || rules.length > COMPARED_MAX) return []
  const duplicates = await inPieces(duplicatesAmong(rules))
  const remarks: RuleRemark[] = []
  for (const [place, owned] of rules.entries()) {
    // Nothing comes before the first one.
    const effect = place > 0 && owned.rule.enabled ? await effects.of(owned) : null
    const same = duplicates.get(owned.id)
    const has =
      effect?.status === 'no-effect'
        ? `${effect.summary}${also(same)}`
        : same && `the same criteria as ${formatSame(same)}`
    if (has !== undefined) remarks.push({ id: owned.id, sentence: `${formatRule(owned)} has ${has}` })
  }
  return remarks
}

function formatRule({ owner, id, rule }: OwnedRule): string {
  return `rule ${id} of ${owner} (${rule.name})`
}

function formatSame({ id, name }: SameAs): string {
  return `rule ${id} (${name})`
}

function also(same: SameAs | undefined): string {
  return same ? `; it has the same criteria as ${formatSame(same)}` : ''
}
