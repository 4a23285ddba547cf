/**
 * What a bounce says, as plain facts: sentences for a person and fields for a machine (RFC 3464). Pure; every
 * value is one line, whatever a peer, a rule or an envelope held.
 */
import type { HarakaAddress } from '../haraka/types.js'
import type { DecidedBy } from '../rules/requirement.js'
import type { BounceRequest } from './guard-context.js'
import { together } from './bounce-template.js'
import {
  decisiveAttempt,
  definitionOf,
  statusOf,
  type Attempt,
  type AttemptFailure,
  type FailedAttempt,
} from './outcome.js'
import { oneAsciiLine, oneLine } from './printable.js'

/** The values that templates can use, each one line. */
export interface BounceWords {
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
  readonly words: BounceWords
  /** What TLS is and what was wrong with it; nothing where TLS is not to blame. */
  readonly explanation: readonly string[]
  /** One line for each attempt. */
  readonly attempts: readonly string[]
  /** The per-recipient groups of the delivery-status part, lines without line ends, all ASCII. */
  readonly recipients: readonly (readonly string[])[]
}

/** Collects the facts. */
export function bounceFacts(request: BounceRequest, now: Date): BounceFacts {
  const { item, attempts, tlsToBlame } = request
  const domain = oneLine(item.todo.domain)
  const decisive = tlsToBlame ? decisiveAttempt(attempts) : null
  const decidedBy = request.requirement?.decidedBy ?? []
  const words = {
    domain,
    recipients: item.todo.rcpt_to.map((recipient) => oneLine(addressOf(recipient))).join(', '),
    mx: oneLine(serversOf(attempts, decisive), 1000),
    rule: decidedBy.map((rule) => oneLine(rule.name)).join(', ') || 'none',
    owner: [...new Set(decidedBy.map((rule) => oneLine(rule.owner)))].join(', ') || 'none',
  }
  return {
    words: {
      ...words,
      summary: decisive ? tlsSummary(words, attempts, decidedBy) : otherSummary(words, request.reason),
      advice: decisive?.failure.class ? definitionOf(decisive.failure.class).advice : OTHER_ADVICE,
      subject_line: decisive
        ? `Not sent: no TLS connection to ${domain}`
        : `Not delivered: your message to ${domain}`,
    },
    explanation: decisive ? [explanationOf(decisive, words.mx.includes(', '))] : [],
    attempts: attempts.flatMap(({ host, to, failure }) =>
      failure ? [oneLine(`${host === to ? to : `${host} (${to})`}: ${failure.detail}`)] : [],
    ),
    recipients: item.todo.rcpt_to.map((recipient) =>
      decisive
        ? tlsFields(recipient, decisive.host, decisive.failure, now)
        : otherFields(recipient, request.reason, now),
    ),
  }
}

function addressOf({ user, host }: HarakaAddress): string {
  const domain = String(host)
  return domain === '' ? user : `${user}@${domain}`
}

function serversOf(attempts: readonly Attempt[], decisive: Attempt | null): string {
  const failed = attempts.filter((attempt) => attempt.failure?.class != null).map((attempt) => attempt.host)
  return [...new Set(failed.length > 0 ? failed : decisive ? [decisive.host] : [])].join(', ')
}

function tlsSummary(
  { mx, domain }: Pick<BounceWords, 'mx' | 'domain'>,
  attempts: readonly Attempt[],
  decidedBy: readonly DecidedBy[],
): string {
  const servers = mx.includes(', ')
    ? `The receiving servers ${mx} of ${domain}`
    : `The receiving server ${mx} of ${domain}`
  const rules = decidedBy.map((rule) => `"${oneLine(rule.name)}" of ${ownerWords(rule.owner)}`)
  const demand =
    rules.length === 0
      ? 'This mail system requires one for this message'
      : rules.length === 1
        ? `The rule ${rules[0] ?? ''} requires one`
        : `The rules ${rules.join(' and ')} require one`
  const retried = attempts.some((attempt) => attempt.failure?.temporary)
    ? ' It was tried again and again.'
    : ''
  return `${servers} ${together('could not establish a TLS connection')}. ${demand}, and so your message was not sent.${retried}`
}

function ownerWords(owner: string): string {
  return owner === '*' ? 'this mail system' : oneLine(owner)
}

function otherSummary(
  { recipients, domain }: Pick<BounceWords, 'recipients' | 'domain'>,
  reason: string,
): string {
  return `Your message to ${recipients} could not be delivered to ${domain}: ${oneLine(reason)}`
}

/** Why, for a person who does not know what TLS is. */
function explanationOf({ host, failure }: FailedAttempt, several: boolean): string {
  const server = several ? `The last one, ${oneLine(host)},` : oneLine(host)
  const why = failure.class ? ` ${server} ${definitionOf(failure.class).says}.` : ''
  return `TLS is the encryption that protects a message on its way from one mail server to the next.${why}`
}

const OTHER_ADVICE =
  'Check the address, and the reason given by the receiving server. If both look right, ask your mail administrator.'

/** The longest value of a field of the delivery-status part, in characters. */
const FIELD_MAX = 900

/** RFC 3464 section 2.3; the extension field names the result type of RFC 8460. */
function tlsFields(recipient: HarakaAddress, host: string, failure: AttemptFailure, now: Date): string[] {
  const diagnostic = failure.reply
    ? `smtp; ${failure.reply.code} ${failure.reply.text}`
    : `x-enforce-tls; ${failure.class ?? ''}: ${host} ${failure.detail}`
  const says = failure.class ? definitionOf(failure.class).says : ''
  return [
    `Final-Recipient: ${recipientField(recipient)}`,
    'Action: failed',
    `Status: ${statusOf(failure, true)}`,
    remoteMta(host),
    `Diagnostic-Code: ${oneAsciiLine(diagnostic, FIELD_MAX)}`,
    `Last-Attempt-Date: ${mailDate(now)}`,
    `X-Enforce-TLS-Result: ${failure.class ?? ''} (the receiving server ${says})`,
  ]
}

function otherFields(recipient: HarakaAddress, reason: string, now: Date): string[] {
  const { dsn_status, dsn_smtp_code, dsn_smtp_extc, dsn_smtp_response, dsn_remote_mta } = recipient
  const status = /^[245]\.\d{1,3}\.\d{1,3}/.exec(dsn_status ?? '')?.[0].replace(/^4/, '5') ?? '5.0.0'
  const diagnostic = dsn_smtp_code
    ? `smtp; ${[dsn_smtp_code, dsn_smtp_extc, dsn_smtp_response].filter(Boolean).join(' ')}`
    : `x-haraka; ${reason}`
  return [
    `Final-Recipient: ${recipientField(recipient)}`,
    'Action: failed',
    `Status: ${status}`,
    ...(dsn_remote_mta ? [remoteMta(dsn_remote_mta)] : []),
    `Diagnostic-Code: ${oneAsciiLine(diagnostic, FIELD_MAX)}`,
    `Last-Attempt-Date: ${mailDate(now)}`,
  ]
}

/** RFC 3464 section 2.1.2: the type says what kind of name it is. */
function remoteMta(host: string): string {
  return host.startsWith('/')
    ? `Remote-MTA: x-unix; ${oneAsciiLine(host)}`
    : `Remote-MTA: dns; ${oneAsciiLine(host)}`
}

/** RFC 6533 section 3: an address that is not ASCII has the type utf-8 and escapes in a 7-bit report. */
function recipientField(recipient: HarakaAddress): string {
  const address = oneLine(addressOf(recipient))
  if (/^[\x21-\x7e]+$/.test(address)) return `rfc822; ${address}`
  const escaped = address.replace(
    /[^\x21-\x7e]|[\\+=]/gu,
    (char) => `\\x{${(char.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`,
  )
  return `utf-8; ${shortened(escaped)}`
}

/** Whole escapes, as many as a line has room for (RFC 5322 section 2.1.1); a real address is far shorter. */
function shortened(escaped: string): string {
  return escaped.length <= FIELD_MAX ? escaped : `${escaped.slice(0, FIELD_MAX).replace(/\\[^}]*$/, '')}...`
}

/** A date as RFC 5322 section 3.3 writes it, in UTC. */
export function mailDate(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000')
}
