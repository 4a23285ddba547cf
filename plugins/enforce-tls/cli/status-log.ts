/** Since when the delivery log has entries, and what is dropped from it. */
import { StoreError } from '../store/rule-store.js'
import { formatDuration } from '../text/duration.js'
import type { Context } from './context.js'

/** What `status` says of it; nothing where it is empty, or cannot be read: that is said elsewhere. */
export async function deliveryLogFacts({
  deliveries,
  settings,
  folder,
}: Context): Promise<{ readonly 'delivery log'?: string }> {
  try {
    const begins = await deliveries().begins()
    if (begins === null) return {}
    const { maxEntries, maxAge } = settings.evidence
    // Without Haraka's folder its settings are unknown.
    const kept =
      folder === null
        ? ''
        : `; what is older than ${formatDuration(maxAge)}, or beyond about ${maxEntries} entries, is dropped`
    return { 'delivery log': `since ${begins}${kept}` }
  } catch (error) {
    if (error instanceof StoreError) return {}
    throw error
  }
}
