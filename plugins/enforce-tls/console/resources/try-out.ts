/**
 * What becomes of one message now: the rules, what the recipient's servers answer at this moment, what follows from both, and
 * the bounce that this very answer would cause.
 */
import { consequenceOf, CONSEQUENCES, requirementTried } from '../../check/consequence.js'
import { formatAddress } from '../../rules/address.js'
import { readSenderHelp } from '../../rules/sender-help.js'
import type { Language } from '../../text/language.js'
import { maySee } from '../auth/permission.js'
import { route, type Call, type Reply } from '../route.js'
import { flag, language, nullable, object, text } from '../schemas.js'
import { asked, envelopeFor, limitedCheck } from './check.js'
import { explainBody, explained, explanation, type ExplainBody } from './explain.js'

interface TryBody extends ExplainBody {
  /** Whether the servers are asked about the recipient, too. */
  readonly askRecipient?: boolean
  readonly language?: Language
}

const { properties, optional } = explainBody

export const tryOutRoutes = [
  route<TryBody>({
    method: 'post',
    path: '/try-out',
    operationId: 'tryOut',
    summary:
      "What becomes of a message: which rule decides, what the recipient's servers answer now, what follows, and the bounce of this result. Nothing is sent. Can take a minute.",
    needs: 'editor',
    body: object(
      {
        ...properties,
        askRecipient: {
          ...flag,
          description: 'Whether the recipient is tried with MAIL FROM:<> and RCPT inside TLS, never DATA.',
        },
        language: {
          ...language,
          description:
            "Of the bounce; without it that of the message, of the sender's domain, or of the server.",
        },
      },
      ...optional,
      'askRecipient',
      'language',
    ),
    answers: {
      200: object({
        explanation,
        check: {
          ...nullable(asked),
          description: 'null for incoming mail, and where the requirement is unknown.',
        },
        outcome: {
          type: 'string',
          enum: [...CONSEQUENCES],
          description:
            'required: it depends on whoever brings the message; depends: on its header; free: encryption is not required, as nothing is published.',
        },
        sentence: { ...text, description: 'The outcome for a person.' },
        bounce: {
          ...nullable(object({ subject: text, text, html: text })),
          description: 'What the sender gets for this result, at once or after the retries; null for none.',
        },
      }),
    },
    handle: tryOut,
  }),
]

async function tryOut(call: Call<TryBody>): Promise<Reply> {
  const { context, identity, body } = call
  const { message, found, taken, waiver, shown } = await explained(call)
  const { direction, sender, recipient } = message
  const { ruling, open } = found
  const requirement = ruling && requirementTried(ruling, recipient.domain)
  const address = formatAddress(recipient)
  const check =
    direction === 'incoming' || requirement === null
      ? null
      : await limitedCheck(context, {
          domain: recipient.domain,
          recipient: address,
          requirement,
          envelope: body.askRecipient ? envelopeFor(address, recipient.domain) : undefined,
          published: true,
        })
  const { reportOnly } = context.settings().main
  const consequence = consequenceOf({
    direction,
    ruling,
    taken,
    certain: open.length === 0,
    reportOnly,
    check,
    waiver,
  })
  const fails = consequence.outcome === 'bounced' || (consequence.outcome === 'waits' && check !== null)
  const bounce =
    fails && check && requirement && sender.domain !== ''
      ? await context.previewBounce({
          sender,
          recipient,
          requirement,
          check,
          header: body.header ?? '',
          language: body.language,
          help: readSenderHelp(await context.store.readService(sender.domain)).help,
        })
      : null
  return {
    body: {
      explanation: shown,
      check: check && {
        ...check,
        decidedBy: check.decidedBy.filter(({ owner }) => maySee(identity, owner)),
      },
      ...consequence,
      bounce: bounce && { subject: bounce.subject, text: bounce.text, html: bounce.html },
    },
  }
}
