/**
 * Composes the messages that tests send and takes apart the bounces that they get; a bounce that is not a
 * well-formed multipart/report throws with what is wrong.
 */
import { randomUUID } from 'node:crypto'
import { parseMime, type MimePart } from './mime.js'

export interface MailOptions {
  readonly from: string
  readonly to: readonly string[]
  /** @default 'Test' */
  readonly subject?: string
  /** @default 'Hello' */
  readonly text?: string
  /** Without angle brackets. @default a random one */
  readonly messageId?: string
  /** Further header fields, or others than the default ones. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Fields of one block of a message/delivery-status part, names in lower case. */
export type StatusFields = Readonly<Record<string, string>>

export interface Bounce {
  /** Header fields of the bounce, names in lower case, unfolded and decoded. */
  readonly headers: Readonly<Record<string, string>>
  /** The part for a person. */
  readonly text: string
  readonly html: string | undefined
  readonly message: StatusFields
  /** One for each recipient. */
  readonly recipients: readonly StatusFields[]
  /** The third part: the returned message, or what is left of it. */
  readonly returned: { readonly type: string; readonly content: string } | undefined
  /** Content types of the parts of the report, in order. */
  readonly partTypes: readonly string[]
}

/** A message with CRLF line ends. */
export function composeMail({ from, to, subject, text, messageId, headers }: MailOptions): string {
  const fields = {
    From: from === '' ? 'MAILER-DAEMON <mailer-daemon@client.test.example>' : `<${from}>`,
    To: to.map((address) => `<${address}>`).join(', '),
    Subject: subject ?? 'Test',
    Date: new Date().toUTCString().replace('GMT', '+0000'),
    'Message-ID': `<${messageId ?? `${randomUUID()}@client.test.example`}>`,
    ...headers,
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`)
  return [...lines, '', ...(text ?? 'Hello').split(/\r?\n/), ''].join('\r\n')
}

/** Takes a bounce apart; throws if it is not a multipart/report with a text and a delivery-status part. */
export function parseBounce(raw: string): Bounce {
  const report = parseMime(raw)
  if (report.type !== 'multipart/report' || report.parameters['report-type'] !== 'delivery-status') {
    throw new Error(
      `not a delivery status report but ${report.headers['content-type'] ?? 'untyped'}:\n${raw}`,
    )
  }
  const status = report.parts.find(({ type }) => type === 'message/delivery-status')
  const text = find(report, 'text/plain')
  if (!status || !text) throw new Error(`a bounce without its text or its status part:\n${raw}`)

  const [message = {}, ...recipients] = status.content
    .split(/(?:\r?\n){2,}/)
    .filter((block) => block.trim() !== '')
    .map((block) => parseMime(`${block}\r\n\r\n`).headers)
  const returned = report.parts.slice(report.parts.indexOf(status) + 1).at(0)
  return {
    headers: report.headers,
    text: text.content,
    html: find(report, 'text/html')?.content,
    message,
    recipients,
    returned: returned && { type: returned.type, content: returned.content },
    partTypes: report.parts.map(({ type }) => type),
  }
}

/** The first part of this type that belongs to the report itself, not to the returned message. */
function find(part: MimePart, type: string): MimePart | undefined {
  if (part.type === type) return part
  for (const inner of part.parts) {
    const found = find(inner, type)
    if (found) return found
  }
  return undefined
}
