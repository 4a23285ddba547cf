/** The marker of a Redis store, and what else shows whether it is without rules. Rejects as `ask` does. */
import { given } from '../../settings/values.js'
import type { Asks, RedisClient } from './options.js'
import { SET_MARKER } from './scripts.js'
import { StoreError, type StoreIdentity } from '../rule-store.js'
import { newMarker } from '../marker.js'

/** Where the marker lies, and what rules that act can't do without. */
export interface MarkerKeys {
  readonly marker: string
  readonly services: string
  readonly rulesForAll: string
  /** What is written beside rules and stays when they are lost. */
  readonly traces: readonly string[]
}

/** The marker that a store without one gets, as JSON: where it had no rules, and where it had some. */
export interface Marking {
  readonly empty: string
  readonly held: string
}

type Connection = Asks & { readonly description: string }

/** The markers for a first change. @param own of a document that is written, which keeps its own */
export function markingOf(own: string | undefined, by: string | undefined): Marking {
  if (own !== undefined) return { empty: own, held: own }
  const marker = newMarker(given('by', by))
  return { empty: JSON.stringify(marker), held: JSON.stringify({ ...marker, held: true }) }
}

/** What distinguishes the store from others. */
export function readIdentity(connection: Connection, keys: MarkerKeys): Promise<StoreIdentity> {
  return connection.ask({ key: keys.marker, writes: false, send: (redis) => identityIn(redis, keys) })
}

async function identityIn(redis: RedisClient, keys: MarkerKeys): Promise<StoreIdentity> {
  const [marker, hasServices, hasRulesForAll] = await Promise.all([
    markerIn(redis, keys.marker),
    isThere(redis, keys.services),
    isThere(redis, keys.rulesForAll),
  ])
  const isEmpty = marker.marker === null && marker.markerProblem === null && !hasServices && !hasRulesForAll
  const traces = isEmpty ? await tracesIn(redis, keys.traces) : []
  return { ...marker, hasServices, hasRulesForAll, traces, missing: false }
}

/** Those that are there; one by one, since they lie on different nodes of a Cluster. */
async function tracesIn(redis: RedisClient, keys: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    keys.map((key) =>
      redis.exists(key).catch((error: unknown) => {
        // Users of Redis that were made for an older version may not.
        if ((error as Error).message.startsWith('NOPERM')) return 0
        throw error
      }),
    ),
  )
  return keys.filter((_, index) => found[index] === 1).map((key) => `key ${key}`)
}

async function markerIn(
  redis: RedisClient,
  key: string,
): Promise<Pick<StoreIdentity, 'marker' | 'markerProblem'>> {
  try {
    return { marker: await redis.get(key), markerProblem: null }
  } catch (error) {
    const { message } = error as Error
    const problem = problemOf(message)
    if (problem === null) throw error
    return { marker: null, markerProblem: `key ${key} ${problem}` }
  }
}

function problemOf(message: string): string | null {
  // Users of Redis that were made for an older version may not.
  if (message.startsWith('NOPERM')) return `may not be read: ${message}; allow it with +get`
  if (message.startsWith('WRONGTYPE')) return 'is not a text; look at it with TYPE'
  return null
}

/** Whether there is such a key; one of another kind counts. */
function isThere(redis: RedisClient, key: string): Promise<boolean> {
  return redis.hlen(key).then(
    (fields) => fields > 0,
    (error: unknown) => {
      if ((error as Error).message.startsWith('WRONGTYPE')) return true
      throw error
    },
  )
}

/** Sets the marker; see `RuleStore.writeMarker`. */
export async function setMarker(
  connection: Connection,
  { marker: key }: MarkerKeys,
  expected: string | null,
  value: string,
): Promise<void> {
  const answer = await connection.ask({
    key,
    writes: true,
    send: (redis) => redis.eval(SET_MARKER, 1, key, expected === null ? '' : '1', expected ?? '', value),
  })
  if (answer !== null)
    throw new StoreError(
      'STORE_CONFLICT',
      `${connection.description}: key ${key} was changed by somebody else in the meantime; try again`,
    )
}

/** Gives a store that has no marker its first one, where no script can do it beside the change. */
export async function markNewStore(
  { connection, markerKeys: keys }: { readonly connection: Connection; readonly markerKeys: MarkerKeys },
  { empty, held }: Marking,
): Promise<void> {
  await connection.ask({
    key: keys.marker,
    writes: true,
    send: async (redis) => {
      const { marker, markerProblem, hasServices, hasRulesForAll } = await identityIn(redis, keys)
      if (marker !== null || markerProblem !== null) return
      await redis
        .set(keys.marker, hasServices || hasRulesForAll ? held : empty, 'NX')
        .catch((error: unknown) => {
          // As beside a change: who may not do this may still change rules.
          if (!(error as Error).message.startsWith('NOPERM')) throw error
        })
    },
  })
}
