/** Several rules of an owner at once, and a rule copied to another owner. */
import { changeRules, RULES_ACTIONS, type RulesAction } from '../../admin/change-rules.js'
import { copyRule } from '../../admin/copy-rule.js'
import { ruleIn } from '../../admin/owner-state.js'
import { AdminProblem } from '../../admin/problem.js'
import { effectsOf, effectSchema, effectsSchema } from '../effects.js'
import { etagOf } from '../etag.js'
import { changeableOwner, editorOf, param, visibleOwner } from '../owner-access.js'
import { apiProblemOf, Problem } from '../problem.js'
import { route, type Call, type Reply } from '../route.js'
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

/** Most rules of one request. */
const RULES_MAX = 500

interface ChangesBody {
  readonly action: RulesAction
  readonly rules: readonly { readonly id: string; readonly etag: string }[]
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
      'Switch or delete several rules in one step. What can be done is done; the answer says for each of the others why not.',
    needs: 'editor',
    confirms: true,
    body: object({
      action: { type: 'string', enum: RULES_ACTIONS },
      rules: {
        type: 'array',
        minItems: 1,
        maxItems: RULES_MAX,
        items: object({ id: shortText, etag: { ...shortText, description: 'Its version, as it was seen.' } }),
      },
    }),
    answers: {
      200: object({
        results: list(
          object({
            id: text,
            done: flag,
            problem: { ...nullable(text), description: 'Why nothing was done to it.' },
          }),
        ),
        effects: effectsSchema,
      }),
    },
    handle: change,
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

async function change(call: Call<ChangesBody>): Promise<Reply> {
  const { action, rules } = call.body
  const owner = changeableOwner(call, param(call, 'owner'))
  const seen = new Map(rules.map(({ id, etag }) => [id, etag]))
  const assertSeen = (id: string, json: string): void => {
    if (seen.get(id) !== etagOf(json))
      throw new Problem(412, 'changed-meanwhile', 'Someone else changed it in the meantime.')
  }
  const isProblem = (error: unknown): error is Problem => error instanceof Problem
  const ids = [...seen.keys()]
  const { results, changed } = await changeRules(editorOf(call), owner, ids, action, assertSeen, isProblem)
  return {
    body: {
      results: results.map(({ id, problem }) => ({
        id,
        done: problem === null,
        problem: problem && sentenceOf(problem, call),
      })),
      effects: await effectsOf(
        call,
        changed.map((id) => ({ owner, id })),
      ),
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
