/**
 * Rules in reports by what people call them. The delivery log knows what a rule was called when it decided; the store,
 * where it can be asked, what it is called now, whether it is still there, and which others have the same name.
 */
import { isObject, parsedAs } from '../rules/json.js'
import { EVERYONE } from '../rules/owner.js'
import type { RuleStore } from '../store/rule-store.js'
import { isAsked } from '../requiretls/ask.js'
import { oneLine } from '../text/one-line.js'
import type { InPieces } from '../work/pieces.js'
import { inPieces } from '../work/turns.js'
import type { DeliveryReport, NamedRule } from './delivery-report.js'

/** Owners beyond these keep the names of the log. */
const OWNERS_MAX = 500
/** So many rules are read between two yields. */
const PIECE = 100

/** Such as `"Enforced TLS to First Bank" of acme.example`, with the id where the name alone does not say which. */
export function ruleLabel(rule: NamedRule): string {
  if (isAsked(rule)) return 'its sender, who asked for REQUIRETLS'
  const { owner, id, name, unique } = rule
  const whose = owner === EVERYONE ? 'the whole service' : oneLine(owner)
  if (name === null) return `${oneLine(id) || 'a rule'} of ${whose}`
  return `"${oneLine(name, 80)}"${unique ? '' : ` (${oneLine(id)})`} of ${whose}`
}

/** Names of an owner's rules, by id; `null` where the store does not say. */
type Names = ReadonlyMap<string, string> | null

/** The report with the names of today. Never rejects: without the store, the names of the log stay. */
export async function withRuleNames(
  report: DeliveryReport,
  store: Pick<RuleStore, 'readRules'>,
): Promise<DeliveryReport> {
  const mentioned = [...report.rules, ...report.releases.flatMap(({ rules }) => rules)]
  const owners = new Map<string, Names>()
  for (const { owner } of mentioned)
    if (!owners.has(owner) && owners.size < OWNERS_MAX) owners.set(owner, await namesOf(owner, store))
  const counts = countNames(mentioned, owners)
  const named = <Rule extends NamedRule>(rule: Rule): Rule => {
    const known = owners.get(rule.owner) ?? null
    const name = known?.get(rule.id) ?? rule.name
    const isThere = known === null || known.has(rule.id)
    return { ...rule, name, unique: name !== null && isThere && counts.get(keyOf(rule.owner, name)) === 1 }
  }
  return {
    ...report,
    rules: report.rules.map(named),
    releases: report.releases.map((release) => ({ ...release, rules: release.rules.map(named) })),
  }
}

/** How many rules of an owner have a name: those that are there, and those that the report tells of. */
function countNames(
  mentioned: readonly NamedRule[],
  owners: ReadonlyMap<string, Names>,
): Map<string, number> {
  const ids = new Map<string, Set<string>>()
  const note = (owner: string, name: string, id: string): void => {
    const key = keyOf(owner, name)
    ids.set(key, (ids.get(key) ?? new Set()).add(id))
  }
  for (const [owner, names] of owners) for (const [id, name] of names ?? []) note(owner, name, id)
  for (const { owner, id, name } of mentioned) {
    const current = owners.get(owner)?.get(id) ?? name
    if (current !== null) note(owner, current, id)
  }
  return new Map([...ids].map(([key, all]) => [key, all.size]))
}

function keyOf(owner: string, name: string): string {
  return JSON.stringify([owner, name])
}

async function namesOf(owner: string, store: Pick<RuleStore, 'readRules'>): Promise<Names> {
  try {
    return await inPieces(namesIn(await store.readRules(owner)))
  } catch {
    return null
  }
}

function* namesIn(rules: ReadonlyMap<string, string>): InPieces<ReadonlyMap<string, string>> {
  const names = new Map<string, string>()
  for (const [id, json] of rules) {
    if (names.size % PIECE === 0) yield
    names.set(id, nameIn(json) ?? id)
  }
  return names
}

function nameIn(json: string): string | null {
  const name = parsedAs(json, isObject)?.['name']
  return typeof name === 'string' && name.trim() !== '' ? name : null
}
