/** An owner's rules: the list and its order, and each rule. */
import { valueOf } from '../../store/difference.js'
import { checkingRule } from '../../admin/entry-problems.js'
import { seenBy } from '../../report/rule-observed.js'
import { serviceDomainOf } from '../../rules/owner.js'
import { quote } from '../../text/quote.js'
import type { Rule } from '../../rules/rule.js'
import { newRuleId } from '../../rules/rule-id.js'
import { moveChanges, movedRule, type MoveTo } from '../../rules/rule-order.js'
import { assertSeen, etagOf } from '../etag.js'
import { changeableOwner, param, visibleOwner } from '../owner-access.js'
import { inPieces } from '../../work/turns.js'
import { pageQuery } from '../paging.js'
import { Problem } from '../problem.js'
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
  shortText,
  standing,
  text,
} from '../schemas.js'
import { listEtag, validRules } from '../stored-rules.js'
import { effectSchema } from '../effects.js'
import { isRisky } from '../../admin/risky-change.js'
import { switchOf } from '../../rules/owner-entries.js'
import {
  afterChange,
  checkedRule,
  listReply,
  read,
  readRule,
  ruleReply,
  write,
  type ReadRule,
} from './rule-access.js'

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
  active: { ...flag, description: 'Whether the rules act: the service of the domain is on.' },
  rules: list(object({ owner: text, id: text, rule: standing, etag, problem: nullable(text), effect })),
})
const RULE = '/owners/{owner}/rules/{id}'

export const ruleRoutes = [
  route({
    method: 'get',
    path: '/owners/{owner}/rules',
    operationId: 'listRules',
    summary: "An owner's rules, in the order in which they decide.",
    needs: 'reader',
    query: pageQuery,
    paged: true,
    answers: { 200: ruleList },
    handle: async (call) => listReply(call, await read(call, visibleOwner(call, param(call, 'owner')))),
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
    answers: { 200: shownRule },
    handle: async (call) => ruleReply(call, await readRule(call, visibleOwner(call, param(call, 'owner')))),
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
    summary:
      'Another place in the list; If-Match is the ETag of the list, or of the rule. Answers with the first page of the list.',
    needs: 'editor',
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
    handle: moveRule,
  }),
  route<{ readonly enabled: boolean }>({
    method: 'post',
    path: `${RULE}/enabled`,
    operationId: 'switchRule',
    summary: 'Switch a rule on or off.',
    needs: 'editor',
    body: object({ enabled: flag }),
    answers: { 200: changedRule },
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
  const valid = await inPieces(validRules(entries, groups))
  const position = (valid.at(-1)?.rule.position ?? 0) + 1
  const rule = await checkedRule({ direction: 'outgoing', enabled: false, position, ...body.rule }, groups)
  const id = newRuleId()
  const json = JSON.stringify(rule)
  await context.store.writeRules(owner, [{ id, expected: null, value: json }], { by: identity.author })
  return { ...(await changedReply(call, { ...found, id, json }, null, rule)), status: 201 }
}

async function setRule(call: Call<RuleBody>): Promise<Reply> {
  const owner = changeableOwner(call, param(call, 'owner'))
  const found = await readRule(call, owner)
  assertSeen(call, `rule ${found.id}`, etagOf(found.json))
  const before = valueOf(found.json) as { position?: unknown } | null
  const kept = typeof before?.position === 'number' ? { position: before.position } : {}
  const rule = await checkedRule(
    { direction: 'outgoing', enabled: false, ...kept, ...call.body.rule },
    found.groups,
  )
  const old = await inPieces(checkingRule(owner, found.id, found.json, found.groups))
  return changedReply(call, await write(call, found, rule), 'rule' in old ? old.rule : null, rule)
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
  assertSeen(call, `the list of ${owner}`, await inPieces(listEtag(entries)), etagOf(json))
  const rules = await inPieces(validRules(entries, groups))
  const ids = new Set(rules.map((rule) => rule.id))
  for (const [field, named] of Object.entries({ before: body.before, after: body.after, id })) {
    if (named === undefined || ids.has(named)) continue
    throw new Problem(409, 'no-place', `Rule ${quote(named)} of ${owner} is not there, or not valid.`, {
      field,
    })
  }
  if (body.before === id || body.after === id)
    throw new Problem(422, 'invalid', "A rule can't be moved before or after itself.")
  const to: MoveTo = body.to === undefined ? { before: body.before, after: body.after } : { [body.to]: true }
  const moved = movedRule(rules, id, to, rules.length < entries.rules.size)
  if (moved.changed) {
    const changes = await inPieces(moveChanges(rules, moved.list, entries.rules))
    await context.store.writeRules(owner, changes, { by: identity.author })
  }
  return listReply(call, await read(call, owner))
}

async function switchRule(call: Call<{ readonly enabled: boolean }>): Promise<Reply> {
  const owner = changeableOwner(call, param(call, 'owner'))
  const found = await readRule(call, owner)
  if (call.ifMatch !== null) assertSeen(call, `rule ${found.id}`, etagOf(found.json))
  const checked = await inPieces(checkingRule(owner, found.id, found.json, found.groups))
  if ('problem' in checked)
    throw new Problem(409, 'not-valid', `Rule ${found.id} of ${owner} is not valid: ${checked.problem}.`)
  const { rule } = checked
  const { enabled } = call.body
  const next = { ...rule, enabled }
  const after = rule.enabled === enabled ? found : await write(call, found, next)
  return changedReply(call, after, enabled ? null : rule, next)
}

/** The rule after a change, with what the delivery log knows where somebody should look at that. */
async function changedReply(
  call: Call,
  found: ReadRule,
  before: Rule | null,
  after: Rule,
): Promise<Reply & { readonly body: object }> {
  const { context } = call
  const { owner } = found.entries
  const asked = after.enabled && (after.mode === 'report' ? before === null : isRisky(before, after))
  const { level } = after.actions.relayWithTls
  const reports =
    asked && context.settings().evidence.stream
      ? await seenBy(context.deliveries, { owner, id: found.id }, level === 'none' ? null : level)
      : null
  const reply = await afterChange(call, found)
  return { ...reply, body: { ...reply.body, reports } }
}
