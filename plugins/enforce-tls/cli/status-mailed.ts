/** Which report Haraka has mailed last, and whether one is due. Nothing is asked where nobody gets any. */
import { utc } from '../report/format.js'
import { lastPeriod, partOf } from '../report/mailed/schedule.js'
import { readProgress } from '../report/tls-rpt/progress.js'
import { openSentReports } from '../store/open-store.js'
import { errorMessage } from '../text/error-message.js'
import type { Surroundings } from './context.js'

export interface MailedStatus {
  /** The last period that is over, such as `week-2026-11-16`. */
  readonly period: string
  /** When its report was queued, in ISO 8601; `null` where it was not, or that is unknown. */
  readonly sent: string | null
  /** A line about it. */
  readonly text: string
  readonly warnings: readonly string[]
}

/** A report that is due for so long has something in its way, in milliseconds. */
const LATE = 3_600_000

/** What is known; `null` where reports are off. Never rejects. */
export async function mailedState(
  { settings }: Pick<Surroundings, 'settings'>,
  now = new Date(),
): Promise<MailedStatus | null> {
  const { to, every, owner } = settings.report
  if (to.length === 0) return null
  const { name: period, until, words } = lastPeriod(every, now)
  const state = openSentReports(settings, 'report')
  try {
    const known = readProgress(await state.readPeriod(period)).get(partOf(owner))
    if (known?.is === 'sent') {
      const sent = new Date(known.at).toISOString()
      const text = `of ${words}: sent at ${utc(sent)} UTC`
      return { period, sent, text, warnings: [] }
    }
    const isLate = now.getTime() - until.getTime() > LATE
    return {
      ...{ period, sent: null, text: `of ${words}: not sent yet` },
      warnings: isLate
        ? [`the report of ${words} is not sent yet: Haraka's log says why, if it runs with these settings`]
        : [],
    }
  } catch (error) {
    const why = errorMessage(error)
    return { ...{ period, sent: null, text: `unknown: ${why}` }, warnings: [`reports by mail: ${why}`] }
  } finally {
    await state.close()
  }
}
