/** How many deliveries were observed and not counted, for want of room or of a store. Pure. */
import { parseJson } from '../rules/json.js'

/** The name of their record, which is no pair's. */
export const LOSSES = '*lost'

export interface Losses {
  readonly deliveries: number
  /** When some were lost last, in milliseconds since the epoch. */
  readonly last: number
}

/** The losses in a text out of a store; none where it has none. */
export function parseLosses(json: string | undefined): Losses {
  try {
    const { deliveries, last } = parseJson(json ?? '{}') as Partial<Losses>
    if (typeof deliveries === 'number' && typeof last === 'number') return { deliveries, last }
  } catch {
    // Somebody's text.
  }
  return { deliveries: 0, last: 0 }
}

/** With some more. */
export function afterLoss({ deliveries }: Losses, more: number, now: number): Losses {
  return { deliveries: deliveries + more, last: now }
}
