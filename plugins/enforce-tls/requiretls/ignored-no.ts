/**
 * Why `TLS-Required: No` in the header of a message that requires TLS does not count: whoever wrote it, and reads that the
 * message was not sent, is to know that it was seen. Pure.
 */
import type { Requirement } from '../rules/requirement.js'
import { isWaivable } from '../rules/waivable.js'

/**
 * `in-vain`: more is required than what the recipient's domain publishes; `off`: the settings have it so; `void`: the message asks
 * for REQUIRETLS, which makes the field void (RFC 8689 section 4.1).
 */
export const IGNORED_WHYS = ['in-vain', 'off', 'void'] as const

/** One of them. */
export type IgnoredWhy = (typeof IGNORED_WHYS)[number]

/** Why it does not count. @param byRules what rules require; `null` for nothing */
export function ignoredWhy(byRules: Requirement | null, asks: boolean, honourNo: boolean): IgnoredWhy {
  if (asks) return 'void'
  return !honourNo && isWaivable(byRules) ? 'off' : 'in-vain'
}

/** The same as the end of a sentence about the field. */
export const IGNORED_TEXTS: Readonly<Record<IgnoredWhy, string>> = {
  'in-vain': "does not count, because more is required than what the recipient's domain publishes",
  off: 'does not count, because [requiretls] honour_no is off',
  void: 'does not count beside REQUIRETLS, which the message was sent with',
}
