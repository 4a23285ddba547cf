/** What became of mail that rules speak of, out of the delivery log. */
import { formatFlaw } from '../../rules/format-problem.js'
import { makeReport } from '../../report/make-report.js'
import { type ReportQuery, parseSince, parseUntil } from '../../report/report-query.js'
import { parseDomain } from '../../rules/address.js'
import { EVERYONE } from '../../rules/owner.js'
import { quote } from '../../text/quote.js'
import { maySee } from '../auth/permission.js'
import { visibleOwner } from '../owner-access.js'
import { Problem } from '../problem.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { list, nullable, shortText, text } from '../schemas.js'

/** Where a report begins by default. */
const SINCE = '7d'
const TIMES = 'use a time such as 7d, 2026-11-01 or 2026-11-01T08:00:00Z'

const report: Schema = {
  type: 'object',
  description: 'As `enforce-tls report --json` prints it.',
  required: ['generated', 'since', 'until', 'enforced', 'reported', 'partners', 'rules', 'days'],
  properties: {
    generated: text,
    since: text,
    until: text,
    owner: nullable(text),
    domain: nullable(text),
    firstEntry: nullable(text),
    enforced: { type: 'object' },
    reported: { type: 'object' },
    incoming: { type: 'object' },
    versions: list({ type: 'object' }),
    failures: list({ type: 'object' }),
    partners: list({ type: 'object' }),
    rules: list({ type: 'object' }),
    expiring: list({ type: 'object' }),
    days: list({ type: 'object' }),
  },
}

export const reportRoutes = [
  route({
    method: 'get',
    path: '/report',
    operationId: 'report',
    summary: 'What happened to mail that rules cover. Users who may not see everything name an owner.',
    needs: 'reader',
    query: { since: shortText, until: shortText, owner: shortText, domain: shortText },
    answers: { 200: report },
    handle: makeIt,
  }),
]

async function makeIt(call: Call): Promise<Reply> {
  const query = queryOf(call)
  const made = await makeReport(call.context.deliveries.read(query.since), query)
  // Mail of a domain may be subject to rules of the whole service, too.
  return { body: { ...made, rules: made.rules.filter(({ owner }) => maySee(call.identity, owner)) } }
}

function queryOf(call: Call): ReportQuery {
  const { since = SINCE, until, owner, domain } = call.query
  const now = new Date()
  const from = timeOf('since', String(since), parseSince(String(since), now))
  const to = until === undefined ? now : timeOf('until', String(until), parseUntil(String(until), now))
  if (from >= to) throw new Problem(422, 'invalid', 'since must be before until.', { field: 'since' })
  // Without an owner it is about all mail, as the rules of `*` are.
  const asked = visibleOwner(call, owner === undefined ? EVERYONE : String(owner))
  return {
    since: from,
    until: to,
    owner: owner === undefined ? null : asked,
    domain: domain === undefined ? null : domainOf(String(domain)),
    now,
  }
}

function timeOf(field: string, given: string, time: Date | null): Date {
  if (time) return time
  throw new Problem(422, 'invalid', `${quote(given)}: ${TIMES}`, { field, value: given })
}

function domainOf(given: string): string {
  const parsed = parseDomain(given)
  if ('domain' in parsed) return parsed.domain
  throw new Problem(422, 'invalid', `${quote(given)} ${formatFlaw(parsed)}`, {
    field: 'domain',
    value: given,
  })
}
