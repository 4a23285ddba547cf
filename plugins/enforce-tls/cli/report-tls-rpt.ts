/** `enforce-tls report --tls-rpt`: aggregate reports for the operators of the partners (RFC 8460). */
import path from 'node:path'
import { entriesFor } from '../report/make-report.js'
import { dayOf } from '../report/period.js'
import { fileNameOf, makeTlsRpt, type Reporter } from '../report/tls-rpt.js'
import { parseAddress } from '../rules/address.js'
import type { Context } from './context.js'
import { WrongUse } from './refusal.js'
import { writeOutput } from './report-file.js'
import { queryOf, type ReportOptions } from './report-query.js'

/** Prints a JSON array of all reports, or writes each into a file of its own. */
export async function reportTlsRpt(context: Context, options: ReportOptions): Promise<void> {
  const { output, deliveries } = context
  if (options.format !== undefined && options.format !== 'json')
    throw new WrongUse([`--tls-rpt is JSON by its standard; --format ${options.format} does not go with it`])
  const reporter = reporterOf(options)
  const asked = queryOf({ ...options, since: options.since ?? '1d' }, new Date())
  // The RFC wants reports of full days; the day that is not over yet is for tomorrow.
  const query = { ...asked, since: dayOf(asked.since), until: dayOf(asked.until) }
  const reports = await makeTlsRpt(entriesFor(deliveries().read(query.since), query), reporter)
  if (options.output === undefined) return output.raw(`${JSON.stringify(reports, null, 2)}\n`)
  for (const report of reports) {
    const file = path.join(options.output, fileNameOf(report))
    await writeOutput(file, `${JSON.stringify(report, null, 2)}\n`, output.terminal.cwd())
    output.line(`Wrote ${file}`)
  }
  if (reports.length === 0) output.line('No session of whole days of that time is in the delivery log.')
}

function reporterOf({ organization, contact }: ReportOptions): Reporter {
  if (organization === undefined || organization.trim() === '')
    throw new WrongUse(['--tls-rpt needs --organization <name>: who reports'])
  if (contact === undefined)
    throw new WrongUse(['--tls-rpt needs --contact <address>: whom the operators may ask'])
  const parsed = parseAddress(contact)
  if ('problem' in parsed) throw new WrongUse([`--contact ${JSON.stringify(contact)} ${parsed.problem}`])
  return { organization, contact }
}
