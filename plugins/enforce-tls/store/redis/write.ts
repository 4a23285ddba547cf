/**
 * Writing several entries of a Redis and their history: one script, all or nothing, on a single server; key by
 * key on a Cluster, whose nodes no script can change in one step.
 */
import { quote } from '../../text/quote.js'
import { PIECE } from '../../rules/owner-entries.js'
import type { InPieces } from '../../work/pieces.js'
import { isChange, type EntryChange } from '../entry-change.js'
import { newStepId, recording } from '../history.js'
import type { RedisConnection } from './connection.js'
import { markNewStore, type MarkerKeys, type Marking } from './marker.js'
import { COMPARE_AND_SET, COMPARE_ONLY, RECORD_ONLY } from './scripts.js'
import { StoreError } from '../rule-store.js'
import { inPieces } from '../../work/turns.js'
import { errorMessage } from '../../text/error-message.js'

/** About the most entries that the history keeps. */
const HISTORY_MAX = 10_000
/** About the most bytes that the history keeps. */
const HISTORY_BYTES_MAX = 64 * 1024 * 1024

/** What writing needs to know of the store. */
export interface WriteContext {
  readonly connection: RedisConnection
  readonly description: string
  readonly historyKey: string
  readonly markerKeys: MarkerKeys
  readonly keyOf: (change: EntryChange) => string
  readonly placeOf: (change: EntryChange) => string
}

/**
 * Writes changes, all or none where one node holds them all.
 *
 * @param by who makes them; `undefined`: they are not recorded
 * @param marking the markers that a store without one gets
 * @throws {StoreError} see `RuleStore.writeAll`.
 */
export async function writeEntries(
  context: WriteContext,
  changes: readonly EntryChange[],
  by: string | undefined,
  marking: Marking,
): Promise<void> {
  if (changes.length === 0) return
  const answer = await evaluate(context, COMPARE_AND_SET, changes, by, marking)
  if (answer === 'NOSTREAM') throw noStream(context)
  if (answer === 'CROSSSLOT') await writeKeyByKey(context, changes, by, marking)
  else if (answer !== null) throw conflict(context, changes[answer], 'nothing was written')
}

async function writeKeyByKey(
  context: WriteContext,
  changes: readonly EntryChange[],
  by: string | undefined,
  marking: Marking,
): Promise<void> {
  const parts = inSafeOrder(context, changes)
  await lookAtAll(context, parts, by)
  // Before the changes: rules without a marker would be another store's.
  await markNewStore(context, marking)
  const written: EntryChange[] = []
  for (const part of parts) {
    try {
      const answer = await evaluate(context, COMPARE_AND_SET, part, undefined)
      if (answer !== null) {
        const so = written.length === 0 ? 'nothing was written' : 'it was not written'
        throw conflict(context, part[Number(answer)], so)
      }
    } catch (error) {
      if (written.length === 0) throw error
      const lost = await record(context, written, by)
      throw halfway(context, written, changes, error, lost)
    }
    for (const change of part) written.push(change)
  }
  const lost = await record(context, written, by)
  if (lost !== null) throw halfway(context, written, changes, null, lost)
}

/** Looks whether all can be written, since a part that was written can't be taken back. */
async function lookAtAll(
  context: WriteContext,
  parts: readonly (readonly EntryChange[])[],
  by: string | undefined,
): Promise<void> {
  if (by !== undefined && (await evaluate(context, COMPARE_ONLY, [], by)) === 'NOSTREAM')
    throw noStream(context)
  if (parts.length === 1) return
  for (const part of parts) {
    const answer = await evaluate(context, COMPARE_ONLY, part, undefined)
    if (answer !== null) throw conflict(context, part[Number(answer)], 'nothing was written')
  }
}

/**
 * The changes of each key, in an order that is never worse than before if it ends early: a group is there before
 * the rules that refer to it and goes after them, and rules are there before their service is switched on.
 */
function inSafeOrder({ keyOf }: WriteContext, changes: readonly EntryChange[]): EntryChange[][] {
  const ranks = { groups: 0, rules: 1, domains: 2 }
  const rank = ({ key, value }: EntryChange): number => (key === 'groups' && value === null ? 3 : ranks[key])
  const parts = new Map<string, EntryChange[]>()
  for (const change of changes.toSorted((a, b) => rank(a) - rank(b))) {
    const name = `${rank(change)} ${keyOf(change)}`
    const part = parts.get(name)
    if (part) part.push(change)
    else parts.set(name, [change])
  }
  return [...parts.values()]
}

/** Records what is written; gives the problem if it can't. */
async function record(
  context: WriteContext,
  written: readonly EntryChange[],
  by: string | undefined,
): Promise<string | null> {
  if (by === undefined) return null
  try {
    await evaluate(context, RECORD_ONLY, written, by)
    return null
  } catch (error) {
    return errorMessage(error)
  }
}

/** Runs a script; answers with the number of a conflicting change, `null`, or that one node does not do. */
async function evaluate(
  { connection, historyKey, markerKeys, keyOf }: WriteContext,
  script: string,
  changes: readonly EntryChange[],
  by: string | undefined,
  marking: Marking | null = null,
): Promise<number | 'CROSSSLOT' | 'NOSTREAM' | null> {
  const records = script === RECORD_ONLY
  const hashes = new Map<string, number>()
  for (const change of changes) {
    const key = keyOf(change)
    if (!hashes.has(key)) hashes.set(key, hashes.size + 1)
  }
  const { marker, services, rulesForAll } = markerKeys
  const keys = [
    ...(records ? [] : hashes.keys()),
    ...(marking ? [marker, services, rulesForAll] : []),
    ...(by === undefined ? [] : [historyKey]),
  ]
  const packed = await inPieces(
    packing(changes, (change) => hashes.get(keyOf(change)) ?? 0, by !== undefined),
  )
  const mark = marking ? [String(hashes.size + 1), marking.empty, marking.held] : ['', '', '']
  const args = [by ?? '', String(HISTORY_MAX), String(HISTORY_BYTES_MAX), newStepId(), packed, ...mark]
  return connection.ask({
    key: hashes.size <= 1 || records ? (keys[0] ?? null) : [...hashes.keys()].join(' or '),
    writes: true,
    send: async (redis) => {
      try {
        return (await redis.call('eval', [script, keys.length, ...keys, ...args])) as
          number | 'NOSTREAM' | null
      } catch (error) {
        // Redis says so before it runs anything.
        if (error instanceof Error && error.message.startsWith('CROSSSLOT')) return 'CROSSSLOT'
        throw error
      }
    },
  })
}

/** The changes as the scripts take them. */
function* packing(
  changes: readonly EntryChange[],
  numberOf: (change: EntryChange) => number,
  recorded: boolean,
): InPieces<string> {
  const leftOut = new Map<EntryChange, readonly string[]>()
  if (recorded) {
    for (const { change, leftOut: lines } of yield* recording(changes)) if (lines) leftOut.set(change, lines)
  }
  const words: string[] = []
  let length = 0
  for (const change of changes) {
    const { key, owner, field, expected, value } = change
    const instead = leftOut.get(change)
    const about = [numberOf(change), key, owner, field, expected ?? false]
    const difference = [value ?? false, instead ? JSON.stringify(instead) : false]
    const word = JSON.stringify(isChange(change) ? [...about, true, ...difference] : [...about, false])
    words.push(word)
    length += word.length
    if (length < PIECE) continue
    length = 0
    yield
  }
  return `[${words.join(',')}]`
}

function noStream({ description, historyKey }: WriteContext): StoreError {
  return new StoreError(
    'STORE_CORRUPT',
    `${description}: key ${historyKey} is not a stream, so nothing was written; look at it with TYPE, and delete or rename it`,
  )
}

function conflict(
  { description, placeOf }: WriteContext,
  change: EntryChange | undefined,
  so: string,
): StoreError {
  const place = change === undefined ? 'an entry' : placeOf(change)
  return new StoreError(
    'STORE_CONFLICT',
    `${description}: ${place} was changed by somebody else in the meantime; ${so}, read it again and repeat`,
  )
}

function halfway(
  { description, placeOf }: WriteContext,
  written: readonly EntryChange[],
  changes: readonly EntryChange[],
  cause: unknown,
  lost: string | null,
): StoreError {
  const problem = errorMessage(cause)
  const places = quote(written.filter(isChange).map(placeOf).join('; '))
  const so =
    cause === null
      ? `made all changes (${places})`
      : `failed after ${written.length} of ${changes.length} changes; written are: ${places}; then: ${problem}`
  const unrecorded = lost === null ? '' : `; the history has no record of what is written: ${lost}`
  return new StoreError('STORE_HALFWAY', `${description} ${so}${unrecorded}`)
}
