/** An owner's rules: the list and its order, and each rule. */
import { deleteRule, moveRule, switchRule } from '../../admin/change-rule.js'
import { createRule } from '../../admin/create-rule.js'
import { editedRule, editRule } from '../../admin/edit-rule.js'
import { readOwner } from '../../admin/owner-state.js'
import { STEPS, stepOf } from '../../admin/steps.js'
import type { ChangedRule } from '../../admin/write-rule.js'
import { ruleObservations } from '../../report/rule-observed.js'
import { DIRECTIONS } from '../../rules/last-valid.js'
import { actionOf, type Rule } from '../../rules/rule.js'
import { EVERYONE } from '../../rules/owner.js'
import type { MoveTo } from '../../rules/rule-order.js'
import { inPieces } from '../../work/turns.js'
import { effectSchema } from '../effects.js'
import { assertSeen, etagOf } from '../etag.js'
import { changeableOwner, editorOf, param, visibleOwner } from '../owner-access.js'
import { pageQuery } from '../paging.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import {
  draft,
  etag,
  flag,
  list,
  nullable,
  object,
  ownedRuleFields,
  problemAfterChange,
  ruleReport,
  sameAs,
  shortText,
  standing,
  text,
} from '../schemas.js'
import { listEtag } from '../stored-rules.js'
import { afterChange, listReply, readRule, replacement, ruleReply } from './rule-access.js'

interface RuleBody {
  readonly rule: Readonly<Record<string, unknown>>
}

interface MoveBody {
  readonly before?: string
  readonly after?: string
  readonly to?: 'top' | 'bottom'
}

const effect: Schema = {
  ...nullable(effectSchema),
  description: 'What the rule does as things stand; null for what is no valid rule.',
}
const shownRule: Schema = object({ ...ownedRuleFields, effect })
const changedRule: Schema = object({
  ...ownedRuleFields,
  problem: problemAfterChange,
  effect,
  reports: {
    ...nullable(ruleReport),
    description:
      'What the delivery log has of the rule, of the last 30 days, where the change makes mail bounce or leave in the clear which it did not before; else null, and where that is not recorded.',
  },
})
const ruleList: Schema = object({
  owner: text,
  active: { ...flag, description: 'Whether message rules are switched on for the domain.' },
  rules: list(
    object({ owner: text, id: text, rule: standing, etag, problem: nullable(text), effect, sameAs }),
  ),
})
const direction: Schema = {
  type: 'string',
  enum: DIRECTIONS,
  description: 'Only rules of this direction; what is no valid rule counts as outgoing.',
}
const RULE = '/owners/{owner}/rules/{id}'

export const ruleRoutes = [
  route({
    method: 'get',
    path: '/owners/{owner}/rules',
    operationId: 'listRules',
    rules: 'shown',
    summary: "An owner's rules, in the order in which they decide.",
    needs: 'reader',
    query: { direction, ...pageQuery },
    paged: true,
    answers: { 200: ruleList },
    handle: async (call) =>
      listReply(call, await readOwner(call.context.store, visibleOwner(call, param(call, 'owner')))),
  }),
  route<RuleBody>({
    method: 'post',
    path: '/owners/{owner}/rules',
    operationId: 'createRule',
    rules: 'changed',
    summary: "A new rule at the end of an owner's list, off unless it says otherwise.",
    needs: 'editor',
    confirms: true,
    body: object({ rule: draft }),
    answers: { 201: changedRule },
    handle: create,
  }),
  route({
    method: 'get',
    path: RULE,
    operationId: 'getRule',
    rules: 'shown',
    summary: 'One rule.',
    needs: 'reader',
    answers: { 200: shownRule },
    handle: async (call) => ruleReply(call, await readRule(call, visibleOwner(call, param(call, 'owner')))),
  }),
  route<RuleBody>({
    method: 'put',
    path: RULE,
    operationId: 'setRule',
    rules: 'changed',
    summary: 'Change a rule.',
    needs: 'editor',
    confirms: true,
    precondition: true,
    body: object({ rule: draft }),
    answers: { 200: changedRule },
    handle: edit,
  }),
  route({
    method: 'delete',
    path: RULE,
    operationId: 'deleteRule',
    rules: 'changed',
    summary: 'Delete a rule, also one that is not valid.',
    needs: 'editor',
    confirms: true,
    precondition: true,
    answers: { 204: null },
    handle: remove,
  }),
  route<MoveBody>({
    method: 'post',
    path: `${RULE}/move`,
    operationId: 'moveRule',
    rules: 'changed',
    summary:
      'Another place in the list; If-Match is the ETag of the list, or of the rule. Answers with the first page of the list.',
    needs: 'editor',
    confirms: true,
    query: pageQuery,
    paged: true,
    precondition: true,
    body: {
      ...object(
        { before: shortText, after: shortText, to: { type: 'string', enum: ['top', 'bottom'] } },
        'before',
        'after',
        'to',
      ),
      minProperties: 1,
      maxProperties: 1,
    },
    answers: { 200: ruleList },
    handle: move,
  }),
  route<{ readonly enabled: boolean }>({
    method: 'post',
    path: `${RULE}/enabled`,
    operationId: 'switchRule',
    rules: 'changed',
    summary: 'Switch a rule on or off.',
    needs: 'editor',
    confirms: true,
    body: object({ enabled: flag }),
    answers: { 200: changedRule },
    handle: setEnabled,
  }),
]

async function create(call: Call<RuleBody>): Promise<Reply> {
  const owner = changeableOwner(call, param(call, 'owner'))
  const changed = await createRule(editorOf(call), owner, call.body.rule)
  return { ...(await changedReply(call, changed, null)), status: 201 }
}

async function edit(call: Call<RuleBody>): Promise<Reply> {
  const owner = changeableOwner(call, param(call, 'owner'))
  const found = await readRule(call, owner)
  assertSeen(call, `rule ${found.id}`, etagOf(found.json))
  const wanted = await editedRule(found, found.id, replacement(found.json, call.body.rule))
  const changed = await editRule(editorOf(call), found, found.id, wanted)
  return changedReply(call, changed, wanted.before)
}

async function remove(call: Call): Promise<Reply> {
  const owner = changeableOwner(call, param(call, 'owner'))
  const found = await readRule(call, owner)
  assertSeen(call, `rule ${found.id}`, etagOf(found.json))
  await deleteRule(editorOf(call), owner, found.id, found)
  return {}
}

async function move(call: Call<MoveBody>): Promise<Reply> {
  const { body, context } = call
  const owner = changeableOwner(call, param(call, 'owner'))
  const found = await readRule(call, owner)
  const { entries, id, json } = found
  assertSeen(call, `the list of ${owner}`, await inPieces(listEtag(entries)), etagOf(json))
  const to: MoveTo = body.to === undefined ? { before: body.before, after: body.after } : { [body.to]: true }
  await moveRule(editorOf(call), owner, id, to, found)
  return listReply(call, await readOwner(context.store, owner))
}

async function setEnabled(call: Call<{ readonly enabled: boolean }>): Promise<Reply> {
  const { enabled } = call.body
  const owner = changeableOwner(call, param(call, 'owner'))
  const found = await readRule(call, owner)
  if (call.ifMatch !== null) assertSeen(call, `rule ${found.id}`, etagOf(found.json))
  const changed = await switchRule(editorOf(call), owner, found.id, enabled, found)
  return changedReply(call, changed, enabled ? null : changed.owned.rule)
}

/** The rule after a change, with what the delivery log knows where somebody should look at that. */
async function changedReply(
  call: Call,
  changed: ChangedRule,
  before: Rule | null,
): Promise<Reply & { readonly body: object }> {
  const { context } = call
  const { owned } = changed
  const { rule } = owned
  const step = stepOf(enforcing(before), enforcing(rule), owned.owner === EVERYONE)
  const asked = rule.enabled && (rule.mode === 'report' ? before === null : STEPS[step].asks)
  const { level } = actionOf(rule)
  const reports =
    asked && context.settings().evidence.stream
      ? await ruleObservations(context.deliveries, owned, level === 'none' ? null : level)
      : null
  const reply = await afterChange(call, changed)
  return { ...reply, body: { ...reply.body, reports } }
}

function enforcing(rule: Rule | null): Rule | null {
  return rule?.enabled && rule.mode !== 'report' ? rule : null
}
