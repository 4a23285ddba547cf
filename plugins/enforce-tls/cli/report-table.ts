/** A report as sentences and tables for a terminal. Pure. */
import { listed } from '../text/list.js'
import type { DeliveryReport } from '../report/delivery-report.js'
import { EXPIRES_SOON } from '../check/certificate-facts.js'
import {
  formatEnforced,
  formatIncoming,
  percent,
  formatReported,
  formatScope,
  utc,
} from '../report/format.js'
import { drawTable, type Cell } from './table.js'
import { oneLine } from '../text/one-line.js'
import { wrap } from '../text/wrap.js'
import { conclude } from '../report/conclusion.js'
import { WHOLE_LOG, type LogScope } from '../report/scope.js'
import { formatDeparture } from '../report/releases.js'
import { ruleLabel } from '../report/rule-names.js'

/** Partners beyond these are left to the other formats. */
const PARTNERS_MAX = 20
/** Names in a sentence are few and short; what comes after them must not be cut off. */
const SENTENCE_MAX = 5000
/** A report is a text of this width wherever it goes: it is kept and sent. */
const WIDTH = 80
const NAME_WIDTH = 22
const FACT_WIDTH = WIDTH - NAME_WIDTH - 2

/** The report as text, no wider than the terminal, or than 80 columns. */
export function toTables(report: DeliveryReport, columns?: number, scope: LogScope = WHOLE_LOG): string {
  const { enforced, reported, incoming, versions, failures, partners, rules, releases, expiring } = report
  const table = (title: string, head: readonly string[], rows: readonly (readonly Cell[])[]) =>
    rows.length === 0 ? '' : `\n${title}\n${drawTable(head, rows, columns)}`
  const { required, verdict, limits } = conclude(report, scope)
  const unknown = releases.some(({ how, outcome }) => how === null && outcome === null)
  const shown = partners.slice(0, PARTNERS_MAX)
  const rest = partners.length - shown.length
  const asUsual = enforced.asUsual > 0
  const rerouted = enforced.rerouted > 0
  const waits = rules.some(({ reported: seen }) => seen.wouldWait > 0)
  return [
    `${oneLine(`Deliveries ${formatScope(report)}`)}\n`,
    facts('requires TLS', formatEnforced(enforced)),
    ...(enforced.messages + enforced.waived > 0 || unknown
      ? [facts('in short', wrap(oneLine(`${required} ${verdict}`, SENTENCE_MAX), FACT_WIDTH))]
      : []),
    ...(reported.messages > 0 ? [facts('report only', formatReported(reported))] : []),
    ...(incoming.refused + incoming.wouldRefuse > 0 ? [facts('incoming', formatIncoming(incoming))] : []),
    table(
      'Delivered, by TLS version',
      ['version', 'messages', 'share'],
      versions.map(({ version, messages }) => [
        version ?? 'trusted next hop',
        String(messages),
        percent(messages, enforced.delivered),
      ]),
    ),
    table(
      'Failed attempts, by class',
      ['class', 'attempts', 'partners'],
      failures.map((failure) => [
        failure.class,
        String(failure.attempts),
        listed(failure.partners.map(({ domain, attempts }) => `${domain} ${attempts}`)),
      ]),
    ),
    table(
      `Partners${rest > 0 ? ` (${rest} more in the other formats)` : ''}`,
      [
        'domain',
        'requires TLS',
        'deliv.',
        'bounced',
        'waiting or kept',
        ...(rerouted ? ['to a gateway'] : []),
        ...(enforced.released > 0 ? ['released'] : []),
        ...(asUsual ? ['as usual'] : []),
        ...(enforced.waived > 0 ? ['waived by sender'] : []),
        reported.wouldWait > 0 ? 'would bounce or wait' : 'would bounce',
      ],
      shown.map(({ domain, enforced: held, reported: seen }) => [
        domain,
        ...[
          held.messages,
          held.delivered,
          held.bounced,
          held.waiting + held.kept,
          ...(rerouted ? [held.rerouted] : []),
          ...(enforced.released > 0 ? [held.released] : []),
          ...(asUsual ? [held.asUsual] : []),
          ...(enforced.waived > 0 ? [held.waived] : []),
          seen.wouldBounce + seen.wouldWait,
        ].map(String),
      ]),
    ),
    table(
      'Released by an administrator from what the rules require',
      ['sent (UTC) and how', 'by', 'reason', 'message', 'to'],
      releases.map((release) => [
        formatDeparture(release),
        ...[release.by, release.reason, release.uuid, release.domain],
      ]),
    ),
    table(
      'Rules in mode report',
      ['rule', 'messages', 'would bounce', ...(waits ? ['would wait'] : []), 'partners'],
      rules.map(({ reported: seen, partners: hurt, ...rule }) => [
        ruleLabel(rule),
        String(seen.messages),
        String(seen.wouldBounce),
        ...(waits ? [String(seen.wouldWait)] : []),
        listed(hurt.map(({ domain, wouldBounce, wouldWait }) => `${domain} ${wouldBounce + wouldWait}`)),
      ]),
    ),
    table(
      `Certificates that expire within ${EXPIRES_SOON} days, where rules depend on them`,
      ['partner', 'host', 'expires', 'days', 'issuer'],
      expiring.map(({ domain, host, expires, daysLeft, issuer }) => [
        domain,
        host,
        utc(expires).slice(0, 10),
        String(daysLeft),
        /^CN=([^,]+)/.exec(issuer)?.[1] ?? issuer,
      ]),
    ),
    ...(limits.length === 0
      ? []
      : ['\n', ...limits.map((limit) => wrap(oneLine(limit, SENTENCE_MAX), WIDTH).join('\n') + '\n')]),
  ].join('')
}

/** A name, and lines beside it. */
function facts(name: string, lines: readonly string[]): string {
  return lines.map((line, index) => `  ${(index === 0 ? name : '').padEnd(NAME_WIDTH)}${line}\n`).join('')
}
