/**
 * What a bounce says, as plain facts: sentences for a person and fields for a machine (RFC 3464). Pure; every
 * value is one line, whatever a peer, a rule or an envelope held.
 */
import type { HarakaAddress } from '../../haraka/types.js'
import type { BounceRequest } from '../guard-context.js'
import { addressOf, otherFields, tlsFields } from './fields.js'
import { sentThrough } from './gateway-sentences.js'
import { tlsSentences } from './sentences.js'
import { decisiveAttempt, ownAttempts, type Attempt } from '../outcome.js'
import { oneLine } from '../../text/one-line.js'

/** The values that templates can use, each one line. */
export interface BounceText {
  readonly domain: string
  readonly recipients: string
  /** The receiving server or servers. */
  readonly mx: string
  readonly rule: string
  readonly owner: string
  /** What happened and why the message was not sent. */
  readonly summary: string
  readonly advice: string
  readonly subject_line: string
}

/** All that a bounce says. */
export interface BounceFacts {
  readonly words: BounceText
  /** What TLS is and what was wrong with it; nothing where TLS is not to blame. */
  readonly explanation: readonly string[]
  /** One line for each attempt. */
  readonly attempts: readonly string[]
  /** The per-recipient groups of the delivery-status part, lines without line ends, all ASCII. */
  readonly recipients: readonly (readonly string[])[]
}

/** Collects the facts. */
export function bounceFacts(
  request: BounceRequest,
  { now, content }: { readonly now: Date; readonly content: 'minimal' | 'full' },
): BounceFacts {
  const { item, attempts, tlsToBlame } = request
  const discreet = content === 'minimal' && request.mayQuote
  const reason = discreet ? discreetReason(item.todo.rcpt_to) : request.reason
  const domain = oneLine(item.todo.domain)
  const decisive = tlsToBlame ? decisiveAttempt(ownAttempts(attempts)) : null
  const decidedBy = request.requirement?.decidedBy ?? []
  const words = {
    domain,
    recipients: item.todo.rcpt_to.map((recipient) => oneLine(addressOf(recipient))).join(', '),
    mx: oneLine(serversOf(attempts, decisive), 1000),
    rule: decidedBy.map((rule) => oneLine(rule.name)).join(', ') || 'none',
    owner: [...new Set(decidedBy.map((rule) => oneLine(rule.owner)))].join(', ') || 'none',
  }
  const sentences = decisive && tlsSentences(words, decisive, { ...request, reason })
  return {
    words: {
      ...words,
      summary: sentences?.summary ?? otherSummary(words.recipients, reason) + sentThrough(request),
      advice: sentences?.advice ?? OTHER_ADVICE,
      subject_line: sentences?.subjectLine ?? `Not delivered: your message to ${domain}`,
    },
    explanation: sentences ? [sentences.explanation] : [],
    attempts: attemptLines(attempts, tlsToBlame ? [] : answerCodes(item.todo.rcpt_to)),
    recipients: item.todo.rcpt_to.map((recipient) =>
      decisive
        ? tlsFields(recipient, decisive.host, decisive.failure, now)
        : otherFields(recipient, { reason, discreet, now }),
    ),
  }
}

/** One line for each attempt that failed. @param answers what the last server answered to the message */
export function attemptLines(attempts: readonly Attempt[], answers: readonly string[] = []): string[] {
  return attempts.flatMap(({ host, to, failure }, index) => {
    const isAnswered = !failure && index === attempts.length - 1 && answers.length > 0
    const what = failure?.detail ?? (isAnswered ? `answered ${answers.join(' and ')}` : null)
    return what === null ? [] : [oneLine(`${to === '' || host === to ? host : `${host} (${to})`}: ${what}`)]
  })
}

/** The receiving servers that failed for TLS. */
export function serversOf(attempts: readonly Attempt[], decisive: Attempt | null): string {
  const failed = ownAttempts(attempts)
    .filter((attempt) => attempt.failure?.class != null)
    .map((attempt) => attempt.host)
  return [...new Set(failed.length > 0 ? failed : decisive ? [decisive.host] : [])].join(', ')
}

function otherSummary(recipients: string, reason: string): string {
  return `Your message to ${recipients} was not delivered: ${oneLine(reason)}`
}

const OTHER_ADVICE =
  'Check the address, and the reason given by the receiving server. If both look right, ask your mail administrator.'

/** What a server has answered about recipients, each code once, without its words: they may quote the message. */
export function answerCodes(recipients: readonly HarakaAddress[]): string[] {
  const codes = recipients.flatMap(({ dsn_smtp_code, dsn_smtp_extc }) =>
    dsn_smtp_code ? [[dsn_smtp_code, dsn_smtp_extc].filter(Boolean).join(' ')] : [],
  )
  return [...new Set(codes)]
}

/** What a `minimal` bounce has in place of a server's words about the message: they may quote it. */
function discreetReason(recipients: readonly HarakaAddress[]): string {
  const codes = answerCodes(recipients)
  const answer =
    codes.length > 0
      ? `the receiving server answered ${codes.join(' and ')}`
      : 'the session with the receiving server failed'
  return `${answer}. Its text is left out, because this notice may travel without encryption.`
}
