/** Gives up what could not be sent in a day's time (RFC 8460 section 5.5), with one line in the log for each. */
import type { HarakaLogger } from '../../haraka/types.js'
import type { SentReports } from '../../store/sent-reports.js'
import { oneLine } from '../../text/one-line.js'
import { DONE, isEnded, progressText, readProgress, RETRY_AT } from './progress.js'

export interface DropContext {
  readonly state: SentReports
  readonly logger: Pick<HarakaLogger, 'logwarn'>
  /** In milliseconds since the epoch. */
  readonly now: () => number
}

/** Drops what is left of a day, such as `2026-11-20`. @throws (rejects) what the store does. */
export async function dropUnsent(day: string, { state, logger, now }: DropContext): Promise<void> {
  for (const [part, progress] of readProgress(await state.readPeriod(day))) {
    if (part === DONE || part === RETRY_AT || isEnded(progress)) continue
    logger.logwarn(
      `TLS report of ${day} for ${oneLine(part)} is dropped, it could not be sent within a day: ${oneLine(progress.why)}`,
    )
    await state.write(day, part, progressText('dropped', now(), progress.why))
  }
}
