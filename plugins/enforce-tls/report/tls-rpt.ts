/**
 * Aggregate reports for the operators of recipient domains (RFC 8460, SMTP TLS Reporting), one for each domain
 * and UTC day. Pure.
 *
 * Sessions are reported by the policy that they were held to: `tlsa` (DANE), `sts` (MTA-STS), or `no-policy-found` where
 * it is known that there is neither. Rules that do not look at what is published say nothing about that: whoever makes a
 * report of their sessions says what they count as.
 */
import { createHash } from 'node:crypto'
import type { DeliveryLogEntry } from '../observe/delivery-log/schema.js'
import { dayAfter, dayOf } from './report-query.js'
import type { PolicyReport, TlsRptReport } from './tls-rpt-format.js'
import { collectSessions, isEmpty, together, type DomainDay, type SessionTally } from './tls-rpt-sessions.js'

/** Who reports, and on what. */
export interface Reporter {
  readonly organization: string
  /** A mail address, its domain as A-labels. */
  readonly contact: string
  /** What the reports are limited to, such as the owner whose mail they are about; `null` for all. */
  readonly owner: string | null
}

/** A report, and the name of its file. */
export interface NamedReport {
  readonly report: TlsRptReport
  readonly fileName: string
}

/** What becomes of sessions under rules that do not look at what is published. */
export type UnclearAs = 'no-policy-found' | 'left-out'

/** The reports of all domains and days that entries are about, in order of day and domain. Nothing is looked up. */
export async function makeTlsRpt(
  entries: AsyncIterable<DeliveryLogEntry>,
  reporter: Reporter,
): Promise<NamedReport[]> {
  const days = await collectSessions(entries)
  return days.flatMap((day) => reportOn(day, reporter, 'no-policy-found') ?? [])
}

/** The report of one domain and day; `null` where no session is left. */
export function reportOn(day: DomainDay, reporter: Reporter, unclear: UnclearAs): NamedReport | null {
  const without = unclear === 'left-out' ? day.without : together(day.without, day.unclear)
  const none = { 'policy-type': 'no-policy-found', 'policy-domain': day.domain } as const
  const [first, ...others] = [
    ...day.policies.values(),
    ...(isEmpty(without) ? [] : [{ policy: none, tally: without }]),
  ].map(policyReport)
  if (first === undefined) return null
  const report = reportOf(day, [first, ...others], reporter)
  return { report, fileName: fileNameOf(day.domain, report, reporter) }
}

/** The domain of the contact, which stands for the sender. */
export function submitterOf({ contact }: Pick<Reporter, 'contact'>): string {
  return contact.slice(contact.lastIndexOf('@') + 1)
}

/** RFC 8460 section 5.1: `sender!policy-domain!begin!end[!unique-id].json`. */
function fileNameOf(domain: string, { 'date-range': range }: TlsRptReport, reporter: Reporter): string {
  const seconds = (time: string) => String(Date.parse(time) / 1000)
  const parts = [
    submitterOf(reporter),
    domain,
    seconds(range['start-datetime']),
    seconds(range['end-datetime']),
    ...uniqueId(reporter),
  ]
  return `${parts.join('!')}.json`
}

/** What distinguishes reports on the mail of different owners, in letters and digits; nothing for all mail. */
function uniqueId({ owner }: Reporter): [] | [string] {
  return owner === null ? [] : [createHash('sha256').update(owner).digest('hex').slice(0, 8)]
}

function policyReport({
  policy,
  tally,
}: {
  policy: PolicyReport['policy']
  tally: SessionTally
}): PolicyReport {
  const details = [...tally.failures.values()]
  return {
    policy,
    summary: {
      'total-successful-session-count': tally.successful,
      'total-failure-session-count': details.reduce((sum, { count }) => sum + count, 0),
    },
    'failure-details': details
      .sort((a, b) => b.count - a.count)
      .map(({ details: same, count }) => ({ ...same, 'failed-session-count': count })),
  }
}

function reportOf(
  { date, domain }: DomainDay,
  policies: TlsRptReport['policies'],
  reporter: Reporter,
): TlsRptReport {
  const { organization, contact } = reporter
  const start = dayOf(new Date(date))
  return {
    'organization-name': organization,
    'date-range': {
      'start-datetime': seconds(start),
      'end-datetime': seconds(new Date(dayAfter(start).getTime() - 1000)),
    },
    'contact-info': contact,
    // The same again where it is made again, and fit for the Message-ID form of section 5.3.
    'report-id': `${[date, domain, ...uniqueId(reporter)].join('_')}@${submitterOf(reporter)}`,
    policies,
  }
}

/** Such as `2026-11-22T00:00:00Z`. */
function seconds(time: Date): string {
  return time.toISOString().replace('.000Z', 'Z')
}
