/** What the placeholders of a template stand for in one language: the facts, and the words around them. Pure. */
import libmime from 'libmime'
import { addressText } from '../../haraka/address.js'
import type { SenderHelp } from '../../rules/sender-help.js'
import { oneLine } from '../../text/one-line.js'
import type { BounceRequest } from '../guard-context.js'
import { valueOf, type HeaderField } from '../message-header.js'
import type { BounceFacts } from './facts.js'
import { mailDate } from './fields.js'
import type { TemplateValues } from './template.js'
import type { NoticeTexts } from './texts/types.js'
import { readDate } from './time.js'

/** What a notice shows besides its facts. */
export interface Shown {
  readonly me: string
  readonly now: Date
  readonly content: 'minimal' | 'full'
  /** Whom the sender can ask; absent for nobody in particular. */
  readonly help?: SenderHelp | undefined
  /** Its Message-ID. */
  readonly messageId: string
  /** Its languages, the first one first. */
  readonly languages: readonly string[]
  /** Header fields of the message, as far as it may quote them. */
  readonly kept: readonly HeaderField[]
  /** Whether it has what was tried, which is in English whatever the language. */
  readonly hasDetails: boolean
}

/** Collects them. */
export function templateValues(
  { item, isRedacted }: Pick<BounceRequest, 'item' | 'isRedacted'>,
  facts: BounceFacts,
  texts: NoticeTexts,
  { me, now, content, help, messageId, languages, kept, hasDetails }: Shown,
): TemplateValues {
  const { labels } = texts
  const sent = valueOf(kept, 'date')
  const date = readDate(sent)
  const single = {
    ...facts.words,
    me,
    language: texts.language,
    languages: languages.join(', '),
    date: mailDate(now),
    msgid: messageId,
    from: `MAILER-DAEMON@${me}`,
    from_name: labels.from,
    to: oneLine(addressText(item.todo.mail_from)),
    subject: content === 'full' ? oneLine(libmime.decodeWords(valueOf(kept, 'subject'))) : texts.withheld,
    message_date: date
      ? texts.time(date.time, date.offset)
      : isRedacted
        ? texts.withheld
        : oneLine(sent) || texts.unknown,
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
  const [attempts, codes] = hasDetails ? [facts.attempts, facts.codes] : [[], []]
  return {
    single,
    lists: {
      attempts,
      codes,
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
      ...(attempts.length + codes.length > 0 ? { tried_heading: labels.tried } : {}),
    },
  }
}

function valueList(value: string | null | undefined): readonly string[] {
  return value ? [oneLine(value, 500)] : []
}
