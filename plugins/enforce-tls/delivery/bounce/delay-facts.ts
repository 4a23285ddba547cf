/**
 * What a notice says of a message that waits, because TLS to its recipients' servers fails: the facts of a bounce
 * (`facts.ts`) for a message that nobody has given up. Pure.
 */
import type { BounceRequest, Delay } from '../guard-context.js'
import { decisiveAttempt, ownAttempts } from '../outcome.js'
import { attemptLines, subjectOf, tlsCodes, toldOf, type BounceFacts, type FactOptions } from './facts.js'
import { tlsFields } from './fields.js'
import { tlsSentences } from './sentences.js'

/**
 * Collects the facts.
 *
 * @param offset of the sender's clock from UTC, in minutes; `null` where it is unknown
 * @throws {TypeError} where no attempt has failed: such a message is not delayed for TLS.
 */
export function delayFacts(
  request: BounceRequest,
  { until, recipients }: Delay,
  options: Omit<FactOptions, 'content'>,
  offset: number | null,
): BounceFacts {
  const { attempts, requirement, isRedacted = false } = request
  const { now, texts } = options
  const decisive = decisiveAttempt(ownAttempts(attempts))
  if (!decisive) throw new TypeError('no attempt has failed')
  const about = subjectOf(request, recipients, decisive)
  const sentences = tlsSentences(about, decisive, request, options)
  const advice = texts.delayAdvice(texts.time(until, offset))
  return {
    ...toldOf({ ...sentences, advice }, about, requirement, texts),
    attempts: attemptLines(attempts, texts),
    codes: tlsCodes(attempts, false),
    recipients: recipients.map((recipient) =>
      tlsFields({ recipient, isRedacted }, decisive.host, decisive.failure, now, until),
    ),
  }
}
