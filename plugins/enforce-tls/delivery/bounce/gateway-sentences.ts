/** What a bounce says of the gateway that a message was to go through. Pure; the words are those of `texts/`. */
import { oneLine } from '../../text/one-line.js'
import type { BounceRequest } from '../guard-context.js'
import { rulesOf } from './findings.js'
import type { Fate, GatewayFailure, NoticeTexts, Result } from './texts/types.js'
import type { BounceSubject, NoticeSentences } from './types.js'

/** The gateway's part in a message that was not sent; `null` where the message did not come to one. */
export function gatewayFailure({
  attempts,
  requirement,
  delayed,
  reason,
}: Pick<BounceRequest, 'attempts' | 'requirement' | 'delayed' | 'reason'>): GatewayFailure | null {
  const last = attempts.findLast(({ gateway }) => gateway !== undefined)
  if (!last) return null
  const { failure } = last
  return {
    name: oneLine(last.gateway ?? ''),
    host: oneLine(last.host),
    failure: failure?.class ?? null,
    // One that answered and did not take it has said Haraka's reason.
    detail: failure ? oneLine(`${last.host} ${failure.detail}`) : delayed ? '' : oneLine(reason),
    rules: rulesOf(requirement),
  }
}

/** The sentences of a message that its own servers were not tried for. */
export function gatewaySentences(
  { recipients, domain }: BounceSubject,
  gateway: GatewayFailure,
  fate: Fate,
  texts: NoticeTexts,
): NoticeSentences {
  const result: Result = {
    fate,
    problem: 'gateway',
    domain,
    recipients,
    several: false,
    gateway: gateway.failure ?? 'rejected',
  }
  return {
    subjectLine: texts.subjectLine(result),
    title: texts.title(fate, 'gateway'),
    result: texts.result(result),
    side: texts.side('ours', fate, domain),
    reason: texts.gatewayOnly(gateway),
    explanation: texts.whatAGatewayIs,
    advice: texts.failures[gateway.failure ?? 'gateway-unavailable'].advice,
    ask: null,
  }
}
