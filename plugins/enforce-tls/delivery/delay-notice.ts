/**
 * Tells a sender, once, that a message still waits for TLS. The item is marked by Haraka's own renaming of its file, so
 * that a message that was divided or outlived a restart is not reported twice; a process that dies between that and the
 * notice leaves the sender without one, who gets the bounce or the message through all the same.
 */
import path from 'node:path'
import constants from 'haraka-constants'
import { notesFor } from './bounce/requiretls-note.js'
import { delayNoticeRecipients } from '../haraka/notify.js'
import { errorMessage } from '../text/error-message.js'
import { oneLine } from '../text/one-line.js'
import type { GuardedItem } from './guarded-item.js'
import { asNotified, isNotified } from './queue-name.js'

/** A notice to be sent once the item is back in the queue. */
export interface DelayNotice {
  /** Total. */
  send(): Promise<void>
}

/**
 * Whether the sender is to be notified of an item that Haraka is about to put off; the file then gets the mark with
 * Haraka's next renaming of it.
 *
 * @param seconds until the next try
 */
export function delayNoticeDue(guarded: GuardedItem, seconds: number): DelayNotice | null {
  const { item, tlsFailure, requirement, round } = guarded
  const { context } = guarded
  const { delayWarning } = context.settings().failure
  const { mail_from, queue_time } = item.todo
  if (!tlsFailure || !requirement || delayWarning === 0 || mail_from.user === '') return null
  const now = Date.now()
  if (!(now - queue_time >= delayWarning) || isNotified(item.filename)) return null
  const recipients = delayNoticeRecipients(item.todo)
  const marked = asNotified(item.filename)
  if (recipients.length === 0 || marked === null) return null
  const before = item.filename
  item.filename = marked
  const until = new Date(now + seconds * 1000 + context.retriesLeft(item))
  const { attempts } = round
  return {
    async send() {
      // Where the file could not be renamed, Haraka bounces: there is nothing to be announced.
      if (!isNotified(path.basename(item.path))) {
        item.filename = before
        return
      }
      try {
        const notice = await context.composeBounce({
          item,
          requirement,
          ...guarded.demands,
          attempts,
          tlsToBlame: true,
          reason: tlsFailure.detail,
          mayQuote: false,
          delayed: { until, recipients },
        })
        await queue(guarded, notice.contents, notesFor(item, requirement, notice))
        item.lognotice('enforce-tls: the sender was notified of the delay')
      } catch (error) {
        item.logwarn(`enforce-tls: the sender could not be notified of the delay: ${errorMessage(error)}`)
      }
    },
  }
}

function queue({ item, context }: GuardedItem, contents: string, notes: object): Promise<void> {
  return new Promise((resolve, reject) => {
    context.outbound().send_email(
      '<>',
      item.todo.mail_from,
      contents,
      (code, message) => {
        if (code === constants.ok) resolve()
        else reject(new Error(oneLine(String(message))))
      },
      { origin: item, notes },
    )
  })
}
