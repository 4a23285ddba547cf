/** A report as CSV (RFC 4180), one line for each partner, for a spreadsheet. Pure. */
import { FAILURE_CLASS_NAMES } from '../delivery/failure-classes.js'
import { TLS_VERSIONS } from '../rules/levels.js'
import type { DeliveryReport, PartnerReport } from './delivery-report.js'

const COLUMNS: readonly (readonly [name: string, valueOf: (partner: PartnerReport) => string | number])[] = [
  ['domain', ({ domain }) => domain],
  ['messages', ({ enforced }) => enforced.messages],
  ['delivered', ({ enforced }) => enforced.delivered],
  ...TLS_VERSIONS.map((version): [string, (partner: PartnerReport) => number] => [
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
  ...FAILURE_CLASS_NAMES.map((name): [string, (partner: PartnerReport) => number] => [
    `failed: ${name}`,
    ({ failures }) => failures[name] ?? 0,
  ]),
]

/**
 * The partners of a report as CSV with a header line. A text that a spreadsheet would take for a formula gets an
 * apostrophe in front.
 */
export function toCsv({ partners }: DeliveryReport): string {
  const header = COLUMNS.map(([name]) => name)
  const rows = partners.map((partner) => COLUMNS.map(([, valueOf]) => valueOf(partner)))
  return [header, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

/** Quoted where RFC 4180 asks for it. */
function cell(value: string | number): string {
  const text =
    typeof value === 'string' && /^[=+\-@\t\r\uFF0B\uFF0D\uFF1D\uFF20]/.test(value)
      ? `'${value}`
      : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
