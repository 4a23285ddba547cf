/**
 * Writes a bounce, or a notice that a message is delayed: a multipart/report (RFC 6522) with a text for a person, the same as HTML, the
 * delivery-status (RFC 3464), and of the message no more than `[failure] bounce_content` says. It needs no
 * template of the operator's; the package brings its own.
 */
import { addressText } from '../../haraka/address.js'
import { isAscii } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import libmime from 'libmime'
import { delayFacts } from './delay-facts.js'
import { bounceFacts, type BounceFacts } from './facts.js'
import { mailDate } from './fields.js'
import { en as texts } from './texts/en.js'
import { readDate } from './time.js'
import type { SenderHelp } from '../../rules/sender-help.js'
import type { TlsVersion } from '../../rules/levels.js'
import { addAlternatives, multipart, written } from './mime.js'
import { fillHeaders, fillHtml, fillText, type TemplateValues } from './template.js'
import type { Bounce, BounceRequest } from '../guard-context.js'
import { readHeaderFields, type HeaderField } from '../message-header.js'
import { oneLine } from '../../text/one-line.js'
import type { BounceTemplates } from '../../haraka/runtime.js'

/** What else decides how a bounce looks. */
export interface BounceOptions {
  readonly me: string
  readonly content: 'minimal' | 'full'
  readonly templates: BounceTemplates
  readonly now: Date
  /** The lowest TLS version that is taken at all. */
  readonly minVersion: TlsVersion
  /** Whom the sender can ask; absent for nobody in particular. */
  readonly help?: SenderHelp | undefined
}

/** All that a `minimal` bounce shows of a message. */
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
  const original = await readHeaderFields(item.data_stream())
  const facts = factsOf(request, options, original)
  const kept = options.content === 'full' ? original : original.filter(({ name }) => MINIMAL.includes(name))
  const messageId = valueOf(original, 'message-id')
  const values = templateValues(request, facts, options, kept)

  const { headers, text, html } = filled(options.templates, values)

  const root = multipart('report; report-type=delivery-status')
  for (const { name, value } of headers) root.setHeader(name, value)
  root.setHeader('Auto-Submitted', 'auto-replied')
  if (/^<[\x21-\x7e]+>$/.test(messageId)) root.setHeader({ References: messageId, 'In-Reply-To': messageId })

  addAlternatives(html === '' ? root : root.createChild('multipart/alternative'), text, html)
  root.createChild('message/delivery-status').setContent(deliveryStatus(request, facts, options))
  root
    .createChild('text/rfc822-headers')
    .setHeader('Content-Description', `${request.delayed ? 'Delayed' : 'Undelivered'} Message Headers`)
    .setContent(asTheyWere(kept))
  return await written(root)
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
  const original = await readHeaderFields(request.item.data_stream())
  const kept = options.content === 'full' ? original : original.filter(({ name }) => MINIMAL.includes(name))
  const values = templateValues(request, factsOf(request, options, original), options, kept)
  const { headers, text, html } = filled(options.templates, values)
  const subject = headers.find(({ name }) => name.toLowerCase() === 'subject')
  return { subject: subject?.value ?? '', text, html }
}

function factsOf(
  request: BounceRequest,
  options: BounceOptions,
  original: readonly HeaderField[],
): BounceFacts {
  const worded = { ...options, texts }
  if (!request.delayed) return bounceFacts(request, worded)
  return delayFacts(request, request.delayed, worded, readDate(valueOf(original, 'date'))?.offset ?? null)
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
  { me, now, content, help }: BounceOptions,
  kept: readonly HeaderField[],
): TemplateValues {
  const { labels } = texts
  const sent = valueOf(kept, 'date')
  const date = readDate(sent)
  const single = {
    ...facts.words,
    me,
    language: texts.language,
    date: mailDate(now),
    msgid: `<${randomUUID()}@${me}>`,
    from: `MAILER-DAEMON@${me}`,
    from_name: labels.from,
    to: oneLine(addressText(item.todo.mail_from)),
    subject: content === 'full' ? oneLine(libmime.decodeWords(valueOf(kept, 'subject'))) : texts.noSubject,
    message_date: date ? texts.time(date.time, date.offset) : oneLine(sent) || texts.unknown,
    message_id: oneLine(valueOf(kept, 'message-id')) || texts.unknown,
    written_by: texts.writtenBy(me),
    contact_label: labels.contact,
    link_label: labels.link,
    to_label: labels.to,
    subject_label: labels.subject,
    date_label: labels.dated,
    message_id_label: labels.messageId,
    code_label: labels.code,
  }
  const tried = facts.attempts.length + facts.codes.length > 0
  return {
    single,
    lists: {
      attempts: facts.attempts,
      codes: facts.codes,
      explanation: facts.explanation,
      ask: facts.ask,
      contact: valueList(help?.contact),
      link: valueList(help?.link),
    },
    headings: {
      advice_heading: labels.advice,
      reason_heading: labels.reason,
      message_heading: labels.message,
      ...(facts.ask.length > 0 ? { ask_heading: labels.tell } : {}),
      ...(tried ? { tried_heading: labels.tried } : {}),
    },
  }
}

function valueList(value: string | null | undefined): readonly string[] {
  return value ? [oneLine(value, 500)] : []
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

/** The bytes of header fields; a text where they need no encoding. */
function asTheyWere(headers: readonly HeaderField[]): string | Buffer {
  const text = headers.map(({ raw }) => `${raw}\r\n`).join('')
  const bytes = Buffer.from(text, 'latin1')
  return isAscii(bytes) ? text : bytes
}

function valueOf(headers: readonly HeaderField[], name: string): string {
  return headers.find((header) => header.name === name)?.value ?? ''
}
