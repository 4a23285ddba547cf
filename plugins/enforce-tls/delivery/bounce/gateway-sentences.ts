/** What a bounce says of the gateway that a message was to go through, or went through. Pure. */
import type { Requirement } from '../../rules/requirement.js'
import { oneLine } from '../../text/one-line.js'
import { definitionOf } from '../failure-classes.js'
import type { BounceRequest } from '../guard-context.js'
import type { Attempt } from '../outcome.js'
import type { BounceSubject, TlsSentences } from './types.js'

/** The gateway's part in a message that was not sent. */
export interface GatewayPart {
  /** As a sentence behind what the recipients' own servers failed for. */
  readonly instead: string
  /** Without those: why it was not sent, as the end of a sentence. */
  readonly alone: string
  readonly rules: string
  readonly advice: string
  readonly isDelayed: boolean
}

/**
 * The part of the gateway; `null` where the message did not come to one.
 *
 * @param reason Haraka's, for a gateway that answered and did not take it
 */
export function gatewayPart(
  attempts: readonly Attempt[],
  {
    requirement,
    isDelayed,
    reason,
  }: { readonly requirement: Requirement | null; readonly isDelayed: boolean; readonly reason: string },
): GatewayPart | null {
  const last = attempts.findLast(({ gateway }) => gateway !== undefined)
  if (!last) return null
  const { failure } = last
  const name = oneLine(last.gateway ?? '')
  const says = failure?.class ? definitionOf(failure.class).says : 'could not take the message'
  const where = oneLine(last.host) === name ? `"${name}"` : `"${name}" (${oneLine(last.host)})`
  const detail = failure
    ? `: ${oneLine(`${last.host} ${failure.detail}`)}`
    : isDelayed
      ? ''
      : `: ${oneLine(reason)}`
  const rules = (requirement?.decidedBy ?? []).map(
    (rule) => `"${oneLine(rule.name)}" of ${rule.owner === '*' ? 'this mail system' : oneLine(rule.owner)}`,
  )
  const [verb, subject] = rules.length > 1 ? ['send', 'The rules'] : ['sends', 'The rule']
  return {
    instead: `It was to go through the gateway ${where} instead, which ${says}${detail}.`,
    alone: `the gateway that it has to go through ${says}`,
    rules:
      rules.length === 0
        ? `The gateway is ${where}${detail}.`
        : `${subject} ${rules.join(' and ')} ${verb} it through the gateway ${where}${detail}.`,
    advice: definitionOf(failure?.class ?? 'gateway-unavailable').advice,
    isDelayed,
  }
}

/** The sentences of a message that its own servers were not tried for. */
export function gatewaySentences(
  { recipients, domain }: BounceSubject,
  { alone, rules, advice, isDelayed }: GatewayPart,
): TlsSentences {
  const fate = isDelayed ? 'is delayed' : 'was not sent'
  return {
    summary: `Your message to ${recipients} ${fate}, because ${alone}. ${rules}`,
    explanation:
      'A gateway is a mail server that passes messages on. This one takes mail only over an encrypted connection, and only after it has proven who it is.',
    advice,
    subjectLine: `${isDelayed ? 'Delayed' : 'Not sent'}: your message to ${domain}`,
  }
}

/** Behind the reason for which a gateway, or a server beyond it, did not take a message; empty for one that went straight. */
export function sentThrough({ through }: Pick<BounceRequest, 'through'>): string {
  return through
    ? ` (said by ${oneLine(through.host)}, the gateway "${through.name}" that it was sent through)`
    : ''
}
