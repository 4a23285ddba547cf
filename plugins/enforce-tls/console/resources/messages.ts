/** Single messages out of the delivery log: which there are, what happened to them, and a statement on one. */
import { FAILURE_CLASS_NAMES } from '../../delivery/failure-classes.js'
import { EXPOSURE_RESULTS } from '../../report/trace/exposures.js'
import type { TracedMessage } from '../../report/trace/message.js'
import { searchMessages } from '../../report/trace/search.js'
import { statementOn } from '../../report/trace/statement.js'
import { RESULTS, type ResultAsked, type TraceQuery } from '../../report/trace/trace-query.js'
import { isAsked } from '../../requiretls/ask.js'
import { IGNORED_WHYS } from '../../requiretls/ignored-no.js'
import { EVERYONE } from '../../rules/owner.js'
import { quote } from '../../text/quote.js'
import { maySee } from '../auth/permission.js'
import { param, visibleOwner } from '../owner-access.js'
import { badCursor, cursorOf, Page, pageQuery, pageReply } from '../paging.js'
import { domainIn, periodOf } from '../period.js'
import { notFound } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { count, list, nullable, object, shortText, text } from '../schemas.js'

const COUNT = 50

const step: Schema = object({
  at: text,
  kind: text,
  result: text,
  recipients: count,
  server: nullable(text),
  gateway: nullable(text),
  address: nullable(text),
  protocol: nullable(text),
  cipher: nullable(text),
  certificate: nullable(object({ fingerprint: text, issuer: nullable(text), expires: nullable(text) })),
  verified: {
    ...nullable(list(text)),
    description: 'What of the server was checked; null where no session was as required.',
  },
  requiretls: {
    ...nullable({ type: 'string', enum: ['yes', 'no', 'refused'] }),
    description:
      'Whether it was handed on with REQUIRETLS (RFC 8689): no where it is not offered, refused where it is offered, and was refused then; null where nobody asked for it.',
  },
  class: { ...nullable(text), description: 'Class of failure, where TLS is to blame.' },
  status: nullable(text),
  detail: nullable(text),
  says: { ...text, description: 'What happened, as a sentence.' },
  reason: nullable(text),
})

const exposure: Schema = object({
  at: text,
  uuid: text,
  result: { type: 'string', enum: EXPOSURE_RESULTS },
  how: { type: 'string', enum: ['clear', 'tls', 'unknown'] },
  server: nullable(text),
  address: nullable(text),
  protocol: nullable(text),
  by: { ...nullable(text), description: 'Who released the message.' },
  reason: nullable(text),
})

const message: Schema = object({
  uuid: { ...text, description: "The message in Haraka's log." },
  sender: { ...nullable(text), description: 'Null where only the domain is known.' },
  from: { ...text, description: "The sender's domain." },
  to: { ...list(text), description: 'Recipients that are known; others may be in the log as hashes.' },
  domain: { ...text, description: "The recipients' domain." },
  recipients: count,
  messageId: nullable(text),
  rules: list(object({ owner: text, id: text, name: text }, 'name')),
  level: text,
  first: text,
  last: text,
  state: text,
  nextStep: nullable(text),
  check: {
    ...nullable(object({ gateway: nullable(text) })),
    description:
      "What a check would show of what fails: the gateway of that name, or the recipients' servers; null for nothing.",
  },
  steps: list(step),
  ignoredNo: {
    ...nullable({ type: 'string', enum: IGNORED_WHYS }),
    description:
      'Why TLS-Required: No in its header did not count; null where it does not say that, or that was not looked for.',
  },
  exposures: {
    ...list(exposure),
    description: 'Attempts without what is required, for any recipient of the message at this domain.',
  },
  missing: {
    ...list(text),
    description: 'Why attempts are missing from the delivery log, or may be; empty where nothing says so.',
  },
})

const statement: Schema = object({
  question: text,
  answer: { type: 'string', enum: ['yes', 'not-as-required', 'no', 'not-delivered', 'unknown'] },
  sentence: text,
  facts: list({ type: 'array', prefixItems: [text, text] }),
  verified: list(text),
  notVerified: list(text),
})

const askedFor: Readonly<Record<string, Schema>> = {
  owner: { ...shortText, description: 'Only mail of this owner. Users who may not see everything name one.' },
  to: { ...shortText, description: 'The address of a recipient.' },
  from: { ...shortText, description: 'The address of the sender.' },
}

export const messageRoutes = [
  route({
    method: 'get',
    path: '/messages',
    operationId: 'listMessages',
    summary: 'Messages in the delivery log, the latest first.',
    needs: 'reader',
    searches: true,
    query: {
      since: shortText,
      until: shortText,
      ...askedFor,
      messageId: shortText,
      uuid: shortText,
      partner: { ...shortText, description: "The recipients' domain." },
      rule: { ...shortText, description: 'Name or id of a rule.' },
      result: { type: 'string', enum: RESULTS },
      class: {
        type: 'string',
        enum: FAILURE_CLASS_NAMES,
        description: 'A class of failure that an attempt had, whatever became of the message.',
      },
      ...pageQuery,
      limit: { ...pageQuery['limit'], default: COUNT },
    },
    paged: true,
    answers: {
      200: object({
        messages: list(message),
        logBegins: { ...nullable(text), description: 'The oldest entry of the log; null for none.' },
      }),
    },
    handle: listMessages,
  }),
  route({
    method: 'get',
    path: '/messages/{uuid}',
    operationId: 'getMessage',
    summary: 'One message, and a statement on whether it was encrypted.',
    needs: 'reader',
    searches: true,
    query: askedFor,
    answers: { 200: object({ message, statement }) },
    handle: getMessage,
  }),
]

async function listMessages(call: Call): Promise<Reply> {
  const { deliveries, store } = call.context
  const skip = skipOf(call)
  const limit = Math.min(Number(call.query['limit'] ?? COUNT), COUNT)
  const query = { ...queryOf(call), ...periodOf(call, new Date()) }
  const [{ messages, total }, logBegins] = await Promise.all([
    searchMessages(deliveries, query, { skip, limit }, store),
    deliveries.begins(),
  ])
  const page = new Page<TracedMessage>(call, COUNT)
  for (const each of messages) if (!page.add(visible(call, each), JSON.stringify(each).length)) break
  const next = skip + page.entries.length
  return {
    body: { messages: page.entries, logBegins },
    ...pageReply(call, next < total ? String(next) : null, total),
  }
}

async function getMessage(call: Call): Promise<Reply> {
  const uuid = param(call, 'uuid')
  const query = { ...queryOf(call), uuid, since: new Date(0), until: new Date(Date.now() + 1) }
  const { deliveries, store } = call.context
  const { messages } = await searchMessages(deliveries, query, { skip: 0, limit: 1 }, store)
  const [found] = messages
  if (found?.uuid !== uuid) throw notFound(`message ${quote(uuid)}`)
  const shown = visible(call, found)
  return { body: { message: shown, statement: statementOn(shown) } }
}

function queryOf(call: Call): Omit<TraceQuery, 'since' | 'until'> {
  const given = (name: string): string | null => {
    const value = call.query[name]
    return value === undefined || value === '' ? null : String(value)
  }
  // Without an owner it is about all mail, as the rules of `*` are.
  const owner = visibleOwner(call, given('owner') ?? EVERYONE)
  return {
    owner: given('owner') === null ? null : owner,
    to: given('to'),
    from: given('from'),
    messageId: given('messageId'),
    uuid: given('uuid'),
    partner: domainIn(call, 'partner'),
    rule: given('rule'),
    result: given('result') as ResultAsked | null,
    class: given('class'),
  }
}

/** The cursor of a page is how many messages are before it. */
function skipOf(call: Call): number {
  const cursor = cursorOf(call) ?? '0'
  if (!/^\d{1,6}$/.test(cursor)) throw badCursor(cursor)
  return Number(cursor)
}

/** Mail of a domain may be subject to rules of others, too: that there is such a rule is all that is said of it. */
function visible({ identity }: Call, found: TracedMessage): TracedMessage {
  const rules = found.rules.map((rule) =>
    maySee(identity, rule.owner) || isAsked(rule)
      ? rule
      : { owner: rule.owner, id: '', name: 'a rule of the whole service' },
  )
  return { ...found, rules }
}
