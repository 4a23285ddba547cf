/** `enforce-tls status`: whether the store is in order, and with `--fix` the way out where it is not. */
import type { TrustFacts } from '../delivery/tls/trust-facts.js'
import { examples, type Context, type Root, type WithStore } from './context.js'
import { numbered } from '../text/list.js'
import { timesAsRead } from '../text/utc.js'
import { valueOf } from '../store/difference.js'
import { StoreError } from '../store/rule-store.js'
import { forwardedState, forwardedWarnings } from './format-forwarded.js'
import { printWarning } from './output.js'
import { Refusal } from './refusal.js'
import { isFirst, standingIn } from './status-standing.js'
import { formatGateways, gatewayFacts, gatewayWarnings } from './status-gateways.js'
import { keptState } from './status-kept.js'
import { formatResolvers, resolverState, resolverWarnings } from './status-dns.js'
import { deliveryLogFacts } from './status-log.js'
import { mailedState } from './status-mailed.js'
import { formatRequireTls, requireTlsState } from './status-requiretls.js'
import { suggestState } from './status-suggest.js'
import { formatTrusts, trustState } from './status-trusts.js'
import { tlsRptState, type TlsRptStatus } from './status-tls-rpt.js'
import { offerRemoval } from './status-fix.js'
import { ruleRemarks } from './status-remarks.js'
import { reportOn, type StoreProblem } from './status-report.js'

interface StatusOptions {
  readonly fix?: true | undefined
  readonly yes?: true | undefined
}

/** Adds the `status` command to the program. */
export function addStatusCommand(program: Root, withStore: WithStore): void {
  program
    .command('status')
    .description(
      'show the store, what it holds, every entry that is not valid, and what endangers the rules; exit code 1 if there is a problem',
    )
    .option('--fix', 'show each entry that is not valid, and offer to remove it')
    .option(
      '--yes',
      'with --fix: remove what is certainly not in force, without a question; history keeps it',
    )
    .addHelpText('after', examples('status', 'status --json', 'status --fix'))
    .action((options, command) =>
      withStore(command.optsWithGlobals(), (context) => showStatus(context, options)),
    )
}

async function showStatus(context: Context, { fix, yes }: StatusOptions): Promise<void> {
  const { store, output } = context
  const facts = await store.facts().catch((error: unknown) => {
    if (!(error instanceof StoreError) || !/refuses connections/.test(error.message) || !isFirst(context))
      throw error
    throw new Refusal([
      error.message,
      'rules can also be kept in a file, without Redis: [store] type=file in config/enforce-tls.ini',
    ])
  })
  // First: it says by itself which rights are missing.
  const [standing, tlsRpt, mailed, suggested, kept] = await Promise.all([
    standingIn(context),
    tlsRptState(context),
    mailedState(context),
    suggestState(context),
    keptState(context),
  ])
  const { lookingAtPublished, naming, ...entries } = await reportOn(context)
  const { settings, folder } = context
  // Only what a Haraka enforces, and only where its resolvers are known.
  const waiting = folder === null || settings.main.reportOnly ? [] : lookingAtPublished
  const resolvers = await resolverState(context, waiting)
  const { trusts, warnings: trustWarnings } = trustState(context, settings.main.reportOnly ? [] : naming)
  const gateways = gatewayFacts(context)
  const warnings = [
    ...standing.warnings,
    ...resolverWarnings(resolvers, waiting),
    ...(tlsRpt?.warnings ?? []),
    ...(mailed?.warnings ?? []),
    ...trustWarnings,
    ...gatewayWarnings(gateways),
    ...forwardedWarnings(context),
    ...(kept?.warnings ?? []),
    ...(await ruleRemarks(context)),
  ]
  const about = standing.problems.map((sentence) => ({ sentence, value: null, removal: null, risk: null }))
  const report = { ...entries, problems: [...about, ...entries.problems] }
  const { domains, rules } = report
  const forwarded = forwardedState(context)
  const requireTls = requireTlsState(context)
  const log = await deliveryLogFacts(context)
  output.facts({
    ...read({ ...facts, ...log, marker: standing.marker }),
    owners: String(report.owners),
    domains: `${domains.on} on, ${domains.off} off`,
    rules: `${rules.on} on, ${rules.off} off, ${rules.sleeping} inactive (switched off for their domain), ${rules.expired} expired`,
    ...(report.beside === 0
      ? {}
      : {
          'beside broken ones': `${numbered(report.beside, 'rule')} that ${report.beside === 1 ? 'is' : 'are'} on: mail of the same owners waits where Haraka has read no valid version of the broken ones`,
        }),
    groups: String(report.groups),
    ...(forwarded === null ? {} : { 'forwarded mail': forwarded }),
    ...(requireTls === null ? {} : { REQUIRETLS: formatRequireTls(requireTls) }),
    ...(resolvers.length === 0 ? {} : { 'DNS resolvers': formatResolvers(resolvers) }),
    ...(tlsRpt === null ? {} : { 'TLS reports': tlsRpt.text }),
    ...(mailed === null ? {} : { 'reports by mail': mailed.text }),
    ...(suggested === null ? {} : { suggestions: suggested.text }),
    ...(trusts.length === 0 ? {} : { trusts: formatTrusts(trusts) }),
    ...(gateways.length === 0 ? {} : { gateways: formatGateways(gateways) }),
    ...(kept === null || kept.count === 0 ? {} : { kept: kept.text }),
    problems: String(report.problems.length),
    warnings: String(warnings.length),
  })
  for (const spelling of report.spellings) printWarning(output.terminal, spelling)
  const removed = fix ? await offerRemoval(context, report, yes === true) : []
  const gone = new Set(removed)
  const left = report.problems.filter((problem) => !gone.has(problem))
  output.data({
    ...facts,
    ...(log['delivery log'] === undefined ? {} : { deliveryLog: log['delivery log'] }),
    id: standing.id,
    ...report,
    ...(forwarded === null ? {} : { forwardedMail: context.settings.main.forwardedMail }),
    ...(requireTls === null ? {} : { requireTls }),
    problems: left.map(dataOf),
    ...(resolvers.length === 0 ? {} : { resolvers }),
    ...(tlsRpt === null ? {} : { tlsReports: dataOfReports(tlsRpt) }),
    ...(mailed === null ? {} : { mailedReports: { period: mailed.period, sent: mailed.sent } }),
    ...(suggested === null ? {} : { suggestions: { observed: suggested.observed, lost: suggested.lost } }),
    ...(trusts.length === 0 ? {} : { trusts: trusts.map(dataOfTrust) }),
    ...(gateways.length === 0 ? {} : { gateways }),
    ...(kept === null ? {} : { kept: { folder: kept.folder, count: kept.count, latest: kept.latest } }),
    warnings,
    ...(fix ? { removed: removed.map(dataOf) } : {}),
  })
  if (!output.json) for (const warning of warnings) printWarning(output.terminal, warning)
  const [first, ...rest] = left.map(({ sentence }) => sentence)
  if (first === undefined) return
  const fixable = left.some(({ removal }) => removal !== null) && !fix
  const ways = fix ? left.flatMap(({ risk }) => risk?.commands ?? []) : []
  throw new Refusal([first, ...rest], fixable ? [context.command('status', '--fix')] : ways)
}

/** Facts that data has, too, for a person. */
function read(facts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(facts).map(([name, text]) => [name, timesAsRead(text)]))
}

function dataOfReports({ day, sent, lastSent, failed }: TlsRptStatus): object {
  return { day, sent, lastSent, failed }
}

function dataOfTrust({ name, problem, certificates, warnings }: TrustFacts): object {
  return { name, problem, certificates, warnings: warnings.map(({ text }) => text) }
}

function dataOf({ sentence, value, removal }: StoreProblem): object {
  const { key, owner, field } = removal ?? { key: null, owner: null, field: null }
  return { problem: sentence, key, owner, field, value: valueOf(value) }
}
