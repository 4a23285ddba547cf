/** Whether a Redis tells this user of changes. */
import type { RedisSettings } from '../../settings/redis.js'
import { RedisFeed } from './feed.js'

/**
 * Asks to be told of changes once, as Haraka does all the time.
 *
 * @returns why changes are not told, the end of a sentence about that Redis; empty where they are
 * @throws {StoreError} as `RedisFeed` does.
 */
export function whyNotSubscribed(settings: RedisSettings): Promise<string> {
  return new Promise((resolve) => {
    const feed = new RedisFeed(settings, {
      onChange: () => undefined,
      onSubscription: (_hears, why) => {
        feed.close()
        resolve(why)
      },
    })
  })
}
