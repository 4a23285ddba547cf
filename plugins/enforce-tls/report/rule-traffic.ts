/** How many messages each rule of an owner was about in the last days, and how many of them failed for a TLS reason. */
import type { DeliveryLog } from '../store/delivery-log.js'
import { StoreError } from '../store/rule-store.js'
import { concerns, DAY, entriesFor } from './report-query.js'
import { made } from './tallies.js'

/** So many days are looked at. */
const TRAFFIC_DAYS = 7

/** One rule. Each message counts once for each domain of its recipients, as a search for messages lists them. */
export interface RuleTraffic {
  readonly id: string
  readonly messages: number
  /** Bounced or kept, with TLS to blame. */
  readonly failed: number
}

/** What the log has, and for which time. */
export interface OwnerTraffic {
  /** In ISO 8601: from `since` on, before `until`. */
  readonly since: string
  readonly until: string
  /** Rules that messages were about; one that is not there had none. */
  readonly rules: readonly RuleTraffic[]
}

/** One look at the log for all rules of an owner. @returns `null` where the log cannot be read. */
export async function trafficOfRules(
  deliveries: Pick<DeliveryLog, 'read'>,
  owner: string,
  now: Date,
): Promise<OwnerTraffic | null> {
  const since = new Date(now.getTime() - TRAFFIC_DAYS * DAY)
  const found = new Map<string, { readonly messages: Set<string>; readonly failed: Set<string> }>()
  try {
    const query = { since, until: now, owner: null, domain: null, now }
    for await (const entry of entriesFor(deliveries.read(since), query)) {
      if (entry.notice !== undefined || !concerns(owner, entry)) continue
      const key = `${entry.uuid} ${entry.domain}`
      const isFailed = (entry.result === 'bounced' || entry.result === 'kept') && entry.class !== undefined
      for (const rule of entry.rules) {
        if (rule.owner !== owner) continue
        const one = made(found, rule.id, () => ({ messages: new Set<string>(), failed: new Set<string>() }))
        one.messages.add(key)
        if (isFailed && entry.kind !== 'attempt') one.failed.add(key)
      }
    }
  } catch (error) {
    if (error instanceof StoreError) return null
    throw error
  }
  const rules = [...found].map(([id, { messages, failed }]) => ({
    ...{ id, messages: messages.size, failed: failed.size },
  }))
  return { since: since.toISOString(), until: now.toISOString(), rules }
}
