/** What a rule that only reports has seen, out of the delivery log. */
import type { DeliveryLog } from '../store/delivery-log.js'
import { StoreError } from '../store/rule-store.js'
import type { RuleReport } from './delivery-report.js'
import { makeReport } from './make-report.js'

/** So many days are looked at. */
export const SEEN_DAYS = 30

const NOTHING = { messages: 0, wouldBounce: 0, wouldDeliver: 0, unknown: 0 }

/**
 * Counts of the last 30 days.
 *
 * @returns `null` where the log can't be read: that must not keep anybody from switching a rule.
 */
export async function seenBy(
  deliveries: Pick<DeliveryLog, 'read'>,
  { owner, id }: { readonly owner: string; readonly id: string },
): Promise<RuleReport | null> {
  const now = new Date()
  const since = new Date(now.getTime() - SEEN_DAYS * 86_400_000)
  const query = { since, until: now, owner: null, domain: null, now }
  try {
    const { rules } = await makeReport(deliveries.read(since), query)
    const found = rules.find((rule) => rule.owner === owner && rule.id === id)
    return found ?? { owner, id, reported: NOTHING, partners: [] }
  } catch (error) {
    if (error instanceof StoreError) return null
    throw error
  }
}
