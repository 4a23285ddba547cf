/** Mail for which REQUIRETLS is no more than a wish of its sender, in entries of the delivery log. Pure. */
import type { DeliveryLogEntry } from '../observe/delivery-log/schema.js'

/** Whether it is of a message of which nothing is required, but that asks for REQUIRETLS (`policy` opportunistic). */
export function isWish({ kind, level }: DeliveryLogEntry): boolean {
  return level === 'none' && (kind === 'attempt' || kind === 'outcome')
}
