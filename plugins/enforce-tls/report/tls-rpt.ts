/**
 * Aggregate reports for the operators of recipient domains (RFC 8460, SMTP TLS Reporting), one for each domain
 * and UTC day. Pure.
 *
 * What our rules enforce is the sending operator's own policy and none that the recipient domain has published.
 * RFC 8460 section 4.4 knows `tlsa`, `sts`, and `no-policy-found` for "neither a DANE nor an MTA-STS policy
 * could be found"; the last one is what holds for sessions that were not judged by either of them.
 */
import { isIP } from 'node:net'
import type { FailureClass } from '../delivery/outcome.js'
import type { EvidenceEntry } from '../evidence/evidence-entry.js'
import { dayAfter, dayOf } from './period.js'
import { made } from './tallies.js'

/** The result types of RFC 8460 section 4.3 that our classes come to. */
export type ResultType =
  | 'starttls-not-supported'
  | 'certificate-host-mismatch'
  | 'certificate-expired'
  | 'certificate-not-trusted'
  | 'validation-failure'

/** Failed sessions of the same kind between the same two servers. */
export interface FailureDetails {
  readonly 'result-type': ResultType
  readonly 'sending-mta-ip'?: string
  readonly 'receiving-mx-hostname'?: string
  readonly 'receiving-ip'?: string
  readonly 'failed-session-count': number
  /** Our class, where the result type alone does not say it. */
  readonly 'failure-reason-code'?: string
}

/** A report as RFC 8460 section 4.4 has it. */
export interface TlsRptReport {
  readonly 'organization-name': string
  readonly 'date-range': { readonly 'start-datetime': string; readonly 'end-datetime': string }
  readonly 'contact-info': string
  readonly 'report-id': string
  readonly policies: readonly [
    {
      readonly policy: { readonly 'policy-type': 'no-policy-found'; readonly 'policy-domain': string }
      readonly summary: {
        readonly 'total-successful-session-count': number
        readonly 'total-failure-session-count': number
      }
      readonly 'failure-details': readonly FailureDetails[]
    },
  ]
}

/** Who reports. */
export interface Reporter {
  readonly organization: string
  /** A mail address. */
  readonly contact: string
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
  'starttls-injection': 'validation-failure',
}

/** The result types whose `failure-reason-code` the RFC asks for. */
const NEEDS_REASON: readonly ResultType[] = ['validation-failure', 'certificate-not-trusted']

interface DomainDay {
  successful: number
  readonly failures: Map<string, { details: Omit<FailureDetails, 'failed-session-count'>; count: number }>
}

/**
 * The reports of all domains and days that entries tell of, in order of day and domain. A session counts where
 * it came as far as TLS could succeed or fail; one that could not be connected does not.
 *
 * @param entries of whole UTC days
 */
export async function makeTlsRpt(
  entries: AsyncIterable<EvidenceEntry>,
  reporter: Reporter,
): Promise<TlsRptReport[]> {
  const days = new Map<string, DomainDay>()
  for await (const entry of entries) {
    if (entry.kind !== 'attempt') continue
    const result = resultOf(entry)
    if (result === null) continue
    const key = `${entry.at.slice(0, 10)} ${entry.domain}`
    const day = made(days, key, newDay)
    if (result === 'successful') day.successful++
    else made(day.failures, JSON.stringify(result), () => ({ details: result, count: 0 })).count++
  }
  return [...days]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, day]) => reportOf(key.slice(0, 10), key.slice(11), day, reporter))
}

/**
 * The name of a report's file (RFC 8460 section 5.1), `sender!policy-domain!begin!end.json`, with characters
 * that are none of a domain's left out.
 */
export function fileNameOf({ policies, 'date-range': range, 'contact-info': contact }: TlsRptReport): string {
  const seconds = (time: string) => String(Date.parse(time) / 1000)
  const domains = [contact.slice(contact.lastIndexOf('@') + 1), policies[0].policy['policy-domain']]
  const safe = domains.map((domain) => domain.replace(/[^\w.:-]/g, '').replace(/^\.+/, ''))
  return `${[...safe, seconds(range['start-datetime']), seconds(range['end-datetime'])].join('!')}.json`
}

function newDay(): DomainDay {
  return { successful: 0, failures: new Map() }
}

function resultOf(entry: EvidenceEntry): 'successful' | Omit<FailureDetails, 'failed-session-count'> | null {
  const type = Object.entries(RESULT_TYPES).find(([name]) => name === entry.class)?.[1]
  // What goes wrong inside an encrypted session that is as required is not about TLS.
  if (type === undefined) return entry.protocol === undefined ? null : 'successful'
  const ip = ipOf(entry.address)
  return {
    'result-type': type,
    ...(entry.source === undefined ? {} : { 'sending-mta-ip': entry.source }),
    ...(entry.mx === undefined ? {} : { 'receiving-mx-hostname': entry.mx }),
    ...(ip === null ? {} : { 'receiving-ip': ip }),
    ...(NEEDS_REASON.includes(type) && entry.class !== undefined
      ? { 'failure-reason-code': entry.class }
      : {}),
  }
}

/** The IP address of `address:port` or `[address]:port`. */
function ipOf(address: string | undefined): string | null {
  const ip = (address ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return isIP(ip) ? ip : null
}

function reportOf(
  date: string,
  domain: string,
  { successful, failures }: DomainDay,
  { organization, contact }: Reporter,
): TlsRptReport {
  const start = dayOf(new Date(date))
  const details = [...failures.values()]
  return {
    'organization-name': organization,
    'date-range': {
      'start-datetime': seconds(start),
      'end-datetime': seconds(new Date(dayAfter(start).getTime() - 1000)),
    },
    'contact-info': contact,
    'report-id': `${seconds(start)}_${domain}`,
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
