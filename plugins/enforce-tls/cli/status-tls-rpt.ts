/** Which reports on TLS Haraka has sent last, and what keeps it from sending them. Nothing is asked where they are off. */
import { DnsClient } from '../dns/client.js'
import { resolversFor } from '../dns/resolver-list.js'
import { utc } from '../report/format.js'
import { DAY } from '../report/report-query.js'
import { DONE, RETRY_AT, readProgress, type DayProgress } from '../report/tls-rpt/progress.js'
import { dueDay, dueTime } from '../report/tls-rpt/schedule.js'
import { openSentReports } from '../store/open-store.js'
import { errorMessage } from '../text/error-message.js'
import { numbered } from '../text/list.js'
import { oneLine } from '../text/one-line.js'
import type { Surroundings } from './context.js'

export interface TlsRptStatus {
  /** The day that the reports are about; `null` where none is known. */
  readonly day: string | null
  readonly sent: number
  /** When the last one was sent, in ISO 8601; `null` where none was. */
  readonly lastSent: string | null
  readonly failed: number
  /** A line about it. */
  readonly text: string
  readonly warnings: readonly string[]
}

/** Reports that are named one by one. */
const NAMED_MAX = 5

/** What is known; `null` where reports are off. Never rejects. */
export async function tlsRptState({
  settings,
}: Pick<Surroundings, 'settings'>): Promise<TlsRptStatus | null> {
  const { tlsRpt } = settings
  if (!tlsRpt.enabled) return null
  const [known, resolverWarning] = await Promise.all([progressIn(settings), resolverProblem(settings)])
  const problem = resolverWarning === null ? [] : [resolverWarning]
  if (typeof known === 'string')
    return { ...NONE, text: `unknown: ${known}`, warnings: [...problem, `TLS reports: ${known}`] }
  if (known === null) return { ...NONE, text: 'none sent yet', warnings: problem }
  const { day, progress } = known
  const parts = [...progress].filter(([name]) => name !== DONE && name !== RETRY_AT)
  const sent = parts.filter(([, { is }]) => is === 'sent')
  const failed = parts.filter(([, { is }]) => is === 'failed' || is === 'dropped')
  const last = Math.max(...sent.map(([, { at }]) => at))
  const lastSent = sent.length === 0 ? null : new Date(last).toISOString()
  const named = failed
    .slice(0, NAMED_MAX)
    .map(
      ([name, { is, why }]) =>
        `TLS report of ${day} for ${oneLine(name)} ${is === 'dropped' ? 'was dropped' : 'is not sent yet'}: ${oneLine(why)}`,
    )
  return {
    day,
    sent: sent.length,
    lastSent,
    failed: failed.length,
    text: [
      `of ${day}: ${numbered(sent.length, 'report')} sent`,
      ...(lastSent === null ? [] : [`the last one at ${utc(lastSent)} UTC`]),
      ...(failed.length === 0 ? [] : [`${failed.length} not sent`]),
    ].join(', '),
    warnings: [
      ...problem,
      ...named,
      ...(failed.length > NAMED_MAX
        ? [`and ${failed.length - NAMED_MAX} more TLS reports were not sent`]
        : []),
    ],
  }
}

const NONE = { day: null, sent: 0, lastSent: null, failed: 0 } as const

/** The last day that anything is known of, of the two that may be; `null` for none, or why that is unknown. */
async function progressIn(
  settings: Surroundings['settings'],
): Promise<{ readonly day: string; readonly progress: DayProgress } | string | null> {
  const state = openSentReports(settings, 'tls-rpt')
  try {
    const due = dueDay(new Date(), dueTime(settings.tlsRpt.contact))
    for (const date of [due, new Date(due.getTime() - DAY)]) {
      const day = date.toISOString().slice(0, 10)
      const progress = readProgress(await state.readPeriod(day))
      if (progress.size > 0) return { day, progress }
    }
    return null
  } catch (error) {
    return errorMessage(error)
  } finally {
    await state.close()
  }
}

async function resolverProblem({ dns }: Surroundings['settings']): Promise<string | null> {
  const all = await new DnsClient(resolversFor(dns.resolver)).validation()
  return all.some(({ validates }) => validates === true)
    ? null
    : 'TLS reports cannot be sent: no DNS resolver that validates DNSSEC answers; [dns] resolver= names one'
}
