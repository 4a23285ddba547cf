/**
 * Writes a bounce, or a notice that a message is delayed: a multipart/report (RFC 6522) with a text for a person, the same as HTML, the
 * delivery-status (RFC 3464), and of the message no more than `[failure] bounce_content` says. It needs no
 * template of the operator's; the package brings its own.
 */
import { isAscii } from 'node:buffer'
import type { HarakaMailItem } from '../../haraka/types.js'
import { HEADER_CUT, isHeaderCut } from '../../haraka/header-limit.js'
import { saysTlsRequiredNo, TLS_REQUIRED } from '../../requiretls/header-fields.js'
import { asksForRequireTls } from '../../requiretls/note.js'
import type { Bounce, BounceRequest } from '../guard-context.js'
import { headerBlockOf, readHeaderFields, valueOf, type HeaderField } from '../message-header.js'
import { demandsOf } from './askers.js'
import type { BounceFacts } from './facts.js'
import { mailDate } from './fields.js'
import { addAlternatives, multipart, written } from './mime.js'
import { noticeOf, type BounceOptions } from './notice.js'

export type { BounceOptions } from './notice.js'

/** The header fields of a message that a bounce shows; `null` for all. */
const SHOWN = { full: null, minimal: ['date', 'message-id'], redacted: ['message-id'] } as const

/** Of a line, in characters (RFC 5322 section 2.1.1). */
const LINE_MAX = 998
/** The longest Message-ID that is referred to; a real one is far shorter. */
const MESSAGE_ID_MAX = 900

/** How much of the message it has. */
type Shown = keyof typeof SHOWN

/**
 * Writes a bounce.
 *
 * @throws when the queue file can't be read.
 */
export async function composeBounce(request: BounceRequest, options: BounceOptions): Promise<Bounce> {
  const minimal = { ...options, content: 'minimal' } as const
  // Going with REQUIRETLS it is protected as the message was, so all of the header may be in it (RFC 8689 section 5).
  if (asksForRequireTls(request.item.todo))
    return {
      contents: await compose(request, { ...options, content: 'full' }, 'full'),
      heldTo: null,
      instead: null,
      redacted: await compose(redactedRequest(request), minimal, 'redacted'),
    }
  // With the whole header block in it, a bounce is as confidential as the message was.
  const held = options.content === 'full' ? request.requirement : null
  const likewise = (await wantsDelivery(request, options)) ? { [TLS_REQUIRED]: 'No' } : {}
  return {
    contents: await compose(request, options, options.content, held ? {} : likewise),
    heldTo: held?.decidedBy ?? null,
    instead: held ? await compose(request, minimal, 'minimal', likewise) : null,
    redacted: null,
  }
}

/** Whether the sender prefers delivery to what is published, so that what comes back may go as the message itself may. */
async function wantsDelivery({ item }: BounceRequest, { honourNo = false }: BounceOptions): Promise<boolean> {
  if (!honourNo) return false
  const cut = isHeaderCut(item.todo.notes) ? HEADER_CUT : null
  return saysTlsRequiredNo(await headerBlockOf(item.data_stream(), cut))
}

/**
 * The request for a notice that may travel where REQUIRETLS is unknown: it says which message failed for what, and names
 * neither rule nor recipient but for the domain (RFC 8689 section 5).
 */
function redactedRequest(request: BounceRequest): BounceRequest {
  const { item, delayed } = request
  const { todo } = item
  const asked = demandsOf(request)
  const [first] = todo.rcpt_to
  const nobody = first && { ...first, user: todo.domain, host: '', address: todo.domain }
  const rcpt_to = nobody ? [nobody] : []
  const anonymous = Object.create(item, { todo: { value: { ...todo, rcpt_to } } }) as HarakaMailItem
  return {
    ...request,
    item: anonymous,
    requirement: null,
    ...(asked ? { asked } : {}),
    isRedacted: true,
    ...(delayed ? { delayed: { ...delayed, recipients: rcpt_to } } : {}),
  }
}

async function compose(
  request: BounceRequest,
  options: BounceOptions,
  shown: Shown,
  fields: Readonly<Record<string, string>> = {},
): Promise<string> {
  const original = await readHeaderFields(request.item.data_stream())
  const kept = keptOf(original, shown)
  const messageId = valueOf(original, 'message-id')
  const { headers, text, html, languages, facts } = noticeOf(request, options, original, kept)

  const root = multipart('report; report-type=delivery-status')
  for (const { name, value } of headers) root.setHeader(name, value)
  root.setHeader({ 'Auto-Submitted': 'auto-replied', ...fields })
  if (isMessageId(messageId)) root.setHeader({ References: messageId, 'In-Reply-To': messageId })

  addAlternatives(html === '' ? root : root.createChild('multipart/alternative'), text, html, languages)
  root.createChild('message/delivery-status').setContent(deliveryStatus(request, facts, options))
  root
    .createChild('text/rfc822-headers')
    .setHeader('Content-Description', `${request.delayed ? 'Delayed' : 'Undelivered'} Message Headers`)
    .setContent(asTheyWere(quotable(kept, shown)))
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
  const { headers, text, html } = noticeOf(request, options, original, keptOf(original, options.content))
  const subject = headers.find(({ name }) => name.toLowerCase() === 'subject')
  return { subject: subject?.value ?? '', text, html }
}

/** What of the message's header is quoted. */
function keptOf(original: readonly HeaderField[], shown: Shown): readonly HeaderField[] {
  const names: readonly string[] | null = SHOWN[shown]
  return names === null ? original : original.filter(({ name }) => names.includes(name))
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

/** Without what no header field may be, such as a Message-ID in letters of any script. */
function quotable(kept: readonly HeaderField[], shown: Shown): readonly HeaderField[] {
  if (shown === 'full') return kept
  return kept.filter(
    ({ name, value, raw }) =>
      isAscii(Buffer.from(raw, 'latin1')) &&
      raw.split('\r\n').every((line) => line.length <= LINE_MAX) &&
      (name !== 'message-id' || isMessageId(value)),
  )
}

/** As far as that can be said without knowing who made it; with its name it fits on a line (RFC 5322 section 2.1.1). */
function isMessageId(value: string): boolean {
  return value.length <= MESSAGE_ID_MAX && /^<[\x21-\x7e]+>$/.test(value)
}

/** The bytes of header fields; a text where they need no encoding. */
function asTheyWere(headers: readonly HeaderField[]): string | Buffer {
  const text = headers.map(({ raw }) => `${raw}\r\n`).join('')
  const bytes = Buffer.from(text, 'latin1')
  return isAscii(bytes) ? text : bytes
}
