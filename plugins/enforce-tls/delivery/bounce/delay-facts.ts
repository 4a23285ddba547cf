/**
 * What a notice says of a message that waits, because TLS to its recipients' servers fails: the facts of a bounce
 * (`facts.ts`) for a message that nobody has given up. Pure.
 */
import type { BounceRequest, Delay } from '../guard-context.js'
import { decisiveAttempt, ownAttempts } from '../outcome.js'
import { oneLine } from '../../text/one-line.js'
import { attemptLines, serversOf, type BounceFacts } from './facts.js'
import { addressOf, mailDate, tlsFields } from './fields.js'
import { tlsSentences } from './sentences.js'

/**
 * Collects the facts.
 *
 * @throws {TypeError} where no attempt has failed: such a message is not delayed for TLS.
 */
export function delayFacts(
  request: BounceRequest,
  { until, recipients }: Delay,
  { now }: { readonly now: Date },
): BounceFacts {
  const { item, attempts, requirement } = request
  const decisive = decisiveAttempt(ownAttempts(attempts))
  if (!decisive) throw new TypeError('no attempt has failed')
  const decidedBy = requirement?.decidedBy ?? []
  const words = {
    domain: oneLine(item.todo.domain),
    recipients: recipients.map((recipient) => oneLine(addressOf(recipient))).join(', '),
    mx: oneLine(serversOf(attempts, decisive), 1000),
    rule: decidedBy.map((rule) => oneLine(rule.name)).join(', ') || 'none',
    owner: [...new Set(decidedBy.map((rule) => oneLine(rule.owner)))].join(', ') || 'none',
  }
  const { summary, explanation, subjectLine } = tlsSentences(words, decisive, request)
  return {
    words: { ...words, summary, advice: adviceUntil(until), subject_line: subjectLine },
    explanation: [explanation],
    attempts: attemptLines(attempts),
    recipients: recipients.map((recipient) =>
      tlsFields(recipient, decisive.host, decisive.failure, now, until),
    ),
  }
}

function adviceUntil(until: Date): string {
  return (
    `Nothing for now: do not send the message again. It is tried again until ${mailDate(until)}; if it cannot be sent by ` +
    'then, you get another notice. If it is urgent, reach the recipient in another way, by phone for example.'
  )
}
