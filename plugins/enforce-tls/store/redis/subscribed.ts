/** Whether this user can subscribe to changes in a Redis. */
import type { RedisSettings } from '../../settings/redis.js'
import { RedisFeed } from './feed.js'

/**
 * Subscribes to changes once, as Haraka does all the time.
 *
 * @returns why that fails, the end of a sentence about that Redis; empty where it does not
 * @throws {StoreError} as `RedisFeed` does.
 */
export function whyNotSubscribed(settings: RedisSettings): Promise<string> {
  return new Promise((resolve) => {
    const feed = new RedisFeed(settings, {
      onChange: () => undefined,
      onSubscription: (_subscribed, why) => {
        feed.close()
        resolve(why)
      },
    })
  })
}
