/**
 * What `TLS-Required: No` (RFC 8689 section 3) frees a message of: "recipient-side policy mechanisms", and nothing that an
 * administrator requires beside them. Pure.
 */
import type { MessageView } from '../rules/match.js'
import type { Ruling } from '../rules/rule-list.js'
import { isWaivable } from '../rules/waivable.js'
import { saysTlsRequiredNo } from './header-fields.js'

/** Why a message goes without what its rules require, for log and delivery log. */
export const SAYS_NO = 'the message says TLS-Required: No'

/**
 * What the field comes to in the header of a message: it `frees` it, it would but for `honour_no=false` (`off`), it is there
 * `in-vain`, as more is required than what is published, only reports are about it (`reported`), or no rule is, and it has the
 * message delivered where TLS fails (`optional`).
 */
export const WAIVER_EFFECTS = ['frees', 'off', 'in-vain', 'reported', 'optional'] as const

/** Such an effect, and a sentence on it. */
export interface Waiver {
  readonly effect: (typeof WAIVER_EFFECTS)[number]
  readonly sentence: string
}

/**
 * What it comes to.
 *
 * @param ruling `null` where the rules are unknown
 * @param honourNo `null` where the settings of Haraka are unknown
 * @returns `null` where the message does not say it, as far as it is known
 */
export function waiverOf(
  { direction, headers }: Pick<MessageView, 'direction' | 'headers'>,
  ruling: Ruling | null,
  honourNo: boolean | null,
): Waiver | null {
  if (direction === 'incoming' || !headers || !ruling || !saysTlsRequiredNo(headers)) return null
  const { requirement, reported } = ruling
  const unless = honourNo === null ? UNLESS : ''
  if (!requirement && reported.length === 0)
    return honourNo === false
      ? { effect: 'off', sentence: OPTIONAL_OFF }
      : { effect: 'optional', sentence: `${OPTIONAL}${unless}` }
  const isFreed = requirement ? isWaivable(requirement) : reported.every(isWaivable)
  if (!isFreed) return { effect: 'in-vain', sentence: IN_VAIN }
  if (honourNo === false) return { effect: 'off', sentence: OFF }
  return requirement
    ? { effect: 'frees', sentence: `${FREES}${unless}` }
    : { effect: 'reported', sentence: `${REPORTED}${unless}` }
}

const SAID = 'The message says TLS-Required: No'
const FREES = `${SAID}, so it is freed of what the rule requires: it is delivered as usual, and may leave unencrypted.`
const OFF = `${SAID}, and would be freed of what the rule requires if [requiretls] honour_no were on.`
const IN_VAIN = `${SAID}, which changes nothing here: the rule requires more than what the recipient's domain publishes.`
const REPORTED = `${SAID}, so report mode records that it would have been delivered as usual.`
const OPTIONAL = `${SAID}, so it is delivered without TLS where TLS fails at a server, unless tls.ini forces TLS there (force_tls_hosts).`
const OPTIONAL_OFF = `${SAID}, which changes nothing here: [requiretls] honour_no is off.`
const UNLESS = ' With [requiretls] honour_no=false, it would not.'
