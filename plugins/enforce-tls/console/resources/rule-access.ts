/** A rule, or an owner's rules, as a request finds them, and the answers that show them. */
import { ruleProblem } from '../../entries/entry-problems.js'
import type { StoredGroups } from '../../rules/group.js'
import { quote } from '../../rules/owner.js'
import { isOn, type OwnerEntries } from '../../rules/owner-entries.js'
import { checkRule, formatProblem, type Rule } from '../../rules/rule.js'
import { param } from '../owner-access.js'
import { notFound, Problem } from '../problem.js'
import type { Call, Reply } from '../route.js'
import { listEtag, problemsOf, storedRule, storedRules } from '../stored-rules.js'

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
export function listReply({ entries, groups }: ReadOwner): Reply {
  return {
    body: { owner: entries.owner, active: isOn(entries), rules: storedRules(entries, groups) },
    etag: listEtag(entries),
  }
}

/** The rule, with its version. */
export function ruleReply({ entries, groups, id, json }: ReadRule): Reply & { readonly body: object } {
  const body = storedRule(entries.owner, id, json, groups)
  return { body, etag: body.etag }
}

/** The rule after a change, with what is wrong with it or with any other entry of its owner. */
export function changedReply(found: ReadRule): Reply & { readonly body: object } {
  const { entries, groups, id, json } = found
  const after = { ...entries, rules: new Map(entries.rules).set(id, json) }
  const reply = ruleReply(found)
  return { ...reply, body: { ...reply.body, problem: problemsOf(after, groups) } }
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
