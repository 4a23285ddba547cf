/**
 * What the delivery log may lack of a message, by what it says of itself and what the history has: a try that an
 * administrator ordered counts in no round, and one in which the process is killed neither, so that rounds alone do not
 * show that all attempts are there. Pure.
 */
import { arrivalOf } from '../../delivery/queue-name.js'
import { overlaps, type LogGap } from '../../observe/delivery-log/gap.js'
import type { DeliveryLogEntry } from '../../observe/delivery-log/schema.js'
import { formatGaps, joinedGaps } from '../gaps.js'
import type { HistoryRelease } from '../history-releases.js'
import { isIncomplete, stemOf, TRIED_FOR, type Exposure } from './exposures.js'
import { formatMissing } from './format-exposure.js'

/** What is known beside the entries of a message. */
export interface Beside {
  /** When the oldest entry of the log was written; `null` where that is not known. */
  readonly logBegins: string | null
  /** All that the log has. */
  readonly gaps: readonly LogGap[]
  /** All releases that the history has; `null` where it could not be read. */
  readonly history: readonly HistoryRelease[] | null
}

/** Sentences that say why attempts may be missing; none where nothing is. @param entries of the whole message */
export function missingOf(
  entries: readonly DeliveryLogEntry[],
  { logBegins, gaps, history }: Beside,
): string[] {
  const mail = entries.filter(({ kind }) => kind !== 'refusal' && kind !== 'notice')
  const times = mail.map(({ at }) => at).sort()
  const [begin, end] = [mail.map(beginOf).sort()[0], times.at(-1)]
  if (begin === undefined || end === undefined) return []
  return [
    ...(isIncomplete(entries, logBegins) ? [formatMissing(logBegins)] : []),
    ...formatGaps(joinedGaps(gaps.filter((gap) => overlaps(gap, begin, end)))),
    ...(history === null
      ? ['The history of the rules could not be read: whether this message was released is not known.']
      : []),
  ]
}

/** When the item of an entry came into the queue, at the earliest. */
function beginOf({ item = '', at }: DeliveryLogEntry): string {
  const arrival = arrivalOf(item)
  const earliest = Date.parse(at) - TRIED_FOR
  return new Date(arrival !== null && arrival <= Date.parse(at) ? arrival : earliest).toISOString()
}

/** Releases of a message that only the history has, in order of time. @param entries of the whole message */
export function unloggedReleases(
  entries: readonly DeliveryLogEntry[],
  { history }: Pick<Beside, 'history'>,
): Exposure[] {
  const [first] = entries
  if (!first) return []
  const logged = new Set(
    entries.flatMap(({ kind, result, order, uuid }) =>
      // That leave has ended does not say what was done under it.
      kind === 'release' && result !== 'lapsed' ? [order ?? uuid] : [],
    ),
  )
  const found = new Map<string, Exposure>()
  for (const { at, uuid, item, order, by, reason, domains } of history ?? []) {
    if (stemOf(uuid) !== stemOf(first.uuid) || logged.has(order ?? uuid)) continue
    // Of many recipients not all are listed: what is not known to be of another domain is told.
    if (domains.size > 0 && !domains.has(first.domain)) continue
    found.set(order ?? item, {
      ...({ at, uuid, result: 'granted', how: 'unknown' } as const),
      ...{ server: null, address: null, protocol: null, by, reason: reason || null },
    })
  }
  return [...found.values()].sort((a, b) => (a.at < b.at ? -1 : 1))
}
