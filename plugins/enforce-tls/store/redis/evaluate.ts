/** Sends the scripts that write, with changes as they take them. Rejects as `ask` does. */
import { PIECE } from '../../rules/owner-entries.js'
import type { InPieces } from '../../work/pieces.js'
import { inPieces } from '../../work/turns.js'
import { isChange, type EntryChange } from '../entry-change.js'
import { newStepId, recording } from '../history.js'
import type { MarkerKeys, Marking } from './marker.js'
import type { Asks } from './options.js'
import { COMPARE_AND_SET, RECORD_ONLY } from './scripts.js'

/** About the most that the history keeps. */
export const HISTORY_MOST = { entries: 10_000, megabytes: 64 } as const
const HISTORY_BYTES_MAX = HISTORY_MOST.megabytes * 1024 * 1024

/** What writing needs to know of the store. */
export interface WriteContext {
  readonly connection: Asks & { readonly description: string }
  readonly description: string
  readonly historyKey: string
  readonly markerKeys: MarkerKeys
  readonly keyOf: (change: EntryChange) => string
  readonly placeOf: (change: EntryChange) => string
}

/** Runs a script; answers with the number of a conflicting change, `null`, or that the keys are on several nodes. */
export async function evaluate(
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
  const args = [
    by ?? '',
    String(HISTORY_MOST.entries),
    String(HISTORY_BYTES_MAX),
    newStepId(),
    packed,
    ...mark,
  ]
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

/** A field of a hash, as it was read and as it shall be; `null` for none. */
export interface FieldChange {
  readonly field: string
  readonly expected: string | null
  readonly value: string | null
}

/**
 * Writes one field of a hash beside the rules, which has neither history nor marker.
 *
 * @param still another field that must be as expected at the same moment
 * @returns false, with nothing written, where it is not as expected.
 */
export async function writeField(
  connection: Asks,
  key: string,
  { field, expected, value }: FieldChange,
  still: Omit<FieldChange, 'value'> | null = null,
): Promise<boolean> {
  const changes = [
    [1, '', '', field, expected ?? false, true, value ?? false, false],
    ...(still === null ? [] : [[1, '', '', still.field, still.expected ?? false, false]]),
  ]
  const answer = await connection.ask({
    key,
    writes: true,
    send: (redis) => redis.eval(COMPARE_AND_SET, 1, key, '', '', '', '', JSON.stringify(changes), '', '', ''),
  })
  return answer === null
}
