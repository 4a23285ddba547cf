/** Puts a mail of ours together: its text for people in plain and in HTML, and the whole as it is queued. */
import MimeNode from 'nodemailer/lib/mime-node'
import { mailDate } from './fields.js'

/** Quoted-printable at most, never base64: filters look for words in the source. */
const READABLE = { textEncoding: 'Q' } as const

/** The root of a mail with several parts. */
export function multipart(type: string): MimeNode {
  return new MimeNode(`multipart/${type}`, { newline: '\r\n' })
}

/** What a mail to people says of itself. */
export interface MailHead {
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly date: Date
  /** With its angle brackets. */
  readonly messageId: string
}

/** The root of a mail with several parts that nobody has written, and no answering machine shall answer (RFC 3834). */
export function automaticMail(type: string, { from, to, subject, date, messageId }: MailHead): MimeNode {
  const root = multipart(type)
  root.setHeader('From', from)
  root.setHeader('To', to.join(', '))
  root.setHeader('Subject', subject)
  root.setHeader('Date', mailDate(date))
  root.setHeader('Message-ID', messageId)
  root.setHeader('Auto-Submitted', 'auto-generated')
  return root
}

/** Adds a file. @param fileName of letters, digits and what a quoted string takes */
export function attach(parent: MimeNode, type: string, fileName: string, content: Buffer): void {
  const part = parent.createChild(type)
  part.setHeader('Content-Transfer-Encoding', 'base64')
  // As one parameter: not everybody puts the parts of RFC 2231 together.
  part.setHeader('Content-Disposition', {
    prepared: true,
    value: `attachment;\r\n filename="${fileName}"`,
  })
  part.setContent(content)
}

/**
 * Adds the same text twice to choose from; `html` may be empty.
 *
 * @param languages of the text, in the order in which they are read (RFC 3282); empty where nothing is said of it
 */
export function addAlternatives(
  parent: MimeNode,
  text: string,
  html: string,
  languages: readonly string[] = [],
): void {
  const add = (type: string, content: string) => {
    const part = parent.createChild(`${type}; charset=utf-8`, READABLE)
    if (languages.length > 0) part.setHeader('Content-Language', languages.join(', '))
    part.setContent(content)
  }
  add('text/plain', text)
  if (html !== '') add('text/html', html)
}

/** The whole mail, lines ending in CRLF, the last one too. */
export async function written(root: MimeNode): Promise<string> {
  const contents = (await root.build()).toString('utf8')
  return contents.endsWith('\r\n') ? contents : `${contents}\r\n`
}
