/** Rules that partners would fulfil, by what was seen of mail that no rule covers; and what is made of them. */
import { acceptAsGroup, acceptEach, dismiss } from '../../suggest/accept.js'
import { suggestionData } from '../../suggest/suggestion-data.js'
import { readSuggestions, type Suggestion, type Suggestions } from '../../suggest/suggestions.js'
import { comparableDomain } from '../../rules/address.js'
import { groupNameProblem } from '../../rules/group-name.js'
import { quote } from '../../text/quote.js'
import { maySee } from '../auth/permission.js'
import { changeableOwner, editorOf } from '../owner-access.js'
import { notFound, Problem } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { count, flag, list, nullable, object, shortText, text } from '../schemas.js'

/** Most suggestions of an answer, and most partners of a request: each is a rule. */
const SHOWN_MAX = 200
const PARTNERS_MAX = 100
const DAY = 86_400_000

const level: Schema = object({
  judged: count,
  missed: { ...count, description: 'How many would have bounced or waited.' },
  missedAt: nullable(text),
  why: text,
  held: { ...count, description: 'How many in a row have fulfilled it since.' },
  since: nullable(text),
  last: nullable(text),
})
const suggestion: Schema = object({
  owner: { ...text, description: 'The sending domain.' },
  partner: text,
  level: { ...text, description: 'The strictest level that was fulfilled.' },
  heldLevels: list(text),
  deliveries: count,
  first: nullable(text),
  last: nullable(text),
  held: level,
  stricter: {
    ...nullable({ type: 'object' }),
    description: 'The next stricter level that deliveries have missed, with the same fields.',
  },
  server: {
    ...nullable({ type: 'object' }),
    description: 'The last server that took mail, as it was found.',
  },
  publishes: { ...text, description: 'DANE, MTA-STS or both; empty for nothing, or where that is unknown.' },
  incoming: {
    ...nullable({ type: 'object' }),
    description: 'Mail that names the domain as its sender: a hint, since anybody can write any sender.',
  },
  sentences: list(text),
  rule: { type: 'object', description: 'The rule as it would be made.' },
})

interface ChoiceBody {
  readonly owner: string
  readonly partners: readonly string[]
}
interface AcceptBody extends ChoiceBody {
  readonly group?: string
}
const choice = {
  owner: shortText,
  partners: { type: 'array', items: shortText, minItems: 1, maxItems: PARTNERS_MAX },
} as const

export const suggestionRoutes = [
  route({
    method: 'get',
    path: '/suggestions',
    operationId: 'listSuggestions',
    summary:
      'Rules that partners would fulfil, by what was seen of mail that no rule covers; most deliveries first.',
    needs: 'reader',
    answers: {
      200: object({
        enabled: { ...flag, description: 'Whether this Haraka observes deliveries.' },
        observed: count,
        needed: object({ deliveries: count, days: { type: 'number' } }),
        lost: object({ deliveries: count, last: nullable(text) }),
        total: count,
        suggestions: list(suggestion),
      }),
    },
    handle: listSuggestions,
  }),
  route<AcceptBody>({
    method: 'post',
    path: '/suggestions/accept',
    operationId: 'acceptSuggestions',
    rules: 'changed',
    summary:
      'Make the suggested rules, in mode report: one for each partner, or one about a new group of them.',
    needs: 'editor',
    confirms: true,
    body: object({ ...choice, group: shortText }, 'group'),
    answers: { 201: list(object({ owner: text, id: text, name: text })) },
    handle: accept,
  }),
  route<ChoiceBody>({
    method: 'post',
    path: '/suggestions/dismiss',
    operationId: 'dismissSuggestions',
    summary: 'Suggest no rule for these partners any more, unless they fulfil a stricter level.',
    needs: 'editor',
    body: object(choice),
    answers: { 204: null },
    handle: dismissAll,
  }),
]

function read({ context, identity }: Pick<Call, 'context' | 'identity'>): Promise<Suggestions> {
  const { store, partnerFacts: facts } = context
  const settings = context.settings().suggest
  return readSuggestions({ store, facts, settings, accepts: (owner) => maySee(identity, owner) })
}

async function listSuggestions(call: Call): Promise<Reply> {
  const { suggestions, observed, losses } = await read(call)
  const { enabled, deliveries, period } = call.context.settings().suggest
  const { last } = losses
  return {
    body: {
      enabled,
      observed,
      needed: { deliveries, days: Number((period / DAY).toFixed(2)) },
      lost: { deliveries: losses.deliveries, last: last > 0 ? new Date(last).toISOString() : null },
      total: suggestions.length,
      suggestions: suggestions.slice(0, SHOWN_MAX).map(suggestionData),
    },
  }
}

async function accept(call: Call<AcceptBody>): Promise<Reply> {
  const { body, context, identity } = call
  const { group } = body
  const owner = changeableOwner(call, body.owner)
  if (group !== undefined) {
    if (identity.role !== 'admin')
      throw new Problem(403, 'forbidden', 'Only administrators of all may make a group.')
    const problem = groupNameProblem(group)
    if (problem !== null) throw new Problem(422, 'invalid', `The name ${problem}.`, { field: 'group' })
    if ((await context.store.groups()).has(group))
      throw new Problem(422, 'invalid', `There is a group ${quote(group)} already, which rules may use.`, {
        field: 'group',
      })
  }
  const chosen = await choose(call, owner)
  const editor = editorOf(call)
  const made =
    group === undefined ? await acceptEach(editor, chosen) : [await acceptAsGroup(editor, chosen, group)]
  return { status: 201, body: made.map(({ id, rule }) => ({ owner, id, name: rule.name })) }
}

async function dismissAll(call: Call<ChoiceBody>): Promise<Reply> {
  const owner = changeableOwner(call, call.body.owner)
  for (const each of await choose(call, owner))
    await dismiss(call.context.partnerFacts, each, call.identity.author)
  return {}
}

/** @throws {Problem} 404 for what is not suggested, or not any more. */
async function choose(call: Call<ChoiceBody>, owner: string): Promise<readonly Suggestion[]> {
  const { suggestions } = await read(call)
  return [...new Set(call.body.partners.map(comparableDomain))].map((partner) => {
    const found = suggestions.find((each) => each.owner === owner && each.partner === partner)
    if (!found) throw notFound(`suggestion for ${quote(partner)}`)
    return found
  })
}
