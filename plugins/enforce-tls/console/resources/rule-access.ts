/** A rule, or an owner's rules, as a request finds them, and the answers that show them. */
import { ruleProblem } from '../../entries/entry-problems.js'
import type { StoredGroups } from '../../rules/group.js'
import { quote } from '../../rules/owner.js'
import type { OwnerEntries } from '../../rules/owner-entries.js'
import { checkRule, formatProblem, type Rule } from '../../rules/rule.js'
import { effectOfRule, glances } from '../effects.js'
import { param } from '../owner-access.js'
import { notFound, Problem } from '../problem.js'
import type { Call, Reply } from '../route.js'
import { isActive, listEtag, storedRule, storedRules } from '../stored-rules.js'

/** What a store holds of an owner, and the groups that its rules may refer to. */
export interface ReadOwner {
  readonly entries: OwnerEntries
  readonly groups: StoredGroups
}

/** One rule among them, as it stands. */
export interface ReadRule extends ReadOwner {
  readonly id: string
  readonly json: string
}

/** @throws {StoreError} where the store can't be read. */
export async function read({ context: { store } }: Call, owner: string): Promise<ReadOwner> {
  const [entries, groups] = await Promise.all([store.readOwner(owner), store.groups()])
  return { entries, groups }
}

/** The rule that the path names. @throws {Problem} 404 where it is not there. */
export async function readRule(call: Call, owner: string): Promise<ReadRule> {
  const found = await read(call, owner)
  const id = param(call, 'id')
  const json = found.entries.rules.get(id)
  if (json === undefined) throw notFound(`rule ${quote(id)} of ${owner}`)
  return { ...found, id, json }
}

/** The list, with its version. */
export async function listReply(call: Call, { entries, groups }: ReadOwner): Promise<Reply> {
  const { owner } = entries
  const rules = storedRules(entries, groups)
  const effects = await glances(
    call,
    owner,
    rules.map(({ id }) => id),
  )
  const body = {
    owner,
    active: isActive(entries),
    rules: rules.map((rule) => ({ ...rule, effect: effects.get(rule.id) ?? null })),
  }
  return { body, etag: listEtag(entries) }
}

/** The rule, with its version and what it does. */
export async function ruleReply(
  call: Call,
  { entries, groups, id, json }: ReadRule,
): Promise<Reply & { readonly body: object }> {
  const { owner } = entries
  const stored = storedRule(owner, id, json, groups)
  return { body: { ...stored, effect: await effectOfRule(call, owner, id) }, etag: stored.etag }
}

/** Writes a rule in place of what was found. @throws {StoreError} where it is something else by now. */
export async function write({ context, identity }: Call, found: ReadRule, rule: Rule): Promise<ReadRule> {
  const { id, json, entries } = found
  const value = JSON.stringify(rule)
  const { author: by } = identity
  await context.store.writeRules(entries.owner, [{ id, expected: json, value }], { by })
  return { ...found, json: value }
}

/** @throws {Problem} 422 for a rule that does not validate. */
export function checkedRule(value: Readonly<Record<string, unknown>>, groups: StoredGroups): Rule {
  const checked = checkRule(value)
  if (!('rule' in checked))
    throw new Problem(422, 'invalid', formatProblem(checked), { field: joined(checked.field) })
  const problem = ruleProblem('*', 'draft', JSON.stringify(checked.rule), groups)
  if (problem !== null) {
    const field = /^field (\S+):/.exec(problem)?.[1] ?? ''
    throw new Problem(422, 'invalid', problem, { field: joined(field) })
  }
  return checked.rule
}

function joined(field: string): string {
  return field === '' ? 'rule' : `rule.${field}`
}
