/**
 * What a statement says of REQUIRETLS (RFC 8689): whether the message was handed on with it, and who had asked for it. It
 * claims no more than the promise of the next server. Pure.
 */
import type { LoggedRule } from '../../observe/delivery-log/schema.js'
import { isAsked } from '../../requiretls/ask.js'
import type { TracedMessage, TraceStep } from './message.js'

/** @param deliveries of the message */
export function onwardFacts(
  { rules }: Pick<TracedMessage, 'rules'>,
  deliveries: readonly Pick<TraceStep, 'requiretls'>[],
): (readonly [string, string])[] {
  const isBySender = rules.some(isAsked)
  if (!isBySender && deliveries.every(({ requiretls }) => requiretls === null)) return []
  const who = `${isBySender ? 'The sender' : 'A rule'} asked for it.`
  return [['REQUIRETLS', deliveries.length === 0 ? who : `${handedOn(deliveries)} ${who}`]]
}

function handedOn(deliveries: readonly Pick<TraceStep, 'requiretls'>[]): string {
  if (isPromised(deliveries))
    return 'Yes: handed on with it, so the server has to pass the message on encrypted.'
  return deliveries.some(({ requiretls }) => requiretls === 'yes')
    ? 'In part: not every delivery was made with it.'
    : 'No: handed on without it.'
}

/** Whether whoever has the message now has promised to pass it on encrypted. */
export function isPromised(deliveries: readonly Pick<TraceStep, 'requiretls'>[]): boolean {
  return deliveries.length > 0 && deliveries.every(({ requiretls }) => requiretls === 'yes')
}

/** A rule by its name and its owner; the sender's own word has neither. */
export function nameOfRule(rule: LoggedRule): string {
  const { owner, id, name } = rule
  if (isAsked(rule)) return "the sender's own REQUIRETLS"
  return `${name ?? id} (${owner === '*' ? 'the whole service' : owner})`
}
