/** What became of mail that rules speak of, out of the delivery log. */
import { conclude, type Conclusion } from '../../report/conclusion.js'
import { type LogScope } from '../../report/scope.js'
import { writingCsv } from '../../report/csv.js'
import type { DeliveryReport } from '../../report/delivery-report.js'
import { toHtml } from '../../report/html.js'
import { withHistory } from '../../report/history-releases.js'
import { readLogScope } from '../../report/log-scope.js'
import { makeReport } from '../../report/make-report.js'
import type { ReportQuery } from '../../report/report-query.js'
import { withRuleNames } from '../../report/rule-names.js'
import { EVERYONE } from '../../rules/owner.js'
import type { InPieces } from '../../work/pieces.js'
import { inPieces } from '../../work/turns.js'
import { maySee } from '../auth/permission.js'
import { writingJson } from '../bodies.js'
import { visibleOwner } from '../owner-access.js'
import { domainIn, periodOf } from '../period.js'
import { shortening } from '../../report/shortened.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { count, flag, list, nullable, shortText, text } from '../schemas.js'

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
    conclusion: { type: 'object' },
    enforced: { type: 'object' },
    before: {
      ...nullable({ type: 'object' }),
      description:
        'With `trend`, `enforced` of the period of the same length before; null where the log does not have all of it.',
    },
    attemptedWithout: {
      ...count,
      description:
        'Messages not counted as such elsewhere, of which an attempt went without what is required.',
    },
    reported: { type: 'object' },
    incoming: { type: 'object' },
    versions: list({ type: 'object' }),
    ciphers: list({ type: 'object' }),
    failures: list({ type: 'object' }),
    partners: list({ type: 'object' }),
    rules: list({ type: 'object' }),
    releases: list({ type: 'object' }),
    historyUnknown: { type: 'boolean', description: 'Releases that only the history has are missing.' },
    gaps: list({ type: 'object' }),
    expiring: list({ type: 'object' }),
    days: list({ type: 'object' }),
    left: {
      type: 'object',
      description:
        'With rows: how many of each list are left out, and how many partners some mail failed for.',
    },
  },
}

/** Of a list that is for a page, so many rows at most are asked for. */
const ROWS_MAX = 1000

const ASKED = { since: shortText, until: shortText, owner: shortText, domain: shortText }

/** The files in which a report can be had. */
const FILES = {
  html: { type: 'text/html; charset=utf-8', write: writeHtml },
  csv: { type: 'text/csv; charset=utf-8', write: writingCsv },
  json: { type: 'application/json', write: writeJson },
} as const

export const reportRoutes = [
  route({
    method: 'get',
    path: '/report',
    operationId: 'report',
    summary: 'What happened to mail that rules cover. Users who may not see everything name an owner.',
    needs: 'reader',
    searches: true,
    query: {
      ...ASKED,
      trend: { ...flag, description: 'Whether to count the period before, too.' },
      rows: {
        type: 'integer',
        minimum: 1,
        maximum: ROWS_MAX,
        description:
          'Most entries of each list that may be long; of partners those that most mail failed for.',
      },
    },
    answers: { 200: report },
    handle: async (call) => {
      const query = queryOf(call)
      const whole = concluded(await makeIt(call, query))
      const { rows, trend } = call.query
      const body = rows === undefined ? whole : await inPieces(shortening(whole, Number(rows)))
      return { body: String(trend) === 'true' ? { ...body, before: await countBefore(call, query) } : body }
    },
  }),
  route({
    method: 'get',
    path: '/report-file',
    operationId: 'reportFile',
    summary: 'The same as a file: a page that needs nothing else, a CSV of partners and releases, or JSON.',
    needs: 'reader',
    searches: true,
    query: { ...ASKED, format: { type: 'string', enum: Object.keys(FILES), default: 'html' } },
    answers: { 200: {} },
    types: ['text/html', 'text/csv', 'application/json'],
    handle: makeFile,
  }),
]

async function makeFile(call: Call): Promise<Reply> {
  const format = (call.query['format'] ?? 'html') as keyof typeof FILES
  const { made, scope } = await makeIt(call, queryOf(call))
  const { type, write } = FILES[format]
  const day = (time: string) => time.slice(0, 10)
  return {
    file: {
      type,
      name: `tls-report-${day(made.since)}-${day(made.until)}.${format}`,
      content: await inPieces(write(made, scope)),
    },
  }
}

/** What is on the page is limited, so that it is written in no time. */
function* writeHtml(made: DeliveryReport, scope: LogScope): InPieces<string[]> {
  yield
  return [toHtml(made, scope)]
}

function* writeJson(made: DeliveryReport, scope: LogScope): InPieces<string[]> {
  return (yield* writingJson(concluded({ made, scope }))).map(String)
}

function concluded({ made, scope }: Made): DeliveryReport & { readonly conclusion: Conclusion } {
  return { ...made, conclusion: conclude(made, scope) }
}

interface Made {
  readonly made: DeliveryReport
  readonly scope: LogScope
}

async function makeIt(call: Call, query: ReportQuery): Promise<Made> {
  const { deliveries, store, waiting, settings } = call.context
  const sees = (owner: string): boolean => maySee(call.identity, owner)
  const all = await withHistory(
    await makeReport(deliveries.read(query.since), query, await deliveries.begins()),
    store,
  )
  // Mail of a domain may be subject to rules of the whole service, too.
  const visible = {
    ...all,
    rules: all.rules.filter(({ owner }) => sees(owner)),
    releases: all.releases.map((release) => ({
      ...release,
      // That there is such a rule is all that is said of it.
      rules: release.rules.map((rule) =>
        sees(rule.owner) ? rule : { owner: rule.owner, id: '', name: null, unique: false },
      ),
    })),
  }
  const { store: place, main } = settings()
  const machine = place.type === 'file' ? 'this machine' : null
  return {
    made: await withRuleNames(visible, store),
    scope: await readLogScope(waiting, { machine, since: query.since, now: query.now, main }),
  }
}

/** What became of mail in the period of the same length before. */
async function countBefore(call: Call, query: ReportQuery): Promise<DeliveryReport['enforced'] | null> {
  const { since: until } = query
  const since = new Date(2 * until.getTime() - query.until.getTime())
  const { made, scope } = await makeIt(call, { ...query, since, until })
  const { logBegins, enforced } = made
  const isWhole = logBegins !== null && logBegins <= since.toISOString()
  return isWhole && conclude(made, scope).uncovered.length === 0 ? enforced : null
}

function queryOf(call: Call): ReportQuery {
  const { owner } = call.query
  const now = new Date()
  const period = periodOf(call, now)
  // Without an owner it is about all mail, as the rules of `*` are.
  const asked = visibleOwner(call, owner === undefined ? EVERYONE : String(owner))
  return {
    since: period.since,
    // Today is a day that is not over.
    until: period.until < now || period.since >= now ? period.until : now,
    owner: owner === undefined ? null : asked,
    domain: domainIn(call, 'domain'),
    now,
  }
}
