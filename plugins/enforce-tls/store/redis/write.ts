/**
 * Writing several entries of a Redis and their history: one script, all or nothing, on a single server; key by
 * key on a Cluster, whose nodes no script can change in one step.
 */
import { quote } from '../../text/quote.js'
import { isChange, type EntryChange } from '../entry-change.js'
import { evaluate, type WriteContext } from './evaluate.js'
import { markNewStore, type Marking } from './marker.js'
import { COMPARE_AND_SET, COMPARE_ONLY, RECORD_ONLY } from './scripts.js'
import { errorMessage } from '../../text/error-message.js'
import { StoreError } from '../rule-store.js'

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
