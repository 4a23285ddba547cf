/** Whom the senders of a domain can ask about a bounce, and where they can read more. */
import { setHelp } from '../../admin/set-help.js'
import { domainNamed } from '../../admin/set-service.js'
import { readSenderHelp, type SenderHelp } from '../../rules/sender-help.js'
import { assertSeen, etagOf } from '../etag.js'
import { changeableOwner, editorOf, param, visibleDomain } from '../owner-access.js'
import { route, type Call, type Reply } from '../route.js'
import { nullable, object, shortText, text } from '../schemas.js'

export const domainHelpRoutes = [
  route<SenderHelp>({
    method: 'put',
    path: '/domains/{domain}/help',
    operationId: 'setDomainHelp',
    summary: 'Set whom senders of a domain can ask about a bounce, and a link; null for none.',
    needs: 'editor',
    precondition: true,
    body: object({ contact: nullable(shortText), link: nullable(shortText) }),
    answers: { 200: object({ contact: nullable(text), link: nullable(text) }) },
    handle: setDomainHelp,
  }),
]

async function setDomainHelp(call: Call<SenderHelp>): Promise<Reply> {
  const { store } = call.context
  const given = visibleDomain(call, param(call, 'domain'))
  changeableOwner(call, given)
  const entry = await store.readService(given)
  const name = entry === null ? domainNamed(param(call, 'domain'), new Map()) : given
  assertSeen(call, `domain ${name}`, ...(entry === null ? [] : [etagOf(entry)]))
  await setHelp(editorOf(call), name, call.body, entry)
  const now = await store.readService(name)
  return { body: readSenderHelp(now).help, ...(now === null ? {} : { etag: etagOf(now) }) }
}
