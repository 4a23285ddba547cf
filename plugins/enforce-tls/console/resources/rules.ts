/** An owner's rules: the list and its order, and each rule. */
import { ruleProblem } from '../../entries/entry-problems.js'
import { seenBy } from '../../report/rule-seen.js'
import { quote, serviceDomainOf } from '../../rules/owner.js'
import type { Rule } from '../../rules/rule.js'
import { newRuleId } from '../../rules/rule-id.js'
import { moveChanges, movedRule, type MoveTo } from '../../rules/rule-order.js'
import { assertSeen, etagOf } from '../etag.js'
import { changeableOwner, param, visibleOwner } from '../owner-access.js'
import { Problem } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import {
  changedRule,
  draft,
  etag,
  flag,
  list,
  nullable,
  object,
  ownedRule,
  ruleReport,
  shortText,
  standing,
  text,
} from '../schemas.js'
import { switchOf } from '../../rules/owner-entries.js'
import { listEtag, storedRule, validRules } from '../stored-rules.js'
import { changedReply, checkedRule, listReply, read, readRule, ruleReply, write } from './rule-access.js'

interface RuleBody {
  readonly rule: Readonly<Record<string, unknown>>
}

interface MoveBody {
  readonly before?: string
  readonly after?: string
  readonly to?: 'top' | 'bottom'
}

const ruleList: Schema = object({
  owner: text,
  active: { ...flag, description: 'Whether the rules act: the service of the domain is on.' },
  rules: list(object({ owner: text, id: text, rule: standing, etag, problem: nullable(text) })),
})
const RULE = '/owners/{owner}/rules/{id}'

export const ruleRoutes = [
  route({
    method: 'get',
    path: '/owners/{owner}/rules',
    operationId: 'listRules',
    summary: "An owner's rules, in the order in which they decide.",
    needs: 'reader',
    answers: { 200: ruleList },
    handle: async (call) => listReply(await read(call, visibleOwner(call, param(call, 'owner')))),
  }),
  route<RuleBody>({
    method: 'post',
    path: '/owners/{owner}/rules',
    operationId: 'createRule',
    summary: "A new rule at the end of an owner's list, off unless it says otherwise.",
    needs: 'editor',
    body: object({ rule: draft }),
    answers: { 201: changedRule },
    handle: createRule,
  }),
  route({
    method: 'get',
    path: RULE,
    operationId: 'getRule',
    summary: 'One rule.',
    needs: 'reader',
    answers: { 200: ownedRule },
    handle: async (call) => ruleReply(await readRule(call, visibleOwner(call, param(call, 'owner')))),
  }),
  route<RuleBody>({
    method: 'put',
    path: RULE,
    operationId: 'setRule',
    summary: 'Change a rule.',
    needs: 'editor',
    precondition: true,
    body: object({ rule: draft }),
    answers: { 200: changedRule },
    handle: setRule,
  }),
  route({
    method: 'delete',
    path: RULE,
    operationId: 'deleteRule',
    summary: 'Delete a rule, also one that is not valid.',
    needs: 'editor',
    precondition: true,
    answers: { 204: null },
    handle: deleteRule,
  }),
  route<MoveBody>({
    method: 'post',
    path: `${RULE}/move`,
    operationId: 'moveRule',
    summary: 'Another place in the list; If-Match is the ETag of the list, or of the rule.',
    needs: 'editor',
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
    handle: moveRule,
  }),
  route<{ readonly enabled: boolean }>({
    method: 'post',
    path: `${RULE}/enabled`,
    operationId: 'switchRule',
    summary: 'Switch a rule on or off.',
    needs: 'editor',
    body: object({ enabled: flag }),
    answers: {
      200: object({
        ...(changedRule['properties'] as Readonly<Record<string, Schema>>),
        reports: {
          ...nullable(ruleReport),
          description:
            'What the rule saw in mode `report`, in the last 30 days; null where it is switched off, or that is not recorded.',
        },
      }),
    },
    handle: switchRule,
  }),
]

async function createRule(call: Call<RuleBody>): Promise<Reply> {
  const { context, identity, body } = call
  const owner = changeableOwner(call, param(call, 'owner'))
  const found = await read(call, owner)
  const { entries, groups } = found
  const service = switchOf(entries, 'unknown')
  if (service.problem !== null)
    throw new Problem(
      409,
      'service-invalid',
      `The service of ${serviceDomainOf(owner) ?? owner} is not valid, so there can be no new rules for it; switch it on or off first: ${service.problem}.`,
    )
  if (service.is !== 'on')
    throw new Problem(
      409,
      'service-off',
      `The service of ${serviceDomainOf(owner) ?? owner} is off, so there can be no new rules for it; switch it on first.`,
    )
  const position = (validRules(entries, groups).at(-1)?.rule.position ?? 0) + 1
  const rule = checkedRule({ direction: 'outgoing', enabled: false, position, ...body.rule }, groups)
  const id = newRuleId()
  const json = JSON.stringify(rule)
  await context.store.writeRules(owner, [{ id, expected: null, value: json }], { by: identity.author })
  return { ...changedReply({ ...found, id, json }), status: 201 }
}

async function setRule(call: Call<RuleBody>): Promise<Reply> {
  const owner = changeableOwner(call, param(call, 'owner'))
  const found = await readRule(call, owner)
  assertSeen(call, `rule ${found.id}`, etagOf(found.json))
  const before = storedRule(owner, found.id, found.json, found.groups).rule as { position?: unknown } | null
  const kept = typeof before?.position === 'number' ? { position: before.position } : {}
  const rule = checkedRule(
    { direction: 'outgoing', enabled: false, ...kept, ...call.body.rule },
    found.groups,
  )
  return changedReply(await write(call, found, rule))
}

async function deleteRule(call: Call): Promise<Reply> {
  const owner = changeableOwner(call, param(call, 'owner'))
  const { id, json } = await readRule(call, owner)
  assertSeen(call, `rule ${id}`, etagOf(json))
  const by = call.identity.author
  await call.context.store.writeRules(owner, [{ id, expected: json, value: null }], { by })
  return {}
}

async function moveRule(call: Call<MoveBody>): Promise<Reply> {
  const { context, identity, body } = call
  const owner = changeableOwner(call, param(call, 'owner'))
  const { entries, groups, id, json } = await readRule(call, owner)
  assertSeen(call, `the list of ${owner}`, listEtag(entries), etagOf(json))
  const rules = validRules(entries, groups)
  for (const [field, named] of Object.entries({ before: body.before, after: body.after, id })) {
    if (named === undefined || rules.some((rule) => rule.id === named)) continue
    throw new Problem(409, 'no-place', `Rule ${quote(named)} of ${owner} is not there, or not valid.`, {
      field,
    })
  }
  if (body.before === id || body.after === id)
    throw new Problem(422, 'invalid', "A rule can't be moved before or after itself.")
  const to: MoveTo = body.to === undefined ? { before: body.before, after: body.after } : { [body.to]: true }
  const moved = movedRule(rules, id, to, rules.length < entries.rules.size)
  if (moved.changed) {
    const changes = moveChanges(rules, moved.list, entries.rules)
    await context.store.writeRules(owner, changes, { by: identity.author })
  }
  return listReply(await read(call, owner))
}

async function switchRule(call: Call<{ readonly enabled: boolean }>): Promise<Reply> {
  const { context } = call
  const owner = changeableOwner(call, param(call, 'owner'))
  const found = await readRule(call, owner)
  if (call.ifMatch !== null) assertSeen(call, `rule ${found.id}`, etagOf(found.json))
  const problem = ruleProblem(owner, found.id, found.json, found.groups)
  if (problem !== null)
    throw new Problem(409, 'not-valid', `Rule ${found.id} of ${owner} is not valid: ${problem}.`)
  const rule = JSON.parse(found.json) as Rule
  const { enabled } = call.body
  const after = rule.enabled === enabled ? found : await write(call, found, { ...rule, enabled })
  const reply = changedReply(after)
  // What it has seen is asked for by who switches it on.
  const asked = enabled && context.settings().evidence.stream
  const reports = asked ? await seenBy(context.deliveries, { owner, id: found.id }) : null
  return { ...reply, body: { ...reply.body, reports } }
}
