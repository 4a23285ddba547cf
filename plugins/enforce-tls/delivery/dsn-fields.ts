/** Leaves a failure at recipients in the fields where Haraka's bounces and hooks of other plugins look for it. */
import type { HarakaAddress } from '../haraka/types.js'
import { statusOf, type AttemptFailure } from './outcome.js'
import { oneLine } from '../text/one-line.js'

/**
 * Marks recipients.
 *
 * @param host the host that failed; empty where there was none
 * @param final whether this is the last word, or the message is tried again
 */
export function markRecipients(
  recipients: readonly HarakaAddress[],
  failure: AttemptFailure,
  host: string,
  final: boolean,
): void {
  for (const recipient of recipients) {
    recipient.reason = oneLine(`${host} ${failure.detail}`)
    recipient.dsn_action = final ? 'failed' : 'delayed'
    recipient.dsn_status = statusOf(failure, final)
    recipient.dsn_code = final ? 550 : 450
    recipient.dsn_msg = oneLine(failure.detail)
    recipient.dsn_remote_mta = host || undefined
    recipient.dsn_smtp_code = failure.reply ? String(failure.reply.code) : undefined
    recipient.dsn_smtp_extc = undefined
    recipient.dsn_smtp_response = failure.reply ? oneLine(failure.reply.text) : undefined
  }
}
