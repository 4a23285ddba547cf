/**
 * What a statement says of REQUIRETLS (RFC 8689): whether the message was handed on with it, and who had asked for it. It
 * claims no more than the promise of the next server. Pure.
 */
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

/** Who required what of a message: rules by their names and owners, and the sender, whose word is no rule. */
export function requiredFacts({
  rules,
  level,
}: Pick<TracedMessage, 'rules' | 'level'>): (readonly [string, string])[] {
  const [asked, own] = [rules.some(isAsked), rules.filter((rule) => !isAsked(rule))]
  const names = own.map(
    ({ owner, id, name }) => `${name ?? id} (${owner === '*' ? 'the whole service' : owner})`,
  )
  // Of a policy in the settings, for destinations where nobody's rule requires anything.
  const wish = level === 'none' ? ', as a wish: TLS is not required for it there' : ''
  return [
    ...(own.length === 0 ? [] : [['Rule', `${names.join(', ')}, level ${level}`] as const]),
    ...(asked ? [['Asked for by the sender', `REQUIRETLS${wish}`] as const] : []),
  ]
}
