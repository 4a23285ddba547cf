/** What a change would do, before it is made: nothing is written. */
import { plannedMove, switchableRule } from '../../admin/change-rule.js'
import { plannedRuleChanges, RULES_ACTIONS, SEVERAL_MAX, type RulesAction } from '../../admin/change-rules.js'
import { newRule } from '../../admin/create-rule.js'
import { editedRule } from '../../admin/edit-rule.js'
import { formatImpact } from '../../admin/format-impact.js'
import { partnersIn } from '../../admin/impact-partners.js'
import { readOwner, ruleText } from '../../admin/owner-state.js'
import { plannedRemoval } from '../../admin/remove-domain.js'
import { checkedGroup } from '../../admin/set-group.js'
import { asks, STEPS } from '../../admin/steps.js'
import { plannedUndo, stepWith } from '../../admin/undo.js'
import { seenOf } from '../../report/impact-seen.js'
import { EVERYONE } from '../../rules/owner.js'
import type { MoveTo } from '../../rules/rule-order.js'
import { namedChange, ruleChanges, type EntryChange } from '../../store/entry-change.js'
import { effectsFor, impactAsked } from '../effects.js'
import { mayChange, maySee } from '../auth/permission.js'
import { changeableOwner, visibleDomain } from '../owner-access.js'
import { notFound, Problem } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { replacement } from './rule-access.js'
import { count, draft, flag, list, object, shortText, text } from '../schemas.js'
import { EFFECT_STATUSES } from '../../admin/format-effect.js'

interface ImpactBody {
  readonly owner?: string
  readonly id?: string
  readonly rule?: Readonly<Record<string, unknown>>
  readonly enabled?: boolean
  readonly move?: MoveTo & { readonly to?: 'top' | 'bottom' }
  readonly remove?: true
  readonly domain?: string
  readonly group?: string
  readonly patterns?: readonly string[]
  readonly undo?: string
  readonly several?: {
    readonly action: RulesAction
    readonly rules: readonly { readonly owner: string; readonly id: string }[]
  }
}

const partner: Schema = object({
  target: { ...text, description: 'A domain or an address, for POST check.' },
  action: { type: 'object', description: 'What it has to fulfil, as in a rule.' },
})

const impact: Schema = object({
  asks: { ...flag, description: 'Whether it makes mail bounce, or leave in the clear, which it did not.' },
  asked: {
    ...text,
    description:
      'What is asked, for the header X-Asked of the change: another text where the change would do something else.',
  },
  rules: {
    ...list(
      object({
        owner: text,
        id: text,
        name: text,
        step: { type: 'string', enum: Object.keys(STEPS) },
        status: { type: 'string', enum: [...EFFECT_STATUSES] },
        sentences: list(text),
      }),
    ),
    description: 'The first rules for which something changes, and what they would do.',
  },
  more: { ...count, description: 'How many other rules there are.' },
  seen: { ...list(text), description: 'What the delivery log has of that mail, of the last 30 days.' },
  partners: { ...list(partner), description: 'Whom it brings under a requirement, groups expanded.' },
  morePartners: { ...count, description: 'How many partners are left out.' },
  unnamed: {
    ...list(text),
    description: 'Patterns that name no single domain, so that none can be checked.',
  },
})

export const impactRoutes = [
  route<ImpactBody>({
    method: 'post',
    path: '/impact',
    operationId: 'previewChange',
    rules: 'shown',
    summary:
      'What a change would do: of a rule (owner, id, and rule, enabled, move or remove), a new rule (owner, rule), a domain (domain, and enabled or remove), a group (group, patterns), several rules at once (several), or taking a change back (undo).',
    needs: 'editor',
    body: object(
      {
        owner: shortText,
        id: shortText,
        rule: draft,
        enabled: flag,
        move: object(
          { before: shortText, after: shortText, to: { type: 'string', enum: ['top', 'bottom'] } },
          'before',
          'after',
          'to',
        ),
        remove: { type: 'boolean', enum: [true] },
        domain: shortText,
        group: shortText,
        patterns: list(text),
        undo: shortText,
        several: object({
          action: { type: 'string', enum: RULES_ACTIONS },
          rules: {
            type: 'array',
            minItems: 1,
            maxItems: SEVERAL_MAX,
            items: object({ owner: shortText, id: shortText }),
          },
        }),
      },
      ...[
        'owner',
        'id',
        'rule',
        'enabled',
        'move',
        'remove',
        'domain',
        'group',
        'patterns',
        'undo',
        'several',
      ],
    ),
    answers: { 200: impact },
    handle: preview,
  }),
]

async function preview(call: Call<ImpactBody>): Promise<Reply> {
  const { context, identity } = call
  const { impact: found, asked } = await impactAsked(call, await changesOf(call))
  const visible = {
    ...found,
    rules: found.rules.filter(({ owned }) => maySee(identity, owned.owner)),
  }
  // Whoever deletes is told of every rule that ends, asked or not.
  const isRemoval = call.body.remove === true || call.body.several?.action === 'delete'
  const isSpoken = isRemoval ? () => true : asks
  const words = await formatImpact(visible, effectsFor(call, undefined, found.after), isSpoken)
  const looks = (found.asks || isRemoval) && context.settings().evidence.stream
  const idle = new Set(
    words.rules.flatMap(({ impact: each, status }) =>
      status === 'inactive' || status === 'no-effect' ? [each] : [],
    ),
  )
  const { partners, more, unnamed } = partnersIn(visible, (rule) => !idle.has(rule))
  return {
    body: {
      asks: found.asks,
      asked,
      rules: words.rules.map(({ impact: { owned, step }, status, sentences }) => {
        const { owner, id, rule } = owned
        return { owner, id, name: rule.name, step, status, sentences }
      }),
      more: words.more,
      seen: looks ? await seenOf(context.deliveries, visible, isSpoken) : [],
      partners: partners.map(({ domain, recipient, action }) => ({ target: recipient ?? domain, action })),
      morePartners: more,
      unnamed,
    },
  }
}

/** What the change would write. @throws {Problem} {AdminProblem} where it would not be made either. */
async function changesOf(call: Call<ImpactBody>): Promise<readonly EntryChange[]> {
  const { body, context, identity } = call
  const { store } = context
  if (body.undo !== undefined) {
    const { found, step } = await stepWith(store, body.undo)
    if (!step.every(({ key, owner }) => maySee(identity, key === 'groups' ? EVERYONE : owner)))
      throw notFound(`change ${found.field}`)
    return (await plannedUndo(store, step)).changes
  }
  if (body.group !== undefined) {
    if (!mayChange(identity, EVERYONE))
      throw new Problem(403, 'forbidden', 'Your role does not allow changing groups.')
    const patterns = await checkedGroup(body.group, body.patterns ?? [])
    const before = (await store.groups()).get(body.group) ?? null
    return [namedChange('groups', body.group, before, JSON.stringify(patterns))]
  }
  if (body.domain !== undefined) {
    const domain = visibleDomain(call, body.domain)
    changeableOwner(call, domain)
    if (body.remove) return plannedRemoval(store, domain)
    const { service } = await store.readOwner(domain)
    const enabled = body.enabled === true
    return [namedChange('domains', domain, service, JSON.stringify({ enabled }))]
  }
  return body.several ? severalChangesOf(call, body.several) : ruleChangesOf(call, body)
}

/** What cannot be done to one of them is said when it is tried. */
async function severalChangesOf(
  call: Call<ImpactBody>,
  { action, rules }: NonNullable<ImpactBody['several']>,
): Promise<readonly EntryChange[]> {
  const named = rules.map(({ owner, id }) => ({ owner: changeableOwner(call, owner), id }))
  return (await plannedRuleChanges(call.context.store, named, action)).changes
}

async function ruleChangesOf(call: Call<ImpactBody>, body: ImpactBody): Promise<readonly EntryChange[]> {
  if (body.owner === undefined)
    throw new Problem(422, 'invalid', 'Say what would change: owner, domain, group, several or undo.')
  const owner = changeableOwner(call, body.owner)
  const read = await readOwner(call.context.store, owner)
  const { id } = body
  if (id === undefined) {
    const rule = await newRule(read, body.rule ?? {})
    return ruleChanges(owner, [{ id: 'new', expected: null, value: JSON.stringify(rule) }])
  }
  const expected = ruleText(read.entries, id)
  const written = (value: object) => ruleChanges(owner, [{ id, expected, value: JSON.stringify(value) }])
  if (body.remove) return ruleChanges(owner, [{ id, expected, value: null }])
  if (body.move) {
    const { to, ...beside } = body.move
    return (await plannedMove(read, id, to === undefined ? beside : { [to]: true })).changes
  }
  if (body.rule) return written((await editedRule(read, id, replacement(expected, body.rule))).after)
  const enabled = body.enabled === true
  return written({ ...(await switchableRule(read, id, enabled)), enabled })
}
