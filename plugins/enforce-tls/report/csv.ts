/**
 * A report as CSV (RFC 4180) for a spreadsheet: one line for each partner, and behind them one for each message that was
 * released and for each time that the log does not cover, with the columns of counts empty, so that sums stay right. Pure.
 */
import { FAILURE_CLASS_NAMES } from '../delivery/failure-classes.js'
import { TLS_VERSIONS } from '../rules/levels.js'
import { atOnce, type InPieces } from '../work/pieces.js'
import type { DeliveryReport, PartnerReport, ReportedRelease } from './delivery-report.js'
import { WHOLE_LOG, type LogScope } from './scope.js'
import { uncoveredBy, type Uncovered } from './gaps.js'
import { HOW_IT_WENT } from './releases.js'
import { ruleLabel } from './rule-names.js'
import { visible } from '../text/visible.js'

type Column<T> = readonly [name: string, valueOf: (of: T) => string | number]

const COLUMNS: readonly Column<PartnerReport>[] = [
  ['messages', ({ enforced }) => enforced.messages],
  ['delivered', ({ enforced }) => enforced.delivered],
  ...TLS_VERSIONS.map((version): Column<PartnerReport> => [
    version,
    ({ versions }) => versions[version] ?? 0,
  ]),
  ['bounced', ({ enforced }) => enforced.bounced],
  ['kept', ({ enforced }) => enforced.kept],
  ['waiting', ({ enforced }) => enforced.waiting],
  ['to a gateway', ({ enforced }) => enforced.rerouted],
  ['TLS not required', ({ enforced }) => enforced.asUsual],
  ['report only', ({ reported }) => reported.messages],
  ['would bounce', ({ reported }) => reported.wouldBounce],
  ['would wait', ({ reported }) => reported.wouldWait],
  ['would deliver', ({ reported }) => reported.wouldDeliver],
  ['would not require TLS', ({ reported }) => reported.wouldDeliverAsUsual],
  ['not known', ({ reported }) => reported.unknown],
  ...FAILURE_CLASS_NAMES.map((name): Column<PartnerReport> => [
    `failed: ${name}`,
    ({ failures }) => failures[name] ?? 0,
  ]),
  ['released', ({ enforced }) => enforced.released],
  ['unknown result', ({ enforced }) => enforced.other],
  ['TLS not required any more', ({ enforced }) => enforced.freed],
  ['of delivered: with REQUIRETLS', ({ enforced }) => enforced.requiretls],
  ['waived by the sender', ({ enforced }) => enforced.waived],
  ['waived in the clear', ({ enforced }) => enforced.waivedClear],
  ['waived over TLS', ({ enforced }) => enforced.waivedTls],
]

const RELEASE_COLUMNS: readonly Column<ReportedRelease>[] = [
  ['released by', ({ by }) => by],
  ['reason', ({ reason }) => reason],
  ['released at', ({ granted }) => granted ?? ''],
  ['first tried at', ({ begun }) => begun ?? ''],
  ['sent at', ({ sent }) => sent ?? ''],
  ['how it went', ({ how, outcome }) => (how === null ? (outcome ?? 'not recorded') : HOW_IT_WENT[how])],
  ['message', ({ uuid }) => uuid],
  ['sender', ({ from }) => from],
  ['recipients', ({ to, recipients }) => (to.length > 0 ? to.join(' ') : recipients)],
  ['rules', ({ rules }) => rules.map(ruleLabel).join(', ')],
]

const UNCOVERED_COLUMNS: readonly Column<Uncovered>[] = [
  ['not recorded from', ({ from }) => from],
  ['not recorded until', ({ until }) => until ?? ''],
  ['why not recorded', ({ why }) => why],
]

/** So many lines are written between two yields. */
const PIECE = 50

/**
 * The report as CSV with a header line. What a spreadsheet could take for a formula gets an apostrophe in front; characters
 * that are not seen are escaped, line ends are spaces.
 */
export function toCsv(report: DeliveryReport, scope: LogScope = WHOLE_LOG): string {
  return atOnce(writingCsv(report, scope)).join('')
}

/** The same in pieces, for any number of partners. */
export function* writingCsv(report: DeliveryReport, scope: LogScope = WHOLE_LOG): InPieces<string[]> {
  const { partners, releases } = report
  const [counts, details, times] = [COLUMNS, RELEASE_COLUMNS, UNCOVERED_COLUMNS].map((all) =>
    all.map(() => ''),
  )
  const names = [...COLUMNS, ...RELEASE_COLUMNS, ...UNCOVERED_COLUMNS].map(([name]) => name)
  const lines = [line(['domain', ...names])]
  const [none, empty, never] = [counts ?? [], details ?? [], times ?? []]
  for (const partner of partners) {
    lines.push(line([partner.domain, ...COLUMNS.map(([, valueOf]) => valueOf(partner)), ...empty, ...never]))
    if (lines.length % PIECE === 0) yield
  }
  for (const release of releases) {
    const cells = RELEASE_COLUMNS.map(([, valueOf]) => valueOf(release))
    lines.push(line([release.domain, ...none, ...cells, ...never]))
    if (lines.length % PIECE === 0) yield
  }
  for (const time of uncoveredBy(report, scope)) {
    lines.push(line(['', ...none, ...empty, ...UNCOVERED_COLUMNS.map(([, valueOf]) => valueOf(time))]))
    if (lines.length % PIECE === 0) yield
  }
  return lines
}

function line(row: readonly (string | number)[]): string {
  return `${row.map(cell).join(',')}\r\n`
}

/**
 * Where a spreadsheet could begin to read a formula: at the beginning, and behind each `;`, which ends a cell where the
 * comma is the decimal sign, even inside quotes. Spaces and quotes before the sign are skipped; signs of other widths count.
 */
const FORMULA = /(^|;)(?=[\s"']*[=+\-@\u2212\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20])/g

/** In quotes where RFC 4180 asks for it, or where a program would guess another separator. */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const text = visible(value).replace(FORMULA, "$1'")
  return /[",;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
