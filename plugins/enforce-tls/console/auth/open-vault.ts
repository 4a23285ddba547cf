/** Opens the vault that belongs to a rule store: accounts and sessions are kept where the rules are. */
import type { Settings } from '../../settings/types.js'
import type { NewFileOwner } from '../../store/file/replace-file.js'
import { FileVault } from './file-vault.js'
import { RedisVault } from './redis-vault.js'
import type { Vault } from './vault.js'

/**
 * @param newFileOwner whom files belong to that are made
 * @throws {StoreError} for a `redis.url` that can't be meant.
 */
export function openVault(
  { store, redis }: Pick<Settings, 'store' | 'redis'>,
  newFileOwner: NewFileOwner = null,
): Vault {
  return store.type === 'file' ? new FileVault(store.file, { newFileOwner }) : new RedisVault(redis)
}
