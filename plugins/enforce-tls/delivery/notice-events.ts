/**
 * What becomes of a bounce, or of a notice of delay, as a part of what happened to the message that it is about; a notice of
 * which that is not known is told of nowhere. Pure.
 */
import type { HarakaMailItem } from '../haraka/types.js'
import { subjectOf } from './bounce/about-note.js'
import type { NoticeEvent, Outcome } from './delivery-events.js'

/** What each outcome of a notice is of its message; one that ends nothing, or is told otherwise, is left out. */
const RESULTS: Readonly<Partial<Record<Outcome['result'], NoticeEvent['result']>>> = {
  delivered: 'notice-delivered',
  'delivered-as-usual': 'notice-delivered',
  rerouted: 'notice-delivered',
  'via-gateway': 'notice-delivered',
  deferred: 'notice-waits',
  // The null sender gets no bounce: one that only names the message goes in place of this one.
  bounced: 'notice-replaced',
}

/** The outcome of a notice; `null` for that of a message. */
export function noticeOutcome(item: HarakaMailItem, outcome: Outcome): NoticeEvent | null {
  const result = RESULTS[outcome.result]
  const about = outcome.isNotice && result ? aboutMessage(item) : null
  if (!about || !result) return null
  const { at, host, to, session, failure, words, requireTls } = outcome
  return {
    ...about,
    ...{ at, result, host, to, session, failure },
    ...(words === undefined ? {} : { words }),
    ...(requireTls === undefined ? {} : { requireTls }),
  }
}

/** A notice could not be delivered, and is kept. @param file its name now, in the queue folder of `node` */
export function noticeKept(
  item: HarakaMailItem,
  { words, file, node }: { readonly words: string; readonly file: string; readonly node: string },
): NoticeEvent | null {
  const about = aboutMessage(item)
  return (
    about && {
      ...about,
      ...{ at: Date.now(), result: 'undelivered', host: '', to: '', session: null, failure: null },
      ...{ words, file, node },
    }
  )
}

function aboutMessage(
  item: HarakaMailItem,
): Pick<NoticeEvent, 'kind' | 'uuid' | 'item' | 'sender' | 'domain' | 'recipients' | 'requirement'> | null {
  const about = subjectOf(item)
  if (!about) return null
  const { level, decidedBy, ...message } = about
  return { kind: 'notice', ...message, requirement: { level, decidedBy } }
}
