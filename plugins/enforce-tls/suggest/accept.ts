/**
 * Makes rules of suggestions, in mode `report`, so that no delivery changes before somebody has looked at what they
 * report; and notes that no rule is wanted. Nothing is made of what is not suggested any more.
 */
import type { Editor } from '../admin/editor.js'
import { createRule, createRules, type NewRule } from '../admin/create-rule.js'
import { setGroup } from '../admin/set-group.js'
import { GROUP_PREFIX } from '../rules/group-name.js'
import type { RelayWithTls } from '../rules/rule.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import type { PartnerFacts } from '../store/partner-facts.js'
import { formatHeld } from './format-suggestion.js'
import { nameOf, parsePair, SUGGESTED_LEVELS, type SuggestedLevel } from './record.js'
import type { Suggestion } from './suggestions.js'

/** The rule that a suggestion stands for, as it would be made. */
export function acceptedRule(suggestion: Suggestion): NewRule {
  const { partner, level } = suggestion
  return {
    name: `TLS to ${partner}`.slice(0, NAME_MAX),
    comment: `Suggested: ${formatHeld(suggestion)}`,
    ...inReport([partner], level),
  }
}

/** The longest name of a rule that is made here. */
const NAME_MAX = 120

function inReport(patterns: readonly string[], level: SuggestedLevel): NewRule {
  // A partner that stops publishing is still reached over TLS.
  const action: RelayWithTls = level === 'published' ? { level, otherwise: 'encrypt' } : { level }
  return {
    enabled: true,
    mode: 'report',
    criteria: { to: { matchesAny: patterns } },
    actions: { relayWithTls: action },
  }
}

/** Makes one rule of each suggestion, those of each sending domain in one step. @throws as `createRules` */
export async function acceptEach(
  editor: Editor,
  suggestions: readonly Suggestion[],
): Promise<readonly OwnedRule[]> {
  const made: OwnedRule[] = []
  for (const owner of new Set(suggestions.map((each) => each.owner))) {
    const own = suggestions.filter((each) => each.owner === owner)
    made.push(...(await createRules(editor, owner, own.map(acceptedRule))))
  }
  return made
}

/**
 * Makes a new group of partners, and one rule about it, at the strictest level that all of them have fulfilled.
 *
 * @param suggestions of one owner, at least one
 * @throws {StoreError} `STORE_CONFLICT` where there is a group of that name, and as `createRule`
 */
export async function acceptAsGroup(
  editor: Editor,
  suggestions: readonly Suggestion[],
  group: string,
): Promise<OwnedRule> {
  const partners = suggestions.map(({ partner }) => partner).sort()
  await setGroup(editor, group, partners, null)
  const rule = inReport([`${GROUP_PREFIX}${group}`], commonLevel(suggestions))
  const comment = `Suggested for ${partners.length} partners that have fulfilled this level.`
  const { owned } = await createRule(editor, suggestions[0]?.owner ?? '', {
    name: `TLS to ${group}`.slice(0, NAME_MAX),
    comment,
    ...rule,
  })
  return owned
}

/** The strictest level that all of them have fulfilled. */
export function commonLevel(suggestions: readonly Suggestion[]): SuggestedLevel {
  const common = SUGGESTED_LEVELS.filter((level) =>
    suggestions.every(({ heldLevels }) => heldLevels.includes(level)),
  )
  return common.at(-1) ?? 'encrypt'
}

const TRIES = 5

/** Notes that no rule is wanted; a stricter level is suggested all the same. @throws {StoreError} */
export async function dismiss(facts: PartnerFacts, suggestion: Suggestion, by: string): Promise<void> {
  const name = nameOf(suggestion)
  for (let tries = 0; tries < TRIES; tries++) {
    const text = (await facts.read([name])).get(name)
    const record = parsePair(text)
    if (text === undefined || record === null) return
    const dismissed = { by, at: Date.now(), level: suggestion.level }
    const value = JSON.stringify({ ...record, dismissed })
    if ((await facts.replace(new Map([[name, { expected: text, value }]]))).size === 0) return
  }
  throw new Error(`what was observed of ${suggestion.partner} changes too often; try again`)
}
