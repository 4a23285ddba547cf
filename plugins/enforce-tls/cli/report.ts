/** `enforce-tls report`: what became of mail that rules speak of, out of the delivery log. */
import { Option } from '@commander-js/extra-typings'
import { conclude } from '../report/conclusion.js'
import { type LogScope } from '../report/scope.js'
import { toCsv } from '../report/csv.js'
import { withHistory } from '../report/history-releases.js'
import { readLogScope } from '../report/log-scope.js'
import type { DeliveryReport } from '../report/delivery-report.js'
import { toHtml } from '../report/html.js'
import { makeReport } from '../report/make-report.js'
import { withRuleNames } from '../report/rule-names.js'
import { examples, type Context, type Root, type WithStore } from './context.js'
import { warnOfOwner } from './owner-known.js'
import { WrongUse } from './refusal.js'
import {
  FORMATS,
  queryOf,
  SINCE,
  TIMES,
  type Format,
  type ReportOptions,
  writeOutput,
} from './report-query.js'
import { toTables } from './report-table.js'
import { reportTlsRpt } from './report-tls-rpt.js'

/** Adds the `report` command to the program. */
export function addReportCommand(program: Root, withStore: WithStore): void {
  program
    .command('report')
    .description(
      'show what happened to mail that rules cover: results, TLS versions, failures by class and partner, what ' +
        'rules in mode report would have done, and certificates that expire soon; from the delivery log',
    )
    .option(
      '--owner <owner>',
      'only mail of this domain, or that rules of this sender address or of * apply to',
    )
    .option('--since <time>', `from then on (default: ${SINCE}): ${TIMES}`)
    .option('--until <time>', 'before then, a day included (default: now)')
    .option('--domain <domain>', 'only mail to this domain')
    .addOption(new Option('--format <format>', 'how to print it (default: table)').choices(FORMATS))
    .option('--output <file>', 'write it there; with --tls-rpt, a folder for a file for each report')
    .option(
      '--tls-rpt',
      'reports for the operators of the partners (RFC 8460), one for each domain and whole UTC day ' +
        '(default: yesterday), as JSON',
    )
    .option('--organization <name>', 'with --tls-rpt: who reports')
    .option('--contact <address>', 'with --tls-rpt: whom the operators may ask')
    .option('--gzip', 'with --tls-rpt and --output: compressed, as the RFC wants them to be sent')
    .addHelpText(
      'after',
      examples(
        'report',
        'report --owner acme.example --since 2026-11-01 --until 2026-11-30',
        'report --since 30d --format html --output report.html',
        'report --tls-rpt --organization "Acme Ltd" --contact tls@acme.example --output reports/ --gzip',
      ),
    )
    .action((options: ReportOptions, command) => {
      const all = command.optsWithGlobals()
      return withStore(all, (context) =>
        options.tlsRpt ? reportTlsRpt(context, options) : report(context, options),
      )
    })
}

async function report(context: Context, options: ReportOptions): Promise<void> {
  const { output, deliveries } = context
  for (const option of ['organization', 'contact', 'gzip'] as const)
    if (options[option] !== undefined) throw new WrongUse([`--${option} belongs to --tls-rpt`])
  const format = options.format ?? (output.json ? 'json' : 'table')
  if (output.json && format !== 'json')
    throw new WrongUse([`--json and --format ${format} contradict each other; give one of them`])
  const query = queryOf(options, new Date())
  if (query.owner !== null) await warnOfOwner(context, query.owner)
  const log = deliveries()
  const made = await withRuleNames(
    await withHistory(await makeReport(log.read(query.since), query, await log.begins()), context.store),
    context.store,
  )
  const { store: place, main } = context.settings
  const machine = place.type === 'file' ? 'this machine' : null
  const scope = await readLogScope(context.waiting(), { machine, since: query.since, now: query.now, main })
  const text = formatted(
    { made, scope },
    format,
    options.output === undefined ? output.terminal.stdout.columns : 80,
  )
  if (options.output === undefined) output.raw(text)
  else {
    await writeOutput(options.output, text, output.terminal.cwd())
    output.line(`Wrote ${options.output}.`)
  }
  if (made.firstEntry === null && format === 'table') explainEmptiness(context)
}

function formatted(
  { made, scope }: { readonly made: DeliveryReport; readonly scope: LogScope },
  format: Format,
  columns: number | undefined,
): string {
  switch (format) {
    case 'table':
      return toTables(made, columns, scope)
    case 'csv':
      return toCsv(made, scope)
    case 'json':
      return `${JSON.stringify({ ...made, conclusion: conclude(made, scope) }, null, 2)}\n`
    case 'html':
      return toHtml(made, scope)
  }
}

function explainEmptiness({ output, deliveries, settings }: Context): void {
  output.line(`The delivery log (${deliveries().description}) has no entries for that.`)
  if (!settings.evidence.stream)
    output.line(
      'It is switched off ([evidence] stream=false in enforce-tls.ini); set it to true to record deliveries.',
    )
}
