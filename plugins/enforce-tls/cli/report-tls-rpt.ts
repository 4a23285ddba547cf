/** `enforce-tls report --tls-rpt`: aggregate reports for the operators of the partners (RFC 8460). */
import { formatFlaw } from '../rules/format-problem.js'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import type { DeliveryLog } from '../store/delivery-log.js'
import { entriesFor, type ReportQuery, dayOf } from '../report/report-query.js'
import { makeTlsRpt, type Reporter } from '../report/tls-rpt.js'
import { parseAddress } from '../rules/address.js'
import type { Context } from './context.js'
import { printWarning } from './output.js'
import { WrongUse } from './refusal.js'
import { queryOf, type ReportOptions, writeOutput } from './report-query.js'

/** Prints a JSON array of all reports, or writes each into a file of its own. */
export async function reportTlsRpt(context: Context, options: ReportOptions): Promise<void> {
  const { output, deliveries } = context
  if (options.format !== undefined && options.format !== 'json')
    throw new WrongUse([`--tls-rpt is JSON by its standard; --format ${options.format} does not go with it`])
  if (options.gzip && options.output === undefined)
    throw new WrongUse(['--gzip needs --output <folder>: only files are compressed'])
  const query = wholeDays(queryOf({ ...options, since: options.since ?? '1d' }, new Date()))
  const reporter = reporterOf(options, query)
  const reports = await makeTlsRpt(entriesFor(deliveries().read(query.since), query), reporter)
  await warnOfGap(context, deliveries(), query)
  const { terminal } = output
  if (query.since >= query.until)
    printWarning(
      terminal,
      'no whole day (UTC) is in that time, so there is no report: a report of a day is made once it is over',
    )
  else if (reports.length === 0)
    printWarning(
      terminal,
      'the delivery log has no sessions of whole days in that time, so there is no report',
    )
  if (options.output === undefined)
    return output.raw(
      `${JSON.stringify(
        reports.map(({ report }) => report),
        null,
        2,
      )}\n`,
    )
  for (const { report, fileName } of reports) {
    const text = `${JSON.stringify(report, null, 2)}\n`
    const file = path.join(options.output, options.gzip ? `${fileName}.gz` : fileName)
    await writeOutput(file, options.gzip ? gzipSync(text) : text, output.terminal.cwd())
    output.line(`Wrote ${file}`)
  }
}

/** The RFC wants reports of full days; the day that is not over yet is for tomorrow. */
function wholeDays(asked: ReportQuery): ReportQuery {
  const { since, until, now } = asked
  return { ...asked, since: dayOf(since), until: dayOf(until < now ? until : now) }
}

/** A log that has forgotten a part of a day makes a report of the rest. */
async function warnOfGap(
  { output: { terminal } }: Context,
  log: Pick<DeliveryLog, 'read'>,
  { since, until }: ReportQuery,
): Promise<void> {
  for await (const { at } of log.read(new Date(0))) {
    if (at === undefined || Number.isNaN(Date.parse(at))) continue
    if (at > since.toISOString() && at < until.toISOString())
      printWarning(
        terminal,
        `the delivery log begins at ${at}: what was before it on that day is in no report. [evidence] max_entries says how much is kept.`,
      )
    return
  }
}

function reporterOf({ organization, contact }: ReportOptions, { owner }: ReportQuery): Reporter {
  if (organization === undefined || organization.trim() === '')
    throw new WrongUse(['--tls-rpt needs --organization <name>: who reports'])
  if (contact === undefined)
    throw new WrongUse(['--tls-rpt needs --contact <address>: whom the operators may ask'])
  const parsed = parseAddress(contact)
  if ('problem' in parsed) throw new WrongUse([`--contact ${JSON.stringify(contact)} ${formatFlaw(parsed)}`])
  const local = contact.slice(0, contact.lastIndexOf('@'))
  return { organization, contact: `${local}@${parsed.address.domain}`, owner }
}
