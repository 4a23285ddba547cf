/**
 * Finds messages in the delivery log: once through the log for which they are, once more for all that is known of
 * those that are shown. In pieces: it may run beside mail.
 */
import { fromRecord } from '../../observe/delivery-log/entry.js'
import type { DeliveryLogEntry } from '../../observe/delivery-log/schema.js'
import { gapIn, isGap, looksLikeGap, type LogGap } from '../../observe/delivery-log/gap.js'
import type { DeliveryLogReader, DeliveryRecord } from '../../store/delivery-log.js'
import type { InPieces } from '../../work/pieces.js'
import { inPieces } from '../../work/turns.js'
import { readReleases, type HistoryRelease, type ReleaseHistory } from '../history-releases.js'
import { familyOf, stemOf, TRIED_FOR } from './exposures.js'
import { messageOf, type TracedMessage } from './message.js'
import {
  askedNames,
  isAskedFor,
  looksAskedFor,
  looksOfMessages,
  type AskedNames,
  type ResultAsked,
  type TraceQuery,
} from './trace-query.js'

/** More messages than anybody looks through; of more, the latest are found. */
const FOUND_MAX = 100_000

/** Some of the messages that were found. */
export interface FoundMessages {
  /** The latest first. */
  readonly messages: readonly TracedMessage[]
  /** How many there are in all. */
  readonly total: number
}

/**
 * Messages that a query asks for, the latest first.
 *
 * @param skip so many of them
 * @param store whose history has the releases; where it cannot be read, the messages say so
 * @throws what reading the log throws
 */
export async function searchMessages(
  log: DeliveryLogReader,
  query: TraceQuery,
  { skip, limit }: { readonly skip: number; readonly limit: number },
  store: ReleaseHistory,
): Promise<FoundMessages> {
  const asksNames = [query.to, query.from, query.messageId].some((name) => name !== null)
  const names = askedNames(query, asksNames ? await log.readKey() : null)
  const found = await findMessages(log, query, names)
  const shown = found.slice(skip, skip + limit)
  return { messages: await read(log, shown, names, store), total: found.length }
}

/** What is known of a message while the log is looked through. */
interface Found {
  readonly key: string
  readonly uuid: string
  /** The recipients' domain. */
  readonly domain: string
  /** Of its latest entry that is asked for. */
  at: string
  readonly results: Set<ResultAsked>
  /** Of failed attempts. */
  readonly classes: Set<string>
  waits: boolean
}

async function findMessages(log: DeliveryLogReader, query: TraceQuery, names: AskedNames): Promise<Found[]> {
  const found = new Map<string, Found>()
  for await (const record of log.read(query.since, looksAskedFor(query, names))) {
    if (!(await inPieces(asking(record, query, names)))) continue
    const key = keyOf(record)
    const { uuid = '', domain = '' } = record
    const one = found.get(key) ?? {
      ...{ key, uuid, domain, at: '', waits: false },
      ...{ results: new Set<ResultAsked>(), classes: new Set<string>() },
    }
    note(one, record)
    // Behind all others: the first one in the map is the one that is longest without an entry.
    found.delete(key)
    found.set(key, one)
    if (found.size > FOUND_MAX) found.delete(found.keys().next().value ?? '')
  }
  const { result, class: failure = null } = query
  const asked = [...found.values()].filter(
    ({ results, classes, waits }) =>
      (result === null || (result === 'waiting' ? waits : results.has(result))) &&
      (failure === null || classes.has(failure)),
  )
  return asked.sort((a, b) => (a.at > b.at ? -1 : a.at < b.at ? 1 : 0))
}

/** What comes in for several domains at once is a message for each of them. */
function keyOf({ uuid, domain }: { readonly uuid?: string; readonly domain?: string }): string {
  return `${uuid ?? ''} ${domain ?? ''}`
}

/** Before an entry is looked at, others may have their turn. */
function* asking(record: DeliveryRecord, query: TraceQuery, names: AskedNames): InPieces<boolean> {
  yield
  return isAskedFor(record, query, names)
}
function* reading(record: DeliveryRecord): InPieces<DeliveryLogEntry | null> {
  yield
  return fromRecord(record)
}

function note(one: Found, { at = '', kind, result = '', class: name }: DeliveryRecord): void {
  if (at > one.at) one.at = at
  if (kind === 'notice') return
  if (kind === 'attempt') {
    if (name !== undefined) one.classes.add(name)
    return
  }
  if (kind === 'outcome') one.waits = result === 'deferred'
  else if (result === 'sent' || kind === 'waiver') one.waits = false
  const meaning = RESULT_OF[result]
  if (meaning !== undefined) one.results.add(meaning)
  if ((result === 'bounced' || result === 'kept') && name !== undefined) one.results.add('failed')
}

const RESULT_OF: Readonly<Record<string, ResultAsked>> = {
  delivered: 'delivered',
  'delivered-as-usual': 'as-usual',
  rerouted: 'rerouted',
  'via-gateway': 'rerouted',
  bounced: 'bounced',
  kept: 'kept',
  begun: 'released',
  sent: 'released',
  freed: 'freed',
  waived: 'waived',
  'waived-begun': 'waived',
  'waived-sent': 'waived',
  'would-bounce': 'would-bounce',
  refused: 'rejected',
}

async function read(
  log: DeliveryLogReader,
  shown: readonly Found[],
  names: AskedNames,
  store: ReleaseHistory,
): Promise<TracedMessage[]> {
  // All items of a message together: what one of them did counts for the whole message.
  const families = new Map(shown.map((one) => [familyOf(one), new Map<string, DeliveryLogEntry>()]))
  if (families.size === 0) return []
  const earliest = shown.reduce((first, { at }) => (at < first ? at : first), shown[0]?.at ?? '')
  const since = new Date(Date.parse(earliest) - TRIED_FOR)
  const stems = new Set(shown.map(({ uuid }) => stemOf(uuid)))
  const gaps = new Map<string, LogGap>()
  const ofMessages = looksOfMessages(stems)
  for await (const record of log.read(since, (json) => ofMessages(json) || looksLikeGap(json))) {
    if (isGap(record)) {
      const gap = gapIn(record)
      if (gap) gaps.set(record['id'] ?? '', gap)
      continue
    }
    const family = record['notice'] === undefined ? families.get(familyOf(record)) : undefined
    const entry = family && (await inPieces(reading(record)))
    if (entry) family.set(entry.id, entry)
  }
  const [logBegins, history] = await Promise.all([log.begins(), releasesOf(store)])
  const beside = { logBegins, history, gaps: [...gaps.values()] }
  return shown.flatMap((one) => {
    const entries = [...(families.get(familyOf(one))?.values() ?? [])]
    const own = entries.filter((entry) => keyOf(entry) === one.key)
    return own.length > 0 ? [messageOf(own, names, { entries, ...beside })] : []
  })
}

/** `null` where the history cannot be read. */
async function releasesOf(store: ReleaseHistory): Promise<readonly HistoryRelease[] | null> {
  try {
    return await readReleases(store)
  } catch {
    return null
  }
}
