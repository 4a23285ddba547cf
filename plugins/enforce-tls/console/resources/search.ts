/** Anything by a few letters: domains, groups, rules and partners, a few of each. */
import { findAnything, HIT_KINDS } from '../../admin/find-anything.js'
import { EVERYONE } from '../../rules/owner.js'
import { maySee } from '../auth/permission.js'
import { route, type Call, type Reply } from '../route.js'
import { stopAfter, unreadFor, visibleOwners } from '../scans.js'
import { flag, list, nullable, object, shortText, text, unread } from '../schemas.js'

/** How long one search takes at most, in milliseconds. */
const PATIENCE = 1500

export const searchRoutes = [
  route({
    method: 'get',
    path: '/search',
    operationId: 'search',
    rules: 'shown',
    summary: 'Partners, domains, rules and groups whose names have a text in them; a few of each kind.',
    needs: 'reader',
    query: { q: { ...shortText, minLength: 1 } },
    answers: {
      200: object({
        hits: list(
          object({
            kind: { type: 'string', enum: HIT_KINDS },
            name: text,
            rule: nullable(object({ owner: text, id: text, direction: text })),
          }),
        ),
        complete: {
          ...flag,
          description:
            'Whether that is all; else there is more, or it was not looked at in time, or cannot be read.',
        },
        unread,
      }),
    },
    searches: true,
    handle: search,
  }),
]

async function search(call: Call): Promise<Reply> {
  const { context, identity, query } = call
  const isOver = stopAfter(call, PATIENCE)
  const [services, owners] = await Promise.all([context.store.services(), visibleOwners(call)])
  const ofOwners = owners.filter((owner) => owner !== EVERYONE && !owner.includes('@'))
  const known = [...services.keys(), ...identity.domains].filter((domain) => maySee(identity, domain))
  const domains = [...new Set([...known, ...ofOwners])].sort()
  const scope = { store: context.store, owners, domains, isOver }
  const { leftOut, ...found } = await findAnything(String(query['q'] ?? ''), scope)
  return { body: { ...found, unread: unreadFor(call, leftOut) } }
}
