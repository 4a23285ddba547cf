/**
 * Sends the reports of one day, as whoever has the lease: to each domain that asks for them, on each way that it names,
 * what is not noted as sent. Each report is noted once it is sent: a process that dies in between makes a second one,
 * with the same id, rather than none.
 */
import { gzip } from 'node:zlib'
import { promisify } from 'node:util'
import pLimit from 'p-limit'
import type { Dns } from '../../dns/answer.js'
import type { HarakaLogger } from '../../haraka/types.js'
import type { DeliveryLogEntry } from '../../observe/delivery-log/schema.js'
import type { Publishes } from '../../published/nothing-published.js'
import { lookUpTlsRpt } from '../../published/tls-rpt/look-up.js'
import type { TlsRptDestination } from '../../published/tls-rpt/record.js'
import type { SentReports } from '../../store/sent-reports.js'
import { errorMessage } from '../../text/error-message.js'
import { oneLine } from '../../text/one-line.js'
import { collectSessions, isEmpty, type DomainDay, type SessionTally } from '../tls-rpt-sessions.js'
import { reportOn, type NamedReport, type Reporter } from '../tls-rpt.js'
import { composeReportMail } from './compose-mail.js'
import { isEnded, partName, progressText, type DayProgress, type Progress } from './progress.js'

export interface SendDayContext {
  /** Such as `2026-11-20`. */
  readonly day: string
  readonly reporter: Reporter
  readonly logger: Pick<HarakaLogger, 'lognotice' | 'logwarn'>
  readonly state: Pick<SentReports, 'write'>
  /** What is known of the day so far. */
  readonly progress: DayProgress
  /** Entries of the delivery log of that day. */
  readonly entries: () => AsyncIterable<DeliveryLogEntry>
  readonly dns: Dns
  /** Whether a domain publishes DANE or an MTA-STS policy. Never rejects. */
  readonly publishes: (domain: string) => Promise<Publishes>
  /** Domains that want no reports, as far as that was asked; added to. */
  readonly unwanted: Set<string>
  /** Whether this process may still send; asked before each report. */
  readonly mayGoOn: () => Promise<boolean>
  /** Queues a mail; rejects where that cannot be done. */
  readonly mail: (to: string, contents: string) => Promise<void>
  /** Posts a compressed report; rejects where the server does not take it. */
  readonly post: (url: URL, body: Buffer) => Promise<void>
  /** In milliseconds since the epoch. */
  readonly now: () => number
}

/** `again`: something failed that may work later. `stopped`: somebody else goes on, or nobody. */
export type DayResult = 'done' | 'again' | 'stopped'

/** Domains of a day, those with the most sessions; and how many are served at a time. */
const [DOMAINS_MAX, AT_A_TIME] = [10_000, 8]
/** Reports of a day to one mail domain or web server: whoever has many domains must not aim them all at somebody else. */
const TO_ONE_PLACE_MAX = 100

const compress = promisify(gzip)

/** Sends what is to be sent. @throws (rejects) what reading the log or the store does. */
export async function sendDay(context: SendDayContext): Promise<DayResult> {
  const { day, logger, entries } = context
  const domains = (await collectSessions(entries())).sort((a, b) => sessionsOf(b) - sessionsOf(a))
  if (domains.length > DOMAINS_MAX)
    logger.logwarn(
      `TLS reports of ${day} are sent to ${DOMAINS_MAX} domains only, and there was mail to ${domains.length}`,
    )
  const limit = pLimit(AT_A_TIME)
  const counts: Counts = { sent: 0, failed: 0, stopped: false, places: sentBefore(context.progress) }
  await Promise.all(
    domains.slice(0, DOMAINS_MAX).map((domain) =>
      limit(async () => {
        if (!counts.stopped) await sendTo(domain, context, counts)
      }),
    ),
  )
  if (counts.sent > 0 || counts.failed > 0)
    logger.lognotice(
      `TLS reports of ${day}: ${counts.sent} sent${counts.failed > 0 ? `, ${counts.failed} to be tried again` : ''}`,
    )
  if (counts.stopped) return 'stopped'
  return counts.failed > 0 ? 'again' : 'done'
}

interface Counts {
  sent: number
  failed: number
  stopped: boolean
  /** Of this day, by where they went. */
  readonly places: Map<string, number>
}

async function sendTo(domainDay: DomainDay, context: SendDayContext, counts: Counts): Promise<void> {
  const { domain } = domainDay
  const { dns, progress, unwanted } = context
  if (unwanted.has(domain)) return
  const record = await lookUpTlsRpt(dns, domain)
  const asked = partName(domain)
  if (record.kind === 'failed') {
    counts.failed++
    return await failed(context, asked, `whether it wants reports is unknown: ${record.why}`)
  }
  if (record.kind !== 'record') {
    unwanted.add(domain)
    if (record.kind === 'invalid')
      context.logger.lognotice(`no TLS report for ${domain}: _smtp._tls.${domain} ${oneLine(record.why)}`)
  }
  const destinations = record.kind === 'record' ? record.destinations : []
  const left = destinations.filter(({ uri }) => !isEnded(progress.get(partName(domain, uri))))
  const known = progress.get(asked)
  if (left.length > 0) {
    const made = await reportFor(domainDay, context)
    if (made === 'unknown') {
      counts.failed++
      return await failed(context, asked, 'whether it publishes a policy is unknown')
    }
    if (made) for (const destination of left) await send(destination, domain, made, context, counts)
  }
  if (known && !isEnded(known)) await note(context, asked, 'settled')
}

async function send(
  destination: TlsRptDestination,
  domain: string,
  { named, body }: { readonly named: NamedReport; readonly body: Buffer },
  context: SendDayContext,
  counts: Counts,
): Promise<void> {
  // Whoever has the lease by now sends the rest.
  if (counts.stopped || !(await context.mayGoOn())) {
    counts.stopped = true
    return
  }
  const part = partName(domain, destination.uri)
  const place = placeOf(destination)
  const before = counts.places.get(place) ?? 0
  if (before >= TO_ONE_PLACE_MAX) {
    const why = `${TO_ONE_PLACE_MAX} reports of this day went to ${place} already`
    context.logger.lognotice(`TLS report of ${context.day} for ${oneLine(part)} not sent: ${why}`)
    return await note(context, part, 'dropped', why)
  }
  counts.places.set(place, before + 1)
  try {
    if (destination.way === 'https') await context.post(destination.url, body)
    else {
      const { address: to } = destination
      await context.mail(
        to,
        await composeReportMail({ to, domain, named, gzip: body, now: new Date(context.now()) }),
      )
    }
  } catch (error) {
    counts.failed++
    return await failed(context, part, errorMessage(error))
  }
  await note(context, part, 'sent')
  counts.sent++
}

/** The mail domain or web server that takes a report. */
function placeOf(destination: Pick<TlsRptDestination, 'uri'>): string {
  const { uri } = destination
  if (/^https:/i.test(uri)) return URL.canParse(uri) ? new URL(uri).hostname : uri
  return uri
    .slice(uri.lastIndexOf('@') + 1)
    .replace(/\?.*$/, '')
    .toLowerCase()
}

/** How many went to each place, by what is noted. */
function sentBefore(progress: DayProgress): Map<string, number> {
  const places = new Map<string, number>()
  for (const [name, { is }] of progress) {
    const [, uri] = name.split(' ')
    if (is !== 'sent' || uri === undefined) continue
    const place = placeOf({ uri })
    places.set(place, (places.get(place) ?? 0) + 1)
  }
  return places
}

/** `null` where there is nothing to report. */
async function reportFor(
  day: DomainDay,
  { reporter, publishes }: SendDayContext,
): Promise<{ readonly named: NamedReport; readonly body: Buffer } | 'unknown' | null> {
  const found = isEmpty(day.unclear) ? 'something' : await publishes(day.domain)
  const named = reportOn(day, reporter, found === 'nothing' ? 'no-policy-found' : 'left-out')
  if (!named) return found === 'unknown' ? 'unknown' : null
  return { named, body: await compress(JSON.stringify(named.report)) }
}

async function failed(context: SendDayContext, part: string, why: string): Promise<void> {
  const before = context.progress.get(part)
  if (before?.why !== oneLine(why))
    context.logger.logwarn(`TLS report of ${context.day} for ${oneLine(part)} not sent yet: ${oneLine(why)}`)
  await note(context, part, 'failed', why)
}

function note(
  { state, day, now }: SendDayContext,
  part: string,
  is: Progress['is'],
  why?: string,
): Promise<void> {
  return state.write(day, part, progressText(is, now(), why))
}

function sessionsOf({ policies, without, unclear }: DomainDay): number {
  const tallies = [...[...policies.values()].map(({ tally }) => tally), without, unclear]
  return tallies.reduce((sum, tally) => sum + sessionsIn(tally), 0)
}

function sessionsIn({ successful, failures }: SessionTally): number {
  return [...failures.values()].reduce((sum, { count }) => sum + count, successful)
}
