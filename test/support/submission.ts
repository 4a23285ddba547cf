/**
 * Hands a message to a mail server over SMTP, in the clear unless it says otherwise, one transaction for all recipients; a refusal by
 * the server is a result, a connection that fails is an error.
 */
import { createTransport } from 'nodemailer'
import { composeMail, type MailOptions } from './mail.js'

export interface Submission extends Omit<MailOptions, 'from' | 'to'> {
  /** Envelope sender; the empty string is the null sender. */
  readonly from: string
  /** Envelope recipients, in one transaction. */
  readonly to: string | readonly string[]
  /** The whole message; without it one is composed from subject, text and headers. */
  readonly data?: string | Buffer
  /** Whether the session is upgraded with STARTTLS; any certificate will do. @default false */
  readonly starttls?: boolean
  /** MAIL with REQUIRETLS, which needs STARTTLS (RFC 8689). @default false */
  readonly requiretls?: boolean
  /** `NOTIFY` of every RCPT, where the server offers DSN (RFC 3461). @default none */
  readonly notify?: readonly ('never' | 'success' | 'failure' | 'delay')[]
}

export interface SubmissionResult {
  /** Code of the last reply, 250 when the message was taken. */
  readonly code: number
  readonly reply: string
  readonly accepted: readonly string[]
  readonly rejected: readonly string[]
}

export async function sendMail(port: number, submission: Submission): Promise<SubmissionResult> {
  const to = typeof submission.to === 'string' ? [submission.to] : [...submission.to]
  const raw = submission.data ?? composeMail({ ...submission, from: submission.from, to })
  const tls = submission.starttls
    ? { requireTLS: true, tls: { rejectUnauthorized: false } }
    : { ignoreTLS: true }
  const transport = createTransport({ host: '127.0.0.1', port, name: 'client.test.example', ...tls })
  try {
    const { from, notify, requiretls } = submission
    const sent = await transport.sendMail({
      envelope: { from, to },
      raw,
      ...(requiretls ? { requireTLSExtensionEnabled: true } : {}),
      ...(notify ? { dsn: { id: 'test', return: 'headers', notify: [...notify] } } : {}),
    })
    return {
      ...replyOf(sent.response),
      accepted: addresses(sent.accepted),
      rejected: addresses(sent.rejected),
    }
  } catch (error) {
    const { response } = error as { response?: string }
    if (response === undefined) throw error
    return { ...replyOf(response), accepted: [], rejected: to }
  } finally {
    transport.close()
  }
}

function replyOf(reply: string): { code: number; reply: string } {
  return { code: Number.parseInt(reply, 10), reply }
}

function addresses(list: readonly (string | { address: string })[]): string[] {
  return list.map((entry) => (typeof entry === 'string' ? entry : entry.address))
}
