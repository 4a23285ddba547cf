/** A RedisStore for one test, with what it told, and looks at how it fails. */
import assert from 'node:assert/strict'
import { toSettings } from '../../plugins/enforce-tls/settings/schema.js'
import type { RedisSettings } from '../../plugins/enforce-tls/settings/redis.js'
import { RedisStore } from '../../plugins/enforce-tls/store/redis/rule-store.js'
import { until } from '../support/until.js'
import { storeError } from './rule-store-contract.js'

/** For tests in which Redis does not answer, in milliseconds. */
export const COMMAND_TIMEOUT = 400

/** What a call may take over the command timeout on a busy machine, in milliseconds. */
const LENIENCE = 1500

export const OWNER = 'acme.example'
export const RULE = JSON.stringify({ name: 'one' })

/** The default settings but for these. */
export function redisSettings(changes: Partial<RedisSettings>): RedisSettings {
  return { ...toSettings({}).redis, ...changes }
}

/** A store that is closed at the end of its block, and what it told. */
export interface Opened extends AsyncDisposable {
  readonly store: RedisStore
  readonly told: readonly string[]
}

export function openRedisStore(changes: Partial<RedisSettings>): Opened {
  const told: string[] = []
  const store = new RedisStore(redisSettings(changes), {
    onStateChange: (state, detail) => told.push(`${state}: ${detail}`),
  })
  return { store, told, [Symbol.asyncDispose]: () => store.close() }
}

/** Looks that a call fails within the command timeout. */
export async function assertFailsInTime(
  call: () => Promise<unknown>,
  ...fits: readonly RegExp[]
): Promise<void> {
  const start = performance.now()
  await assert.rejects(call(), storeError('STORE_UNAVAILABLE', ...fits))
  const took = performance.now() - start
  assert.ok(took < COMMAND_TIMEOUT + LENIENCE, `took ${took} ms`)
}

export async function untilReadable(store: RedisStore): Promise<void> {
  const readable = (): Promise<boolean> =>
    store.readOwner(OWNER).then(
      () => true,
      () => false,
    )
  await until(readable, { what: 'the store to be readable again' })
}
