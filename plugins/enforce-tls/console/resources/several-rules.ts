/** Several rules at once, in one step, and a rule copied to another owner. */
import {
  changeRules,
  RULES_ACTIONS,
  SEVERAL_MAX,
  type RuleName,
  type RulesAction,
} from '../../admin/change-rules.js'
import { copyRule } from '../../admin/copy-rule.js'
import { ruleIn } from '../../admin/owner-state.js'
import { AdminProblem } from '../../admin/problem.js'
import { quote } from '../../text/quote.js'
import { effectsOf, effectSchema, effectsSchema } from '../effects.js'
import { etagOf } from '../etag.js'
import { changeableOwner, editorOf, param, visibleOwner } from '../owner-access.js'
import { apiProblemOf, Problem } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import {
  flag,
  list,
  nullable,
  object,
  ownedRuleFields,
  problemAfterChange,
  shortText,
  text,
} from '../schemas.js'
import { afterChange, readRule } from './rule-access.js'

interface ChangesBody {
  readonly action: RulesAction
  readonly rules: readonly { readonly owner?: string; readonly id: string; readonly etag: string }[]
}

const seenEtag: Schema = { ...shortText, description: 'Its version, as it was seen.' }

/** Rules of one owner, or of any. */
function changesBody(rule: Readonly<Record<string, Schema>>): Schema {
  const rules = { type: 'array', minItems: 1, maxItems: SEVERAL_MAX, items: object(rule) }
  return object({ action: { type: 'string', enum: RULES_ACTIONS }, rules })
}

/** What became of rules. */
function changesReply(rule: Readonly<Record<string, Schema>>): Schema {
  const problem = { ...nullable(text), description: 'Why nothing was done to it.' }
  return object({ results: list(object({ ...rule, done: flag, problem })), effects: effectsSchema })
}

interface CopyBody {
  readonly to: string
  readonly name?: string
}

export const severalRulesRoutes = [
  route<ChangesBody>({
    method: 'post',
    path: '/owners/{owner}/rules/changes',
    operationId: 'changeRules',
    rules: 'changed',
    summary:
      'Switch or delete several rules in one step. What can be done is done; the answer says for each of the others why not. With X-Asked, nothing is done where any of them was changed meanwhile.',
    needs: 'editor',
    confirms: true,
    body: changesBody({ id: shortText, etag: seenEtag }),
    answers: { 200: changesReply({ id: text }) },
    handle: async (call) => {
      const owner = changeableOwner(call, param(call, 'owner'))
      return change(
        call,
        call.body.rules.map(({ id, etag }) => ({ owner, id, etag })),
      )
    },
  }),
  route<ChangesBody>({
    method: 'post',
    path: '/rules/changes',
    operationId: 'changeRulesOfOwners',
    summary:
      'The same for rules of several owners, in one step. With X-Asked, nothing is done where any of them was changed meanwhile.',
    needs: 'editor',
    confirms: true,
    body: changesBody({ owner: shortText, id: shortText, etag: seenEtag }),
    answers: { 200: changesReply({ owner: text, id: text }) },
    handle: (call) =>
      change(
        call,
        call.body.rules.map(({ owner = '', id, etag }) => ({
          owner: changeableOwner(call, owner),
          id,
          etag,
        })),
      ),
  }),
  route<CopyBody>({
    method: 'post',
    path: '/owners/{owner}/rules/{id}/copy',
    operationId: 'copyRule',
    rules: 'changed',
    summary:
      'A new rule of another owner with what this one says: off, and last in the list. Code name-taken where a rule there has its name.',
    needs: 'editor',
    confirms: true,
    body: object(
      {
        to: { ...shortText, description: 'Whose rule the copy is.' },
        name: { ...shortText, description: 'Of the copy; default: the same.' },
      },
      'name',
    ),
    answers: {
      201: object({ ...ownedRuleFields, problem: problemAfterChange, effect: nullable(effectSchema) }),
    },
    handle: copy,
  }),
]

async function change(
  call: Call<ChangesBody>,
  rules: readonly (RuleName & { readonly etag: string })[],
): Promise<Reply> {
  const key = ({ owner, id }: RuleName): string => `${owner} ${id}`
  const seen = new Map(rules.map((rule) => [key(rule), rule.etag]))
  const assertSeen = (rule: RuleName, json: string): void => {
    if (seen.get(key(rule)) === etagOf(json)) return
    const what = `rule ${quote(rule.id)} of ${rule.owner}`
    throw new Problem(
      412,
      'changed-meanwhile',
      call.asked === null
        ? 'Someone else changed it in the meantime.'
        : `Someone else changed ${what} in the meantime, so nothing was done to any of the rules.`,
    )
  }
  // Whoever was asked was asked about all of them: without one of them it is another change.
  const isProblem = (error: unknown): error is Problem => call.asked === null && error instanceof Problem
  const { results, changed } = await changeRules(
    editorOf(call),
    rules,
    call.body.action,
    assertSeen,
    isProblem,
  )
  return {
    body: {
      results: results.map(({ owner, id, problem }) => ({
        ...(call.params['owner'] === undefined && { owner }),
        id,
        done: problem === null,
        problem: problem && sentenceOf(problem, call),
      })),
      effects: await effectsOf(call, changed),
    },
  }
}

function sentenceOf(problem: Error, { identity }: Call): string {
  const told = problem instanceof AdminProblem ? apiProblemOf(problem, identity.role === 'admin') : problem
  return told.message
}

async function copy(call: Call<CopyBody>): Promise<Reply> {
  const { to, name } = call.body
  const found = await readRule(call, visibleOwner(call, param(call, 'owner')))
  const target = changeableOwner(call, to)
  const changed = await copyRule(editorOf(call), await ruleIn(found.entries, found.id), target, name)
  return { ...(await afterChange(call, changed)), status: 201 }
}
