/** An entry of the delivery log out of its JSON. Pure. */
import { parseJson } from '../rules/json.js'
import type { DeliveryRecord } from './delivery-log.js'

/** `null` for what is no entry, such as a line that a full disk cut off. */
export function recordOf(json: string): DeliveryRecord | null {
  try {
    const value = parseJson(json)
    if (typeof value !== 'object' || value === null) return null
    return Object.values(value).every((text) => typeof text === 'string') ? (value as DeliveryRecord) : null
  } catch {
    return null
  }
}
