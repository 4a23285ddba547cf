/** Opens the account store that belongs to a rule store: accounts and sessions are stored where the rules are. */
import type { Settings } from '../../settings/types.js'
import type { NewFileOwner } from '../../store/file/replace-file.js'
import { FileAccountStore } from './file-account-store.js'
import { RedisAccountStore } from './redis-account-store.js'
import type { AccountStore } from './account-store.js'

/**
 * @param newFileOwner whom files belong to that are made
 * @throws {StoreError} for a `redis.url` that can't be meant.
 */
export function openAccountStore(
  { store, redis }: Pick<Settings, 'store' | 'redis'>,
  newFileOwner: NewFileOwner = null,
): AccountStore {
  return store.type === 'file'
    ? new FileAccountStore(store.file, { newFileOwner })
    : new RedisAccountStore(redis)
}
