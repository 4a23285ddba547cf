/** The bounce that a sender would get because of a rule, before it happens. */
import { readSenderHelp } from '../../rules/sender-help.js'
import { EVERYONE } from '../../rules/owner.js'
import type { MailAddress } from '../../rules/address.js'
import { visibleOwner } from '../owner-access.js'
import { Problem } from '../problem.js'
import { route, type Call, type Reply } from '../route.js'
import { draft, object, shortText, text } from '../schemas.js'
import { addressOf } from './explain.js'
import { checkedRule } from '../../admin/write-rule.js'
import { actionOf } from '../../rules/rule.js'

interface PreviewBody {
  readonly owner: string
  readonly rule: Readonly<Record<string, unknown>>
  readonly to: string
}

export const bouncePreviewRoutes = [
  route<PreviewBody>({
    method: 'post',
    path: '/bounce-preview',
    operationId: 'previewBounce',
    summary:
      'What a sender would get where a receiving server offers no TLS, or is not as its domain publishes.',
    needs: 'reader',
    body: object({ owner: shortText, rule: draft, to: shortText }),
    answers: { 200: object({ subject: text, text, html: text }) },
    handle: previewBounce,
  }),
]

async function previewBounce(call: Call<PreviewBody>): Promise<Reply> {
  const { context, body } = call
  const owner = visibleOwner(call, body.owner)
  const recipient = addressOf('to', body.to)
  const given = { direction: 'outgoing', enabled: true, position: 1, ...body.rule }
  const rule = await checkedRule(given, { groups: await context.store.groups() })
  if (rule.direction !== 'outgoing' || actionOf(rule).level === 'none')
    throw new Problem(422, 'no-bounce', 'Such a rule causes no bounces.', { field: 'rule' })
  const sender = senderOf(owner)
  const { help } = readSenderHelp(await context.store.readService(sender.domain))
  const request = { owner, rule, sender, recipient, help }
  const { subject, text: plain, html } = await context.previewBounce(request)
  return { body: { subject, text: plain, html } }
}

function senderOf(owner: string): MailAddress {
  if (owner.includes('@')) return addressOf('owner', owner)
  return { local: 'sender', domain: owner === EVERYONE ? 'sender.example' : owner }
}
