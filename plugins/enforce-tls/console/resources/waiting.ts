/** Mail that waits for a TLS or policy reason, and what administrators order for it. */
import { comparableDomain } from '../../rules/address.js'
import { EVERYONE } from '../../rules/owner.js'
import { quote } from '../../text/quote.js'
import { reasonOf } from '../../waiting/format-waiting.js'
import { giveOrders } from '../../waiting/give-orders.js'
import type { Action } from '../../waiting/orders.js'
import {
  readNodes,
  readWaiting,
  type WaitingFilter,
  type WaitingMessage,
  type WaitingNode,
} from '../../waiting/read-waiting.js'
import { mayChange, maySee, seesAll } from '../auth/permission.js'
import { visibleOwner } from '../owner-access.js'
import { badCursor, cursorOf, Page, pageQuery, pageReply } from '../paging.js'
import { notFound, Problem } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { count, flag, list, nullable, object, shortText, text } from '../schemas.js'

/** Entries of a page, where a request does not say how many. */
const PAGE = 100
/** Most messages of one request, and how long its answer is waited for, in milliseconds. */
const IDS_MAX = 500
const PATIENCE = 5000

const filters = {
  partner: { ...shortText, description: "The recipients' domain." },
  rule: { ...shortText, description: 'The id of a rule that covers the message.' },
  owner: { ...shortText, description: 'Whose rule covers it.' },
} as const

const message: Schema = object({
  id: text,
  node: text,
  uuid: { ...text, description: "The message in Haraka's log." },
  sender: text,
  recipients: { ...list(text), description: 'The first ones.' },
  recipientCount: count,
  domain: text,
  rules: list(object({ owner: text, id: text, name: text })),
  demand: { ...text, description: 'Stands for what is required of whom, and for nothing else.' },
  level: { ...text, description: 'What is required; empty while the rules are unknown.' },
  class: { ...text, description: 'Class of failure; empty if it has none.' },
  host: text,
  detail: text,
  why: { ...text, description: 'Why it waits, for a person: host or gateway, and detail.' },
  since: text,
  next: text,
  until: { ...text, description: 'When it is given up.' },
  tries: count,
  ordered: { ...text, description: 'What is ordered for it and not yet carried out.' },
  releasedBy: text,
})

interface OrderBody {
  readonly action: Action
  readonly ids: readonly string[]
  readonly reason?: string
  readonly shown?: readonly Pick<WaitingMessage, 'id' | 'demand' | 'class'>[]
}

export const waitingRoutes = [
  route({
    method: 'get',
    path: '/waiting',
    operationId: 'listWaiting',
    summary: 'Mail that waits because TLS to its recipients fails, or because its rules are unknown.',
    needs: 'reader',
    searches: true,
    query: { ...filters, ...pageQuery, limit: { ...pageQuery['limit'], default: PAGE } },
    paged: true,
    answers: { 200: list(message) },
    handle: listWaiting,
  }),
  route({
    method: 'get',
    path: '/waiting-nodes',
    operationId: 'listWaitingNodes',
    summary:
      'The Haraka that say what waits there, and when each was last seen. Users who may not see everything get one entry without a name: what holds for any of them.',
    needs: 'reader',
    answers: {
      200: object({
        nodes: list(
          object({
            name: { ...text, description: 'Empty for users who may not see everything.' },
            ...{ seen: text, down: flag, more: flag },
            untried: {
              ...nullable(count),
              description:
                'Messages not tried since it was started: whether they wait for TLS is unknown. Null for some, where how many is not for the user.',
            },
          }),
        ),
        mayRelease: {
          ...flag,
          description: 'Whether this account may release messages, as far as the settings here say.',
        },
      }),
    },
    handle: listNodes,
  }),
  route<OrderBody>({
    method: 'post',
    path: '/waiting/orders',
    operationId: 'orderForWaiting',
    summary:
      'Try messages now, give them up with a bounce, or release one of them once from TLS. Answers with what became of it.',
    needs: 'editor',
    body: object(
      {
        action: { type: 'string', enum: ['retry', 'fail', 'release'] },
        ids: { type: 'array', items: shortText, minItems: 1, maxItems: IDS_MAX },
        reason: { type: 'string', maxLength: 500, description: 'Needed for a release.' },
        shown: {
          ...list(object({ id: shortText, demand: shortText, class: shortText }), IDS_MAX),
          description:
            'What was shown of the messages. One that has changed since is not released or given up. Each of the messages is in it, once. Without it, what the store says of them now counts as shown.',
        },
      },
      ...['reason', 'shown'],
    ),
    answers: {
      200: list(
        object({
          id: text,
          done: { ...nullable(flag), description: 'Whether it was carried out; null if that is unknown.' },
          says: text,
        }),
      ),
    },
    handle: order,
  }),
]

async function listWaiting(call: Call): Promise<Reply> {
  const { messages } = await readWaiting(call.context.waiting, filterOf(call))
  const after = cursorOf(call)
  const start = after === null ? 0 : messages.findIndex((each) => keyOf(each) > after)
  if (after !== null && !/^\d{4}-.* \S+$/.test(after)) throw badCursor(after)
  const page = new Page<object>(call, PAGE)
  let last: string | null = null
  for (const each of start < 0 ? [] : messages.slice(start)) {
    const shown = toEntry(call, each)
    if (!page.add(shown, 1000)) return { body: page.entries, ...pageReply(call, last, messages.length) }
    last = keyOf(each)
  }
  return { body: page.entries, ...pageReply(call, null, messages.length) }
}

async function listNodes({ context, identity }: Call): Promise<Reply> {
  const nodes = (await readNodes(context.waiting)).map(({ name, seen, down, more, untried }) => ({
    ...{ name, seen, down, more, untried },
  }))
  return {
    body: {
      nodes: seesAll(identity) ? nodes : anyOf(nodes),
      mayRelease: identity.role === 'admin' && context.settings().failure.allowRelease,
    },
  }
}

/** What tells that a list may not be complete, without whose mail servers they are, or how many. */
function anyOf(nodes: readonly Omit<WaitingNode, 'node'>[]): readonly object[] {
  const [first, ...rest] = nodes.map(({ seen }) => seen)
  if (first === undefined) return []
  const seen = rest.reduce((oldest, each) => (each < oldest ? each : oldest), first)
  const [down, more] = [nodes.some((each) => each.down), nodes.some((each) => each.more)]
  return [{ name: '', seen, down, more, untried: nodes.some(({ untried }) => untried > 0) ? null : 0 }]
}

async function order({ context, identity, body }: Call<OrderBody>): Promise<Reply> {
  const { action, ids, reason = '' } = body
  if (action === 'release') {
    if (identity.role !== 'admin')
      throw new Problem(403, 'forbidden', 'Only administrators of all may release a message.')
    if (ids.length !== 1)
      throw new Problem(422, 'invalid', 'Messages are released one by one.', { field: 'ids' })
    if (reason.trim() === '')
      throw new Problem(422, 'invalid', 'A release needs a reason.', { field: 'reason' })
  }
  const accepts = (each: WaitingMessage): boolean => maySeeMail(identity, each)
  const { nodes, messages } = await readWaiting(context.waiting, { ids, accepts })
  const missing = ids.find((id) => !messages.some((each) => each.id === id))
  if (missing !== undefined) throw notFound(`waiting message ${quote(missing)}`)
  if (!messages.every((each) => mayChange(identity, domainOf(each.sender))))
    throw new Problem(403, 'forbidden', 'You may look at this mail, but not decide about it.')
  checkShown(body)
  const request = { action, by: identity.author, reason: reason.trim() }
  const shown = messages.map((each) => ({ ...each, ...body.shown?.find(({ id }) => id === each.id) }))
  const results = await giveOrders(context.waiting, { nodes, messages: shown }, request, PATIENCE)
  return { body: results.map(({ message: { id }, done, says }) => ({ id, done, says })) }
}

/** Where somebody was shown something, it was each of these messages, once: nothing else counts as shown. */
function checkShown({ ids, shown }: OrderBody): void {
  if (shown === undefined) return
  const named = new Set(shown.map(({ id }) => id))
  if (named.size < shown.length)
    throw new Problem(422, 'invalid', 'A message is named twice in what was shown.', { field: 'shown' })
  const missing = ids.find((id) => !named.has(id))
  if (missing === undefined) return
  const says = `Message ${quote(missing)} is missing in what was shown: look at it again.`
  throw new Problem(422, 'invalid', says, { field: 'shown' })
}

function filterOf(call: Call): WaitingFilter {
  const { partner, rule, owner } = call.query
  return {
    partner: partner === undefined ? undefined : comparableDomain(String(partner)),
    rule: rule === undefined ? undefined : String(rule),
    owner: owner === undefined ? undefined : visibleOwner(call, String(owner)),
    accepts: (each) => maySeeMail(call.identity, each),
  }
}

/** Mail belongs to the domain of its sender; that of nobody to those who see all. */
function maySeeMail(identity: Call['identity'], { sender }: WaitingMessage): boolean {
  return seesAll(identity) || (sender !== '' && maySee(identity, domainOf(sender)))
}

function domainOf(sender: string): string {
  return comparableDomain(sender.slice(sender.lastIndexOf('@') + 1)) || EVERYONE
}

/** Rules that one may not see are not named. */
function toEntry({ identity }: Call, waiting: WaitingMessage): object {
  const { id, node, uuid, sender, recipients, recipientCount, domain, demand, level, host, detail } = waiting
  const { since, next, until, tries, ordered, releasedBy } = waiting
  const rules = waiting.rules.filter(({ owner }) => maySee(identity, owner))
  const about = { id, node, uuid, sender, recipients, recipientCount, domain, rules, demand, level }
  return {
    ...about,
    class: waiting.class,
    host,
    detail,
    why: reasonOf(waiting),
    since,
    next,
    until,
    tries,
    ordered,
    releasedBy,
  }
}

function keyOf({ since, id }: WaitingMessage): string {
  return `${since} ${id}`
}
