/** Chooses the implementations of the rule store, and of what is kept beside it, that the settings ask for. */
import type { Settings } from '../settings/types.js'
import type { DeliveryLog } from './delivery-log.js'
import { FileDeliveryLog } from './file/delivery-log.js'
import { FileAlertState } from './file/alert-state.js'
import { FileSentReports } from './file/sent-reports.js'
import { FilePartnerFacts } from './file/partner-facts.js'
import type { PartnerFacts } from './partner-facts.js'
import { RedisPartnerFacts } from './redis/partner-facts.js'
import { RedisSentReports } from './redis/sent-reports.js'
import type { ReportKind, SentReports } from './sent-reports.js'
import { FileStsPolicies } from './file/sts-policies.js'
import { RedisStsPolicies } from './redis/sts-policies.js'
import { FileStore, type FileStoreOptions } from './file/rule-store.js'
import type { StsPolicyStore } from '../published/mta-sts/policy-store.js'
import type { AlertState } from './alert-state.js'
import { RedisDeliveryLog } from './redis/delivery-log.js'
import { RedisAlertState } from './redis/alert-state.js'
import { RedisSharedHashes } from './redis/shared-hashes.js'
import { FileSharedHashes } from './file/shared-hashes.js'
import type { SharedHashes } from './shared-hashes.js'
import { readingBack } from './reads-back.js'
import { RedisStore, type RedisStoreOptions } from './redis/rule-store.js'
import type { RuleStore } from './rule-store.js'

/** What a store reports of itself; a file has no state to report, it is looked at with every call. */
export type OpenStoreOptions = Omit<RedisStoreOptions, 'check'> & Pick<FileStoreOptions, 'newFileOwner'>

/**
 * Opens the rule store, which takes only what reads back as the same thing. Nothing is read yet: a store that is away shows at the first call.
 *
 * @param settings the path of `store.file` is taken from the current folder if it is relative
 * @throws {StoreError} for a `redis.url` that can't be meant.
 */
export function openStore(
  { store, redis }: Pick<Settings, 'store' | 'redis'>,
  options: OpenStoreOptions = {},
): RuleStore {
  const check = readingBack
  return store.type === 'file'
    ? new FileStore(store.file, { ...options, check })
    : new RedisStore(redis, { ...options, check })
}

/**
 * Opens the delivery log, which is where the rules are; nothing is read or written yet.
 *
 * @param settings as for `openStore`
 * @throws {StoreError} for a `redis.url` that can't be meant.
 */
export function openDeliveryLog({ store, redis }: Pick<Settings, 'store' | 'redis'>): DeliveryLog {
  return store.type === 'file' ? new FileDeliveryLog(store.file) : new RedisDeliveryLog(redis)
}

/**
 * Opens the state of alerts, which is where the rules are; nothing is read or written yet.
 *
 * @param settings as for `openStore`
 * @throws {StoreError} for a `redis.url` that can't be meant.
 */
export function openAlertState({ store, redis }: Pick<Settings, 'store' | 'redis'>): AlertState {
  return store.type === 'file' ? new FileAlertState(store.file) : new RedisAlertState(redis)
}

/**
 * Opens what was sent of reports, which is where the rules are; nothing is read or written yet.
 *
 * @param settings as for `openStore`
 * @throws {StoreError} for a `redis.url` that can't be meant.
 */
export function openSentReports(
  { store, redis }: Pick<Settings, 'store' | 'redis'>,
  kind: ReportKind,
): SentReports {
  return store.type === 'file' ? new FileSentReports(store.file, kind) : new RedisSentReports(redis, kind)
}

/**
 * Opens the MTA-STS policies that are kept where the rules are; nothing is read or written yet.
 *
 * @param settings as for `openStore`
 * @throws {StoreError} for a `redis.url` that can't be meant.
 */
export function openStsPolicies({
  store,
  redis,
}: Pick<Settings, 'store' | 'redis'>): StsPolicyStore & { close?(): Promise<void> } {
  return store.type === 'file' ? new FileStsPolicies(store.file) : new RedisStsPolicies(redis)
}

/**
 * Opens the hashes that say which mail waits, which are where the rules are; nothing is read or written yet.
 *
 * @param settings as for `openStore`
 * @throws {StoreError} for a `redis.url` that can't be meant.
 */
export function openSharedHashes(
  { store, redis }: Pick<Settings, 'store' | 'redis'>,
  { newFileOwner = null }: Pick<OpenStoreOptions, 'newFileOwner'> = {},
): SharedHashes {
  return store.type === 'file' ? new FileSharedHashes(store.file, newFileOwner) : new RedisSharedHashes(redis)
}

/**
 * Opens what was observed of partners that no rule covers, which is where the rules are; nothing is read or written yet.
 *
 * @param settings as for `openStore`
 * @throws {StoreError} for a `redis.url` that can't be meant.
 */
export function openPartnerFacts({ store, redis }: Pick<Settings, 'store' | 'redis'>): PartnerFacts {
  return store.type === 'file' ? new FilePartnerFacts(store.file) : new RedisPartnerFacts(redis)
}
