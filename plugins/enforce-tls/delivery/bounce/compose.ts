/**
 * Writes a bounce: a multipart/report (RFC 6522) with a text for a person, the same as HTML, the
 * delivery-status (RFC 3464), and of the message no more than `[failure] bounce_content` says. It needs no
 * template of the operator's; the package brings its own.
 */
import { addressText } from '../../haraka/address.js'
import { isAscii } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import libmime from 'libmime'
import MimeNode from 'nodemailer/lib/mime-node'
import { bounceFacts, type BounceFacts } from './facts.js'
import { mailDate } from './fields.js'
import { fillHeaders, fillHtml, fillText, type TemplateValues } from './template.js'
import type { Bounce, BounceRequest } from '../guard-context.js'
import { oneLine } from '../../text/one-line.js'
import type { BounceTemplates } from '../../haraka/runtime.js'

/** What else decides how a bounce looks. */
export interface BounceOptions {
  readonly me: string
  readonly content: 'minimal' | 'full'
  readonly templates: BounceTemplates
  readonly now: Date
}

/** The most bytes of a message that are read in search of the end of its headers. */
const HEADERS_MAX = 256 * 1024
/** Controls, and a CR that ends no line: some readers take it for a line end (RFC 5322 section 2.2). */
// eslint-disable-next-line no-control-regex
const NOT_IN_MAIL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)/g
/** Quoted-printable at most, never base64: filters look for the sentence in the source. */
const READABLE = { textEncoding: 'Q' } as const
/** In place of the Subject, which everybody looks for. */
const NO_SUBJECT = 'not shown, because this notice may travel without encryption'
/** All that a `minimal` bounce tells of a message. */
const MINIMAL = ['date', 'message-id']

/**
 * Writes a bounce.
 *
 * @throws when the queue file can't be read.
 */
export async function composeBounce(request: BounceRequest, options: BounceOptions): Promise<Bounce> {
  const contents = await compose(request, options)
  // With the whole header block in it, a bounce is as confidential as the message was.
  const held = options.content === 'full' ? request.requirement : null
  return {
    contents,
    heldTo: held?.decidedBy ?? null,
    instead: held ? await compose(request, { ...options, content: 'minimal' }) : null,
  }
}

async function compose(request: BounceRequest, options: BounceOptions): Promise<string> {
  const { item } = request
  const facts = bounceFacts(request, options)
  const original = await readHeaders(item.data_stream())
  const kept = options.content === 'full' ? original : original.filter(({ name }) => MINIMAL.includes(name))
  const messageId = valueOf(original, 'message-id')
  const values = templateValues(request, facts, options, kept)

  const { headers, text, html } = filled(options.templates, values)

  const root = new MimeNode('multipart/report; report-type=delivery-status', { newline: '\r\n' })
  for (const { name, value } of headers) root.setHeader(name, value)
  root.setHeader('Auto-Submitted', 'auto-replied')
  if (/^<[\x21-\x7e]+>$/.test(messageId)) root.setHeader({ References: messageId, 'In-Reply-To': messageId })

  if (html === '') root.createChild('text/plain; charset=utf-8', READABLE).setContent(text)
  else {
    const alternative = root.createChild('multipart/alternative')
    alternative.createChild('text/plain; charset=utf-8', READABLE).setContent(text)
    alternative.createChild('text/html; charset=utf-8', READABLE).setContent(html)
  }
  root.createChild('message/delivery-status').setContent(deliveryStatus(request, facts, options))
  root
    .createChild('text/rfc822-headers')
    .setHeader('Content-Description', 'Undelivered Message Headers')
    .setContent(asTheyWere(kept))

  const contents = (await root.build()).toString('utf8')
  return contents.endsWith('\r\n') ? contents : `${contents}\r\n`
}

/** What a person reads of a bounce. */
export interface BounceTexts {
  readonly subject: string
  readonly text: string
  /** Empty where the template for it is. */
  readonly html: string
}

/**
 * The texts of the bounce that `composeBounce` would write.
 *
 * @throws when the message can't be read.
 */
export async function bounceTexts(request: BounceRequest, options: BounceOptions): Promise<BounceTexts> {
  const original = await readHeaders(request.item.data_stream())
  const kept = options.content === 'full' ? original : original.filter(({ name }) => MINIMAL.includes(name))
  const values = templateValues(request, bounceFacts(request, options), options, kept)
  const { headers, text, html } = filled(options.templates, values)
  const subject = headers.find(({ name }) => name.toLowerCase() === 'subject')
  return { subject: subject?.value ?? '', text, html }
}

function filled({ text, html }: BounceTemplates, values: TemplateValues) {
  return {
    headers: fillHeaders(text, values),
    text: fillText(text, values),
    html: fillHtml(html, values),
  }
}

function templateValues(
  { item }: BounceRequest,
  facts: BounceFacts,
  { me, now, content }: BounceOptions,
  kept: readonly Header[],
): TemplateValues {
  const single = {
    ...facts.words,
    me,
    date: mailDate(now),
    msgid: `<${randomUUID()}@${me}>`,
    from: `MAILER-DAEMON@${me}`,
    to: oneLine(addressText(item.todo.mail_from)),
    subject: content === 'full' ? oneLine(libmime.decodeWords(valueOf(kept, 'subject'))) : NO_SUBJECT,
    message_date: oneLine(valueOf(kept, 'date')) || 'not known',
    message_id: oneLine(valueOf(kept, 'message-id')) || 'not known',
  }
  return { single, lists: { attempts: facts.attempts, explanation: facts.explanation } }
}

function deliveryStatus({ item }: BounceRequest, facts: BounceFacts, { me }: BounceOptions): string {
  const arrival = new Date(item.todo.queue_time)
  const message = [
    `Reporting-MTA: dns; ${me}`,
    ...(Number.isNaN(arrival.getTime()) ? [] : [`Arrival-Date: ${mailDate(arrival)}`]),
  ]
  return [message, ...facts.recipients]
    .map((group) => group.map((line) => `${line}\r\n`).join(''))
    .join('\r\n')
}

interface Header {
  /** In lower case. */
  readonly name: string
  readonly value: string
  /** As it stands in the message, without the last line end; a character for each byte. */
  readonly raw: string
}

/** The header fields of a message, in order; what is no header field is left out. */
async function readHeaders(stream: Readable): Promise<Header[]> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (
      size > HEADERS_MAX ||
      Buffer.concat(chunks).includes('\n\r\n') ||
      Buffer.concat(chunks).includes('\n\n')
    )
      break
  }
  stream.destroy()
  const block =
    Buffer.concat(chunks)
      .toString('latin1')
      .split(/\r?\n\r?\n/, 1)[0] ?? ''
  return block
    .replace(NOT_IN_MAIL, ' ')
    .split(/\r?\n(?![ \t])/)
    .map((raw) => /^([\x21-\x39\x3b-\x7e]+)[ \t]*:([\s\S]*)$/.exec(raw))
    .filter((match) => match !== null)
    .map(([raw, name = '', value = '']) => ({
      name: name.toLowerCase(),
      value: utf8(value.replace(/\r?\n[ \t]+/g, ' ').trim()),
      raw: raw.replace(/\r?\n/g, '\r\n'),
    }))
}

/** Header fields of internationalised mail are UTF-8 (RFC 6532). */
function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/** The bytes of header fields; a text where they need no encoding. */
function asTheyWere(headers: readonly Header[]): string | Buffer {
  const text = headers.map(({ raw }) => `${raw}\r\n`).join('')
  const bytes = Buffer.from(text, 'latin1')
  return isAscii(bytes) ? text : bytes
}

function valueOf(headers: readonly Header[], name: string): string {
  return headers.find((header) => header.name === name)?.value ?? ''
}
