/**
 * What a bounce says, as plain facts: sentences for a person and fields for a machine (RFC 3464). Pure; every
 * value is one line, whatever a peer, a rule or an envelope held.
 */
import type { HarakaAddress } from '../../haraka/types.js'
import type { Requirement } from '../../rules/requirement.js'
import type { BounceRequest } from '../guard-context.js'
import { addressOf, otherFields, otherStatus, replyOf, tlsFields } from './fields.js'
import { failedHosts, rulesOf } from './findings.js'
import { tlsSentences, type Wording } from './sentences.js'
import { decisiveAttempt, ownAttempts, statusOf, type Attempt, type FailedAttempt } from '../outcome.js'
import { oneLine } from '../../text/one-line.js'
import type { NoticeTexts, Result } from './texts/types.js'
import type { BounceSubject, NoticeSentences } from './types.js'
import { asFarAsKnown, failedOnward } from './unknown.js'

/** The values that templates can use, each one line. */
export interface BounceText {
  readonly domain: string
  readonly recipients: string
  /** The receiving server or servers. */
  readonly mx: string
  readonly rule: string
  readonly owner: string
  /** What happened, in one sentence. */
  readonly result: string
  /** Whose side has to act. */
  readonly side: string
  readonly reason: string
  /** What happened and why the message was not sent: result and reason. */
  readonly summary: string
  readonly advice: string
  readonly title: string
  readonly subject_line: string
}

/** All that a bounce says. */
export interface BounceFacts {
  readonly words: BounceText
  /** What TLS is and what was wrong with it; nothing where TLS is not to blame. */
  readonly explanation: readonly string[]
  /** The paragraph for the administrators of the recipient's servers; nothing where they have nothing to mend. */
  readonly ask: readonly string[]
  /** One line for each attempt. */
  readonly attempts: readonly string[]
  /** One line for each enhanced status code and what it means. */
  readonly codes: readonly string[]
  /** The per-recipient groups of the delivery-status part, lines without line ends, all ASCII. */
  readonly recipients: readonly (readonly string[])[]
}

/** How a bounce is worded, and when. */
export interface FactOptions extends Wording {
  readonly now: Date
  readonly content: 'minimal' | 'full'
}

/** Collects the facts. */
export function bounceFacts(request: BounceRequest, options: FactOptions): BounceFacts {
  const { item, attempts, tlsToBlame, through, isGivenUp, isRedacted = false } = request
  const { now, content, texts } = options
  const { rcpt_to } = item.todo
  const discreet = content === 'minimal' && request.mayQuote
  const reason = oneLine(discreet ? texts.discreetReason(answersTo(rcpt_to)) : request.reason, 1000)
  const decisive = tlsToBlame ? decisiveAttempt(ownAttempts(attempts)) : null
  const about = subjectOf(request, rcpt_to, decisive)
  const sentences = decisive
    ? tlsSentences(about, decisive, { ...request, reason }, options)
    : otherSentences(
        about,
        { rcpt_to, reason, through, isGivenUp, onward: failedOnward(request, texts) },
        texts,
      )
  return {
    ...toldOf(asFarAsKnown(sentences, about, request, texts), about, request.requirement, texts),
    attempts: attemptLines(attempts, texts, tlsToBlame ? [] : answersTo(rcpt_to)),
    codes: decisive ? tlsCodes(attempts, true) : otherCodes(rcpt_to),
    recipients: rcpt_to.map((recipient) =>
      decisive
        ? tlsFields({ recipient, isRedacted }, decisive.host, decisive.failure, isGivenUp ? null : now)
        : otherFields({ recipient, isRedacted }, { reason, discreet, now: isGivenUp ? null : now }),
    ),
  }
}

/** What the sentences are about. */
export function subjectOf(
  { item, attempts }: Pick<BounceRequest, 'item' | 'attempts'>,
  recipients: readonly HarakaAddress[],
  decisive: Attempt | null,
): BounceSubject {
  return {
    domain: oneLine(item.todo.domain),
    recipients: recipients.map((recipient) => oneLine(addressOf(recipient))),
    hosts: serversOf(attempts, decisive),
  }
}

/** The sentences as templates have them. */
export function toldOf(
  { subjectLine, title, result, side, reason, advice, explanation, ask }: NoticeSentences,
  { domain, recipients, hosts }: BounceSubject,
  requirement: Requirement | null,
  texts: NoticeTexts,
): Pick<BounceFacts, 'words' | 'explanation' | 'ask'> {
  const rules = rulesOf(requirement)
  return {
    words: {
      domain,
      recipients: recipients.join(', '),
      mx: oneLine(hosts.join(', '), 1000),
      rule: rules.map(({ name }) => name).join(', ') || texts.none,
      owner: [...new Set(rules.map(({ owner }) => owner ?? '*'))].join(', ') || texts.none,
      result,
      side,
      reason,
      summary: `${result} ${reason}`,
      advice: advice ?? texts.otherAdvice,
      title,
      subject_line: subjectLine,
    },
    explanation: explanation === null ? [] : [explanation],
    ask: ask === null ? [] : [ask],
  }
}

/** One line for each attempt that failed. @param answers what the last server answered to the message */
export function attemptLines(
  attempts: readonly Attempt[],
  texts: NoticeTexts,
  answers: readonly string[] = [],
): string[] {
  return attempts.flatMap(({ host, to, failure }, index) => {
    const isAnswered = !failure && index === attempts.length - 1 && answers.length > 0
    const what = failure?.detail ?? (isAnswered ? texts.answered(answers) : null)
    return what === null ? [] : [oneLine(`${to === '' || host === to ? host : `${host} (${to})`}: ${what}`)]
  })
}

/** One line for each reason for which TLS failed. */
export function tlsCodes(attempts: readonly Attempt[], final: boolean): string[] {
  return failedHosts(attempts).map(({ last }) => codeOf(last, final))
}

function codeOf({ failure }: FailedAttempt, final: boolean): string {
  const status = statusOf(failure, final)
  return `${final ? status : status.replace(/^5/, '4')} ${failure.class ?? ''}`.trim()
}

/** The receiving servers that failed for TLS. */
function serversOf(attempts: readonly Attempt[], decisive: Attempt | null): readonly string[] {
  const failed = ownAttempts(attempts)
    .filter((attempt) => attempt.failure?.class != null)
    .map((attempt) => oneLine(attempt.host))
  return [...new Set(failed.length > 0 ? failed : decisive ? [oneLine(decisive.host)] : [])]
}

/** Where TLS is not to blame. */
function otherSentences(
  { domain, recipients }: BounceSubject,
  {
    rcpt_to,
    reason,
    through,
    isGivenUp,
    onward,
  }: {
    readonly rcpt_to: readonly HarakaAddress[]
    readonly reason: string
    readonly through: BounceRequest['through'] | undefined
    readonly isGivenUp: true | undefined
    /** What the message failed at, where REQUIRETLS was said. */
    readonly onward: ReturnType<typeof failedOnward>
  },
  texts: NoticeTexts,
): NoticeSentences {
  const isRejected = rcpt_to.every(({ dsn_smtp_code }) => dsn_smtp_code?.startsWith('5'))
  const result: Result = {
    fate: 'failed',
    problem: isGivenUp ? 'given-up' : isRejected ? 'rejected' : 'other',
    domain,
    recipients,
    several: false,
    gateway: through ? 'rejected' : undefined,
  }
  const gateway = through && { name: oneLine(through.name), host: oneLine(through.host) }
  return {
    subjectLine: texts.subjectLine(result),
    title: texts.title('failed', result.problem),
    result: texts.result(result),
    side: texts.side('sender', 'failed', domain),
    reason: [
      isGivenUp ? texts.givenUpReason(reason) : texts.otherReason(reason, gateway),
      ...(onward && !isGivenUp ? [onward.reason] : []),
    ].join(' '),
    explanation: null,
    advice: isGivenUp ? texts.givenUpAdvice : (onward?.advice ?? null),
    ask: null,
  }
}

/** For each recipient its own, where they differ. */
function otherCodes(recipients: readonly HarakaAddress[]): string[] {
  const codes = recipients.map((recipient) =>
    `${recipient.dsn_smtp_code ?? ''} ${otherStatus(recipient)}`.trim(),
  )
  const different = new Set(codes)
  if (different.size < 2) return [...different].map((code) => oneLine(code))
  return recipients.map((recipient, index) => oneLine(`${addressOf(recipient)}: ${codes[index] ?? ''}`))
}

/** What servers answered to recipients, each answer once, without their words: they may quote the message. */
export function answersTo(recipients: readonly HarakaAddress[]): string[] {
  return [...new Set(recipients.map(answerTo))].filter((answer) => answer !== '')
}

function answerTo(recipient: HarakaAddress): string {
  const { dsn_smtp_code } = recipient
  return dsn_smtp_code ? [dsn_smtp_code, replyOf(recipient).enhanced].filter(Boolean).join(' ') : ''
}
