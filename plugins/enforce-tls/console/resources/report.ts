/** What became of mail that rules speak of, out of the delivery log. */
import { makeReport } from '../../report/make-report.js'
import type { ReportQuery } from '../../report/report-query.js'
import { EVERYONE } from '../../rules/owner.js'
import { maySee } from '../auth/permission.js'
import { visibleOwner } from '../owner-access.js'
import { domainIn, periodOf } from '../period.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { list, nullable, shortText, text } from '../schemas.js'

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
    logBegins: nullable(text),
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
  const { deliveries } = call.context
  const made = await makeReport(deliveries.read(query.since), query, await deliveries.begins())
  // Mail of a domain may be subject to rules of the whole service, too.
  return { body: { ...made, rules: made.rules.filter(({ owner }) => maySee(call.identity, owner)) } }
}

function queryOf(call: Call): ReportQuery {
  const { owner } = call.query
  const now = new Date()
  const period = periodOf(call, now)
  // Without an owner it is about all mail, as the rules of `*` are.
  const asked = visibleOwner(call, owner === undefined ? EVERYONE : String(owner))
  return {
    ...period,
    owner: owner === undefined ? null : asked,
    domain: domainIn(call, 'domain'),
    now,
  }
}
