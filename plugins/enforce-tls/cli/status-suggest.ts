/** What Haraka observes of partners, for suggestions. Nothing is asked where that is off. */
import { openPartnerFacts } from '../store/open-store.js'
import { LOSSES, parseLosses } from '../suggest/losses.js'
import { errorMessage } from '../text/error-message.js'
import { numbered } from '../text/list.js'
import { formatUtc } from '../text/utc.js'
import type { Surroundings } from './context.js'

export interface SuggestStatus {
  /** `null` where it is unknown. */
  readonly observed: number | null
  /** Deliveries that were observed and not counted. */
  readonly lost: number
  /** A line about it. */
  readonly text: string
}

/** `null` where deliveries are not observed. Never rejects. */
export async function suggestState({
  settings,
}: Pick<Surroundings, 'settings'>): Promise<SuggestStatus | null> {
  const { enabled, maxPartners } = settings.suggest
  if (!enabled) return null
  const facts = openPartnerFacts(settings)
  try {
    const [size, found] = await Promise.all([facts.size(), facts.read([LOSSES])])
    const { deliveries: lost, last } = parseLosses(found.get(LOSSES))
    const observed = size - found.size
    const room = observed >= maxPartners ? ', as many as there is room for ([suggest] max_partners)' : ''
    const losses =
      lost === 0
        ? ''
        : `; ${lost === 1 ? '1 delivery was' : `${lost} deliveries were`} not counted, for want of room or of the store, the last one ${formatUtc(new Date(last).toISOString())}`
    const text = `${numbered(observed, 'partner')} observed${room}${losses}; what Haraka sees while the store is away is not kept for long, and no mail waits for it`
    return { observed, lost, text }
  } catch (error) {
    return { observed: null, lost: 0, text: `unknown: ${errorMessage(error)}` }
  } finally {
    await facts.close()
  }
}
