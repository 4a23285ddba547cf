/**
 * Aggregate reports for the operators of recipient domains (RFC 8460, SMTP TLS Reporting), one for each domain
 * and UTC day. Pure.
 *
 * What our rules enforce is the sending operator's own policy and none that the recipient domain has published.
 * RFC 8460 section 4.4 knows `tlsa`, `sts`, and `no-policy-found` for "neither a DANE nor an MTA-STS policy
 * could be found"; the last one is what holds for sessions that were not judged by either of them.
 */
import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import type { FailureClass } from '../delivery/outcome.js'
import type { DeliveryLogEntry } from '../observe/delivery-log/schema.js'
import { dayAfter, dayOf } from './report-query.js'
import { made } from './tallies.js'
import type { FailureDetails, ResultType, TlsRptReport } from './tls-rpt-format.js'

/** Who reports, and on what. */
export interface Reporter {
  readonly organization: string
  /** A mail address, its domain as A-labels. */
  readonly contact: string
  /** Whose mail it is limited to, or `null` for all. */
  readonly owner: string | null
}

/** A report, and the name of its file. */
export interface NamedReport {
  readonly report: TlsRptReport
  readonly fileName: string
}

/**
 * RFC 8460 has no type for a server that offers STARTTLS and then refuses it, or tampers with it: those are
 * `validation-failure`, "a general failure for a reason not matching a category above".
 */
const RESULT_TYPES: Readonly<Record<FailureClass, ResultType>> = {
  'starttls-not-supported': 'starttls-not-supported',
  'starttls-deferred': 'validation-failure',
  'starttls-refused': 'validation-failure',
  'handshake-failure': 'validation-failure',
  'certificate-not-trusted': 'certificate-not-trusted',
  'certificate-expired': 'certificate-expired',
  'certificate-host-mismatch': 'certificate-host-mismatch',
  'fingerprint-mismatch': 'validation-failure',
  'tlsa-invalid': 'tlsa-invalid',
  'dnssec-invalid': 'dnssec-invalid',
  'dane-required': 'dane-required',
  'sts-policy-fetch-error': 'sts-policy-fetch-error',
  'sts-policy-invalid': 'sts-policy-invalid',
  'sts-webpki-invalid': 'sts-webpki-invalid',
  'mx-not-listed': 'validation-failure',
  'nothing-published': 'validation-failure',
  'starttls-injection': 'validation-failure',
}

/** The result types whose `failure-reason-code` the RFC asks for. */
const NEEDS_REASON: readonly ResultType[] = ['validation-failure', 'certificate-not-trusted']

interface DomainDay {
  successful: number
  readonly failures: Map<string, { details: Omit<FailureDetails, 'failed-session-count'>; count: number }>
}

/**
 * The reports of all domains and days that entries are about, in order of day and domain. A session counts where
 * it came as far as TLS could succeed or fail; one that could not be connected does not, and one that serves several
 * messages counts once.
 *
 * @param entries of whole UTC days
 */
export async function makeTlsRpt(
  entries: AsyncIterable<DeliveryLogEntry>,
  reporter: Reporter,
): Promise<NamedReport[]> {
  const days = new Map<string, DomainDay>()
  for await (const entry of entries) {
    // An address literal has no record that could ask for reports, and is no Policy Domain.
    if (entry.kind !== 'attempt' || entry.reused !== undefined || !isHostName(entry.domain)) continue
    const result = resultOf(entry)
    if (result === null) continue
    const key = `${entry.at.slice(0, 10)} ${entry.domain}`
    const day = made(days, key, newDay)
    if (result === 'successful') day.successful++
    else made(day.failures, JSON.stringify(result), () => ({ details: result, count: 0 })).count++
  }
  return [...days]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, day]) => {
      const report = reportOf(key.slice(0, 10), key.slice(11), day, reporter)
      return { report, fileName: fileNameOf(report, reporter) }
    })
}

/** RFC 8460 section 5.1: `sender!policy-domain!begin!end[!unique-id].json`. */
function fileNameOf({ policies, 'date-range': range }: TlsRptReport, reporter: Reporter): string {
  const seconds = (time: string) => String(Date.parse(time) / 1000)
  const parts = [
    senderOf(reporter),
    policies[0].policy['policy-domain'],
    seconds(range['start-datetime']),
    seconds(range['end-datetime']),
    ...uniqueId(reporter),
  ]
  return `${parts.join('!')}.json`
}

/** The domain of the contact, which stands for the sender. */
function senderOf({ contact }: Reporter): string {
  return contact.slice(contact.lastIndexOf('@') + 1)
}

/** What distinguishes reports on the mail of different owners, in letters and digits; nothing for all mail. */
function uniqueId({ owner }: Reporter): [] | [string] {
  return owner === null ? [] : [createHash('sha256').update(owner).digest('hex').slice(0, 8)]
}

/** Whether that is a domain, with the underscores that some have. */
function isHostName(text: string): boolean {
  return text.length <= 253 && /^[\w-]+(?:\.[\w-]+)*$/.test(text) && isIP(text) === 0
}

function newDay(): DomainDay {
  return { successful: 0, failures: new Map() }
}

function resultOf(
  entry: DeliveryLogEntry,
): 'successful' | Omit<FailureDetails, 'failed-session-count'> | null {
  const type = Object.entries(RESULT_TYPES).find(([name]) => name === entry.class)?.[1]
  // What goes wrong inside an encrypted session that is as required is not about TLS.
  if (type === undefined) return entry.protocol === undefined ? null : 'successful'
  const [source, ip] = [ipOf(entry.source), ipOf(entry.address)]
  return {
    'result-type': type,
    ...(source === null ? {} : { 'sending-mta-ip': source }),
    ...(entry.mx === undefined || !isHostName(entry.mx) ? {} : { 'receiving-mx-hostname': entry.mx }),
    ...(ip === null ? {} : { 'receiving-ip': ip }),
    ...(NEEDS_REASON.includes(type) && entry.class !== undefined
      ? { 'failure-reason-code': entry.class }
      : {}),
  }
}

/** The IP address, also of `address:port` or `[address]:port`. */
function ipOf(address = ''): string | null {
  if (isIP(address)) return address
  const ip = address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return isIP(ip) ? ip : null
}

function reportOf(
  date: string,
  domain: string,
  { successful, failures }: DomainDay,
  reporter: Reporter,
): TlsRptReport {
  const { organization, contact } = reporter
  const start = dayOf(new Date(date))
  const details = [...failures.values()]
  return {
    'organization-name': organization,
    'date-range': {
      'start-datetime': seconds(start),
      'end-datetime': seconds(new Date(dayAfter(start).getTime() - 1000)),
    },
    'contact-info': contact,
    // The same again where it is made again, and fit for the Message-ID form of section 5.3.
    'report-id': `${[date, domain, ...uniqueId(reporter)].join('_')}@${senderOf(reporter)}`,
    policies: [
      {
        policy: { 'policy-type': 'no-policy-found', 'policy-domain': domain },
        summary: {
          'total-successful-session-count': successful,
          'total-failure-session-count': details.reduce((sum, { count }) => sum + count, 0),
        },
        'failure-details': details
          .sort((a, b) => b.count - a.count)
          .map(({ details: same, count }) => ({ ...same, 'failed-session-count': count })),
      },
    ],
  }
}

/** Such as `2026-11-22T00:00:00Z`. */
function seconds(time: Date): string {
  return time.toISOString().replace('.000Z', 'Z')
}
