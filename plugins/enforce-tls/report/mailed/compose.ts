/**
 * The mail with a report: what it comes to as a short text, the page with all of it attached, and the CSV where it is not
 * too long. Pure but for the making of the mail; every value is one line, whatever a peer, a person or a rule held.
 */
import { createHash } from 'node:crypto'
import { addAlternatives, attach, automaticMail, written } from '../../delivery/bounce/mime.js'
import { fillText, together } from '../../delivery/bounce/template.js'
import { numbered } from '../../text/list.js'
import { oneLine } from '../../text/one-line.js'
import { inPieces } from '../../work/turns.js'
import { conclude, type Conclusion } from '../conclusion.js'
import { type LogScope } from '../scope.js'
import { writingCsv } from '../csv.js'
import type { DeliveryReport, PartnerReport, ReportedRelease } from '../delivery-report.js'
import { utc } from '../format.js'
import { toHtml } from '../html.js'
import { HOW_IT_WENT } from '../releases.js'
import { ruleLabel } from '../rule-names.js'
import { formatFailureClass } from '../trace/words.js'
import type { Every, Period } from './schedule.js'

export interface ReportMail {
  readonly report: DeliveryReport
  readonly period: Period
  readonly every: Every
  readonly scope: LogScope
  /** This server's name. */
  readonly me: string
  readonly from: string
  readonly to: readonly string[]
  readonly now: Date
}

/** Releases and failing partners that the text has; the page has more. */
const [RELEASES_MAX, PARTNERS_MAX] = [10, 5]
/** A longer CSV is left out, in characters: partners by the ten thousand. */
const CSV_MAX = 500_000

/** Writes the mail, lines ending in CRLF. */
export async function composeReport(mail: ReportMail): Promise<string> {
  const { report, period, scope, from, to, now } = mail
  const conclusion = conclude(report, scope)
  const csv = (await inPieces(writingCsv(report, scope))).join('')
  const hasCsv = csv.length <= CSV_MAX
  const root = automaticMail('mixed', {
    from,
    to,
    subject: subjectOf(mail, conclusion),
    date: now,
    messageId: `<${idOf(mail)}@${from.slice(from.lastIndexOf('@') + 1)}>`,
  })
  addAlternatives(root, textOf(mail, conclusion, hasCsv), '')
  const name = `tls-report-${period.name}`
  attach(root, 'text/html; charset=utf-8', `${name}.html`, Buffer.from(toHtml(report, scope)))
  if (hasCsv) attach(root, 'text/csv; charset=utf-8', `${name}.csv`, Buffer.from(csv))
  return await written(root)
}

/** The same for whoever makes the same report once more, so that mail programs see that it is the same mail. */
function idOf({ period, report, to }: ReportMail): string {
  const what = JSON.stringify([period.name, report.owner, [...to].sort()])
  return `tls-report.${createHash('sha256').update(what).digest('hex').slice(0, 24)}`
}

function subjectOf({ report, period }: ReportMail, { short }: Conclusion): string {
  return oneLine(`TLS report${whose(report)}, ${period.words}: ${short}`, 200)
}

function whose({ owner }: DeliveryReport): string {
  if (owner === null) return ''
  return owner === '*' ? ' of rules of the whole service' : ` of ${owner}`
}

function textOf(mail: ReportMail, conclusion: Conclusion, hasCsv: boolean): string {
  const { report, period, every, me } = mail
  const failing = report.partners.filter(
    ({ enforced: { bounced, kept, waiting } }) => bounced + kept + waiting > 0,
  )
  const released = report.releases.filter(({ how, outcome }) => how !== null || outcome === null)
  const { required, verdict, results, limits } = conclusion
  return fillText(
    [
      '',
      'Mail that requires TLS{whose}, {period} (UTC)',
      '',
      '{required}',
      '{verdict}',
      '',
      '- {results}',
      '',
      ...section('RELEASED BY AN ADMINISTRATOR', 'releases', released),
      ...section('PARTNERS THAT DID NOT GET ALL THEIR MAIL', 'partners', failing),
      ...section('WHAT THESE NUMBERS LEAVE OUT', 'limits', limits),
      'The attached page has the details{csv}.',
      '',
      'Sent once a {every} by the mail system of {me}; [report] in enforce-tls.ini sets the recipients.',
    ],
    {
      single: {
        required,
        verdict,
        csv: hasCsv ? ', and the CSV has them for a spreadsheet' : '',
        period: period.words,
        whose: whose(report),
        every,
        me,
      },
      lists: {
        results: results.map(({ count, what }) => `${count} ${what}`),
        releases: upTo(RELEASES_MAX, released, releaseLine),
        partners: upTo(PARTNERS_MAX, failing, partnerLine),
        limits,
      },
    },
  )
}

function section(heading: string, list: string, values: readonly unknown[]): string[] {
  return values.length === 0 ? [] : [heading, `- {${list}}`, '']
}

/** Of many the first ones, and how many more there are. */
function upTo<T>(most: number, all: readonly T[], lineOf: (each: T) => string): string[] {
  const rest = all.length - most
  return [...all.slice(0, most).map(lineOf), ...(rest > 0 ? [`and ${rest} more on the attached page`] : [])]
}

function releaseLine(release: ReportedRelease): string {
  const { by, reason, granted, begun, sent, how, uuid, from, to, domain, rules } = release
  const when = together(`${utc(sent ?? begun ?? granted ?? '')} UTC`)
  const took = sent !== null ? 'sent' : begun !== null ? 'tried' : 'at'
  const isUsed = sent !== null || begun !== null
  const untaken =
    sent !== null ? '' : isUsed ? ' No server said that it took it.' : ' Its outcome is not recorded.'
  const whom = to.length > 0 ? to.map((name) => oneLine(name, 80)).join(', ') : domain
  return [
    `${oneLine(by, 60)} released message ${oneLine(uuid, 60)} from ${oneLine(from, 80) || '<>'}`,
    `to ${oneLine(whom, 200)}, ${took} ${when}${how === null ? '' : `, ${HOW_IT_WENT[how]}`}.${untaken} Reason: ${oneLine(reason, 200)}.`,
    ...(isUsed ? [`It went without what is required by ${rules.map(ruleLabel).join(', ')}.`] : []),
  ].join(' ')
}

function partnerLine({ domain, enforced, failures }: PartnerReport): string {
  const { bounced, kept, waiting } = enforced
  const counts = [
    ...(bounced > 0 ? [`${bounced} bounced`] : []),
    ...(kept > 0 ? [`${kept} kept`] : []),
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
  ]
  const [worst] = Object.entries(failures).sort(([, a], [, b]) => b - a)
  const why =
    worst === undefined ? '' : `; most often ${causeOf(worst[0])} (${numbered(worst[1], 'attempt')})`
  return `${oneLine(domain, 100)}: ${counts.join(', ')}${why}`
}

function causeOf(name: string): string {
  const cause = formatFailureClass(name) ?? oneLine(name, 60)
  return cause.replace(/^The /, 'the ')
}
