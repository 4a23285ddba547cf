/**
 * Writing several entries of a Redis and their history: one script, all or nothing, on a single server; key by
 * key on a Cluster, whose nodes no script can change in one step.
 */
import { quote } from '../rules/owner.js'
import { isChange, type EntryChange } from './entry-change.js'
import type { RedisConnection } from './redis-connection.js'
import { StoreError } from './rule-store.js'

/** About the most entries that the history keeps. */
const HISTORY_MAX = 10_000

/*
 * Both scripts take the author, the most entries of the history, then nine arguments for each change: the number
 * of its key, kind, owner, field, whether it is expected ("1") or not (""), the expected value, whether it shall
 * be there, the new value, whether that is a difference. The last key is the history if there is an author.
 */

const PRESENT = `
local function present(i) return ARGV[i] == '1' end
`
const RECORD = `
if ARGV[1] ~= '' then
  for i = 3, #ARGV, 9 do
    if present(i + 8) then
      local entry = { 'by', ARGV[1], 'key', ARGV[i + 1], 'owner', ARGV[i + 2], 'field', ARGV[i + 3] }
      if present(i + 4) then entry[9] = 'from'; entry[10] = ARGV[i + 5] end
      if present(i + 6) then entry[#entry + 1] = 'to'; entry[#entry + 1] = ARGV[i + 7] end
      redis.call('XADD', KEYS[#KEYS], 'MAXLEN', '~', ARGV[2], '*', unpack(entry))
    end
  end
end
`
const COMPARE = `
for i = 3, #ARGV, 9 do
  local expected = present(i + 4) and ARGV[i + 5]
  if redis.call('HGET', KEYS[tonumber(ARGV[i])], ARGV[i + 3]) ~= expected then return (i - 3) / 9 end
end
if ARGV[1] ~= '' then
  local type = redis.call('TYPE', KEYS[#KEYS]).ok
  if type ~= 'none' and type ~= 'stream' then return 'NOSTREAM' end
end
`
const SET = `
for i = 3, #ARGV, 9 do
  if present(i + 6) then
    redis.call('HSET', KEYS[tonumber(ARGV[i])], ARGV[i + 3], ARGV[i + 7])
  else
    redis.call('HDEL', KEYS[tonumber(ARGV[i])], ARGV[i + 3])
  end
end
`
/**
 * Answers with the number of the first change whose entry is not as expected, else with nil. The history goes
 * before the change: what can fail there fails while nothing is written.
 */
const COMPARE_AND_SET = PRESENT + COMPARE + RECORD + SET
/** For changes that are made already. */
const RECORD_ONLY = PRESENT + RECORD

/** What writing needs to know of the store. */
export interface WriteContext {
  readonly connection: RedisConnection
  readonly description: string
  readonly historyKey: string
  readonly keyOf: (change: EntryChange) => string
  readonly placeOf: (change: EntryChange) => string
}

/**
 * Writes changes, all or none where one node holds them all.
 *
 * @param by who makes them; `undefined`: they are not recorded
 * @throws {StoreError} see `RuleStore.writeAll`.
 */
export async function writeEntries(
  context: WriteContext,
  changes: readonly EntryChange[],
  by: string | undefined,
): Promise<void> {
  if (changes.length === 0) return
  const answer = await evaluate(context, COMPARE_AND_SET, changes, by)
  if (answer === 'NOSTREAM') throw noStream(context)
  if (answer === 'CROSSSLOT') await writeKeyByKey(context, changes, by)
  else if (answer !== null) throw conflict(context, changes[answer], 'nothing was written')
}

async function writeKeyByKey(
  context: WriteContext,
  changes: readonly EntryChange[],
  by: string | undefined,
): Promise<void> {
  const written: EntryChange[] = []
  for (const key of new Set(changes.map(context.keyOf))) {
    const group = changes.filter((change) => context.keyOf(change) === key)
    try {
      const answer = await evaluate(context, COMPARE_AND_SET, group, undefined)
      if (answer !== null) {
        const so = written.length === 0 ? 'nothing was written' : 'it was not written'
        throw conflict(context, group[Number(answer)], so)
      }
    } catch (error) {
      if (written.length === 0) throw error
      await record(context, written, by)
      throw halfway(context, written, changes, error)
    }
    written.push(...group)
  }
  await record(context, written, by)
}

async function record(
  context: WriteContext,
  written: readonly EntryChange[],
  by: string | undefined,
): Promise<void> {
  if (by !== undefined) await evaluate(context, RECORD_ONLY, written, by)
}

/** Runs a script; answers with the number of a conflicting change, `null`, or that one node does not do. */
function evaluate(
  { connection, historyKey, keyOf }: WriteContext,
  script: string,
  changes: readonly EntryChange[],
  by: string | undefined,
): Promise<number | 'CROSSSLOT' | 'NOSTREAM' | null> {
  const records = script === RECORD_ONLY
  const hashes = [...new Set(changes.map(keyOf))]
  const keys = [...(records ? [] : hashes), ...(by === undefined ? [] : [historyKey])]
  const words = changes.flatMap((change) => [
    String(hashes.indexOf(keyOf(change)) + 1),
    change.key,
    change.owner,
    change.field,
    ...optional(change.expected),
    ...optional(change.value),
    isChange(change) ? '1' : '',
  ])
  return connection.ask({
    key: hashes.length === 1 || records ? (keys[0] ?? null) : hashes.join(' or '),
    writes: true,
    send: async (redis) => {
      try {
        const args = [...keys, by ?? '', String(HISTORY_MAX), ...words]
        return (await redis.eval(script, keys.length, ...args)) as number | 'NOSTREAM' | null
      } catch (error) {
        // Redis says so before it runs anything.
        if (error instanceof Error && error.message.startsWith('CROSSSLOT')) return 'CROSSSLOT'
        throw error
      }
    },
  })
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
): StoreError {
  const problem = cause instanceof Error ? cause.message : String(cause)
  const places = written.filter(isChange).map(placeOf)
  return new StoreError(
    'STORE_HALFWAY',
    `${description} failed after ${written.length} of ${changes.length} changes; written are: ${quote(places.join('; '))}; then: ${problem}`,
  )
}

function optional(text: string | null): [present: string, text: string] {
  return text === null ? ['', ''] : ['1', text]
}
