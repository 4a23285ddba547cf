/**
 * The sessions of delivery log entries as reports of RFC 8460 count them: by recipient domain and UTC day, and by the
 * published policy that they were held to. Pure.
 */
import { isIP } from 'node:net'
import type { FailureClass } from '../delivery/failure-classes.js'
import type { DeliveryLogEntry } from '../observe/delivery-log/schema.js'
import { made } from './tallies.js'
import { isHostName, judge, type Judged } from './tls-rpt-judged.js'
import type { FailureDetails, PolicyReport, ResultType } from './tls-rpt-format.js'

/** What sessions came to. */
export interface SessionTally {
  successful: number
  readonly failures: Map<string, { details: Omit<FailureDetails, 'failed-session-count'>; count: number }>
}

/** The sessions to one domain on one day. */
export interface DomainDay {
  /** Such as `2026-11-20`. */
  readonly date: string
  /** Of the recipients. */
  readonly domain: string
  /** By policy. */
  readonly policies: Map<string, { readonly policy: PolicyReport['policy']; readonly tally: SessionTally }>
  /** Of sessions with a domain that is known to publish no policy. */
  readonly without: SessionTally
  /** Of sessions under rules that did not look at what the domain publishes. */
  readonly unclear: SessionTally
}

/** More policies of a domain on one day: each host may have TLSA records of its own, and they may change. */
const POLICIES_MAX = 100

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
  // Counted nowhere, as `trust-unusable`: they say nothing of the partner.
  'resolver-unavailable': 'dnssec-invalid',
  'trust-unusable': 'validation-failure',
  'dane-required': 'dane-required',
  'sts-policy-fetch-error': 'sts-policy-fetch-error',
  'sts-policy-invalid': 'sts-policy-invalid',
  'sts-webpki-invalid': 'sts-webpki-invalid',
  'mx-not-listed': 'validation-failure',
  'nothing-published': 'validation-failure',
  'starttls-injection': 'validation-failure',
  // Counted as a success: TLS was as it has to be.
  'requiretls-not-supported': 'validation-failure',
  'requiretls-refused': 'validation-failure',
  // Counted nowhere, as all that happens at a gateway.
  'gateway-unavailable': 'validation-failure',
  'gateway-misconfigured': 'validation-failure',
  'gateway-loop': 'validation-failure',
}

/** The result types whose `failure-reason-code` the RFC asks for. */
const NEEDS_REASON: readonly ResultType[] = ['validation-failure', 'certificate-not-trusted']

/**
 * The sessions of all domains and days, in order of day and domain. A session counts where it came as far as TLS could
 * succeed or fail, or as what is published could; one that could not be connected does not, and one that serves
 * several messages counts once.
 *
 * @param entries of whole UTC days
 */
export async function collectSessions(entries: AsyncIterable<DeliveryLogEntry>): Promise<DomainDay[]> {
  const days = new Map<string, DomainDay>()
  for await (const entry of entries) {
    // An address literal has no record that could ask for reports, and is no Policy Domain.
    if (entry.kind !== 'attempt' || entry.reused !== undefined || !isHostName(entry.domain)) continue
    const judged = judge(entry)
    if (judged.length === 0) continue
    const [date, { domain }] = [entry.at.slice(0, 10), entry]
    const day = made(days, `${date} ${domain}`, () => ({
      date,
      domain,
      policies: new Map(),
      without: newTally(),
      unclear: newTally(),
    }))
    for (const { by, failure } of judged) count(tallyFor(day, by), entry, failure)
  }
  return [...days].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, day]) => day)
}

/** The sessions of both. */
export function together(a: SessionTally, b: SessionTally): SessionTally {
  const failures = new Map([...a.failures].map(([key, failure]) => [key, { ...failure }]))
  for (const [key, { details, count: more }] of b.failures)
    made(failures, key, () => ({ details, count: 0 })).count += more
  return { successful: a.successful + b.successful, failures }
}

/** Whether there are none. */
export function isEmpty({ successful, failures }: SessionTally): boolean {
  return successful === 0 && failures.size === 0
}

function newTally(): SessionTally {
  return { successful: 0, failures: new Map() }
}

function tallyFor(day: DomainDay, by: Judged['by']): SessionTally {
  return typeof by === 'string' ? day[by] : tallyOf(day, by)
}

function tallyOf({ policies }: Pick<DomainDay, 'policies'>, policy: PolicyReport['policy']): SessionTally {
  const key = JSON.stringify(policy)
  if (policies.has(key) || policies.size < POLICIES_MAX)
    return made(policies, key, () => ({ policy, tally: newTally() })).tally
  // Anybody who may write into the log could make up more.
  return newTally()
}

function count(tally: SessionTally, entry: DeliveryLogEntry, failure: FailureClass | null): void {
  if (failure === null) tally.successful++
  else {
    const details = detailsOf(entry, failure)
    made(tally.failures, JSON.stringify(details), () => ({ details, count: 0 })).count++
  }
}

function detailsOf(
  entry: DeliveryLogEntry,
  failure: FailureClass,
): Omit<FailureDetails, 'failed-session-count'> {
  const type = RESULT_TYPES[failure]
  const [source, ip] = [ipOf(entry.source), ipOf(entry.address)]
  return {
    'result-type': type,
    ...(source === null ? {} : { 'sending-mta-ip': source }),
    ...(entry.mx === undefined || !isHostName(entry.mx) ? {} : { 'receiving-mx-hostname': entry.mx }),
    ...(ip === null ? {} : { 'receiving-ip': ip }),
    ...(NEEDS_REASON.includes(type) ? { 'failure-reason-code': failure } : {}),
  }
}

/** The IP address, also of `address:port` or `[address]:port`. */
function ipOf(address = ''): string | null {
  if (isIP(address)) return address
  const ip = address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return isIP(ip) ? ip : null
}
