/** Whom the senders of a domain can ask about a bounce, where they can read more, and in which language they get it. */
import { setHelp, type HelpEdit } from '../../admin/set-help.js'
import { domainNamed } from '../../admin/set-service.js'
import { readSenderHelp } from '../../rules/sender-help.js'
import { assertSeen, etagOf } from '../etag.js'
import { changeableOwner, editorOf, param, visibleDomain } from '../owner-access.js'
import { route, type Call, type Reply } from '../route.js'
import { language, nullable, object, shortText, text } from '../schemas.js'

export const domainHelpRoutes = [
  route<HelpEdit>({
    method: 'put',
    path: '/domains/{domain}/help',
    operationId: 'setDomainHelp',
    rules: 'changed',
    summary:
      'Set whom senders of a domain can ask about a bounce, a link, and their language; null for none. A language that is left out stays.',
    needs: 'editor',
    precondition: true,
    body: object(
      { contact: nullable(shortText), link: nullable(shortText), language: nullable(language) },
      'language',
    ),
    answers: { 200: object({ contact: nullable(text), link: nullable(text), language: nullable(language) }) },
    handle: setDomainHelp,
  }),
]

async function setDomainHelp(call: Call<HelpEdit>): Promise<Reply> {
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
