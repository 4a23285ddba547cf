/**
 * The per-recipient fields of a bounce's delivery-status part (RFC 3464). Pure; every value is one ASCII line,
 * whatever a peer or an envelope held.
 */
import { isAscii } from 'node:buffer'
import type { HarakaAddress } from '../../haraka/types.js'
import { statusOf, type AttemptFailure } from '../outcome.js'
import { definitionOf } from '../failure-classes.js'
import { enhancedCodeOf } from '../tls/smtp-reply.js'
import { oneAsciiLine, oneLine } from '../../text/one-line.js'

/** The longest value of a field of the delivery-status part, in characters. */
const FIELD_MAX = 900

/** Whom a group of fields is about. */
export interface Concerned {
  readonly recipient: HarakaAddress
  /** Nothing but the domain may be told. */
  readonly isRedacted: boolean
}

/**
 * RFC 3464 section 2.3; the extension field names the result type of RFC 8460.
 *
 * @param now when the last attempt was; `null` where that is not known
 */
export function tlsFields(
  { recipient, isRedacted }: Concerned,
  host: string,
  failure: AttemptFailure,
  now: Date | null,
  retriedUntil: Date | null = null,
): string[] {
  const diagnostic = failure.reply
    ? `smtp; ${failure.reply.code} ${failure.reply.text}`.trimEnd()
    : `x-enforce-tls; ${failure.class ?? ''}: ${host} ${failure.detail}`
  const { says = '', isGateway = false } = failure.class ? definitionOf(failure.class) : {}
  return [
    `Final-Recipient: ${recipientField(recipient, isRedacted)}`,
    `Action: ${retriedUntil ? 'delayed' : 'failed'}`,
    `Status: ${retriedUntil ? statusOf(failure, false).replace(/^5/, '4') : statusOf(failure, true)}`,
    remoteMta(host),
    `Diagnostic-Code: ${oneAsciiLine(diagnostic, FIELD_MAX)}`,
    ...lastAttempt(now),
    ...(retriedUntil ? [`Will-Retry-Until: ${mailDate(retriedUntil)}`] : []),
    `X-Enforce-TLS-Result: ${failure.class ?? ''} (the ${isGateway ? 'gateway' : 'receiving server'} ${says})`,
  ]
}

/** What the fields of a recipient are made of, besides its own. */
interface OtherReason {
  readonly reason: string
  /** The server's words are left out. */
  readonly discreet: boolean
  /** When the last attempt was; `null` where that is not known. */
  readonly now: Date | null
}

/** Where TLS is not to blame. */
export function otherFields(
  { recipient, isRedacted }: Concerned,
  { reason, discreet, now }: OtherReason,
): string[] {
  const { dsn_smtp_code, dsn_remote_mta } = recipient
  const { enhanced, words } = replyOf(recipient)
  const diagnostic = dsn_smtp_code
    ? `smtp; ${[dsn_smtp_code, enhanced, discreet ? '' : words].filter(Boolean).join(' ')}`
    : `x-haraka; ${reason}`
  return [
    `Final-Recipient: ${recipientField(recipient, isRedacted)}`,
    'Action: failed',
    `Status: ${otherStatus(recipient)}`,
    ...(dsn_remote_mta ? [remoteMta(dsn_remote_mta)] : []),
    `Diagnostic-Code: ${oneAsciiLine(diagnostic, FIELD_MAX)}`,
    ...lastAttempt(now),
  ]
}

function lastAttempt(at: Date | null): string[] {
  return at ? [`Last-Attempt-Date: ${mailDate(at)}`] : []
}

/** The enhanced status code where TLS is not to blame. */
export function otherStatus(recipient: HarakaAddress): string {
  const { enhanced } = replyOf(recipient)
  const status = /^[245]\.\d{1,3}\.\d{1,3}/.exec(recipient.dsn_status ?? enhanced)?.[0]
  return status?.replace(/^4/, '5') ?? '5.0.0'
}

/** A server's reply; Haraka takes enhanced codes of single digits for such alone (RFC 3463 section 2 has up to three). */
export function replyOf({ dsn_smtp_extc, dsn_smtp_response = '' }: HarakaAddress): {
  readonly enhanced: string
  readonly words: string
} {
  if (dsn_smtp_extc) return { enhanced: dsn_smtp_extc, words: dsn_smtp_response }
  const enhanced = enhancedCodeOf(dsn_smtp_response)
  return {
    enhanced,
    words: enhanced === '' ? dsn_smtp_response : dsn_smtp_response.slice(enhanced.length + 1),
  }
}

/** RFC 3464 section 2.1.2: the type says what kind of name it is. */
function remoteMta(host: string): string {
  return host.startsWith('/')
    ? `Remote-MTA: x-unix; ${oneAsciiLine(host)}`
    : `Remote-MTA: dns; ${oneAsciiLine(host)}`
}

/**
 * RFC 6533 section 3: an address that is not ASCII has the type utf-8 and escapes in a 7-bit report; one in ASCII is of the
 * type rfc822, with whatever it has in quotation marks.
 *
 * RFC 3464 section 2.3.2 has the field in every group. Where the address is withheld, a type of our own says so: with
 * rfc822 in front, a domain alone is no address, and any address in it could be somebody's, and be struck off a list.
 */
function recipientField(recipient: HarakaAddress, isRedacted: boolean): string {
  const raw = addressOf(recipient)
  if (isRedacted) return `x-redacted; ${oneAsciiLine(raw)}`
  if (/^[\x20-\x7e]+$/.test(raw) && raw.length <= FIELD_MAX) return `rfc822; ${raw}`
  const address = oneLine(raw, FIELD_MAX)
  const escaped = address.replace(
    /[^\x21-\x7e]|[\\+=]/gu,
    (char) => `\\x{${(char.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`,
  )
  return `${isAscii(Buffer.from(raw)) ? 'rfc822' : 'utf-8'}; ${shortened(escaped)}`
}

/** Whole escapes, as many as a line has room for (RFC 5322 section 2.1.1); a real address is far shorter. */
function shortened(escaped: string): string {
  return escaped.length <= FIELD_MAX ? escaped : `${escaped.slice(0, FIELD_MAX).replace(/\\[^}]*$/, '')}...`
}

/** A date as RFC 5322 section 3.3 writes it, in UTC. */
export function mailDate(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000')
}

/** A recipient's address; a local one may have no domain. */
export function addressOf({ user, host }: HarakaAddress): string {
  const domain = String(host)
  return domain === '' ? user : `${user}@${domain}`
}
