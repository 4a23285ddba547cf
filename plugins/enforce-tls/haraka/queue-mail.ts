/** Mail of this plugin, into Haraka's queue: from the null sender, so that it makes no bounces. */
import constants from 'haraka-constants'
import { oneLine } from '../text/one-line.js'
import type { HarakaRuntime } from './runtime.js'

/**
 * Queues a mail.
 *
 * @param notes what travels with it
 * @throws (rejects) where that cannot be done.
 */
export function queueMail(
  haraka: HarakaRuntime,
  to: readonly string[],
  contents: string,
  notes?: Readonly<Record<string, unknown>>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    haraka.outbound.send_email(
      '<>',
      to.map((address) => `<${address}>`),
      contents,
      (code, message) => {
        if (code === constants.ok) resolve()
        else reject(new Error(`the mail could not be queued: ${oneLine(String(message))}`))
      },
      notes ? { notes: haraka.notes(notes) } : undefined,
    )
  })
}
