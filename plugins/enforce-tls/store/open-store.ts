/** Chooses the implementation of the rule store that the settings ask for. */
import type { Settings } from '../settings.js'
import { FileStore } from './file-store.js'
import { RedisStore, type RedisStoreOptions } from './redis-store.js'
import type { RuleStore } from './rule-store.js'

/** What a store tells of itself; a file has no state to tell of, it is looked at with every question. */
export type OpenStoreOptions = RedisStoreOptions

/**
 * Opens the rule store. Nothing is read yet: a store that is away shows at the first question.
 *
 * @param settings the path of `store.file` is taken from the current folder if it is relative
 * @throws {StoreError} for a `redis.url` that can't be meant.
 */
export function openStore(
  { store, redis }: Pick<Settings, 'store' | 'redis'>,
  options: OpenStoreOptions = {},
): RuleStore {
  return store.type === 'file' ? new FileStore(store.file) : new RedisStore(redis, options)
}
