/** An entry of the delivery log out of its JSON. Pure. */
import type { DeliveryRecord } from './delivery-log.js'

/** Far longer than any entry, in characters. */
const LENGTH_MAX = 1024 * 1024

/**
 * `null` for what is no entry, such as a line that a full disk cut off. How deep the text goes does not matter: what is not
 * a list of texts by name is no entry.
 */
export function recordOf(json: string): DeliveryRecord | null {
  if (json.length > LENGTH_MAX) return null
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value !== 'object' || value === null) return null
    return Object.values(value).every((text) => typeof text === 'string') ? (value as DeliveryRecord) : null
  } catch {
    return null
  }
}
