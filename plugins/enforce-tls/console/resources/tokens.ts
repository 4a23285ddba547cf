/** Tokens with which programs use the API, for administrators who are signed in. */
import { ROLES, type Rights } from '../auth/account.js'
import { allTokens, createToken, revokeToken, type ReadToken } from '../auth/tokens.js'
import { param } from '../owner-access.js'
import { peopleOf, sessionOf } from '../people-access.js'
import { route, type Call, type Reply, type Schema } from '../route.js'
import { flag, list, nullable, object, text } from '../schemas.js'
import { checkedRights } from './users.js'

const token: Schema = object({
  id: text,
  name: text,
  role: { ...nullable({ type: 'string', enum: ROLES }), description: 'Null for an entry that is not valid.' },
  domains: list(text),
  createdAt: nullable(text),
  createdBy: { ...nullable(text), description: 'Null for one that the command made.' },
  expiresAt: nullable(text),
  usedAt: {
    ...nullable(text),
    description: 'When it was last used, to the minute; null if no use is noted.',
  },
  valid: { ...flag, description: 'False if it has expired, or if who made it is no administrator any more.' },
})

interface TokenBody extends Rights {
  readonly name: string
  readonly expires?: string
}

export const tokenRoutes = [
  route({
    method: 'get',
    path: '/tokens',
    operationId: 'listTokens',
    summary: 'All tokens.',
    needs: 'admin-session',
    answers: { 200: list(token) },
    handle: async (call) => ({ body: (await allTokens(peopleOf(call))).map(toToken) }),
  }),
  route<TokenBody>({
    method: 'post',
    path: '/tokens',
    operationId: 'createToken',
    summary: 'Create a token; its text is shown this once.',
    needs: 'admin-session',
    body: object(
      {
        name: { type: 'string', maxLength: 1000, description: 'What it is for; the history names it.' },
        role: { type: 'string', enum: ROLES },
        domains: { type: 'array', items: { type: 'string', maxLength: 300 }, maxItems: 10_000 },
        expires: {
          type: 'string',
          maxLength: 50,
          description: 'How long it is valid, such as 12h or 90d. Default: until it is revoked.',
        },
      },
      'expires',
    ),
    answers: { 201: object({ id: text, text: { ...text, description: 'The token itself.' } }) },
    handle: create,
  }),
  route({
    method: 'delete',
    path: '/tokens/{id}',
    operationId: 'revokeToken',
    summary: 'Revoke a token. Tokens never change, so this needs no If-Match.',
    needs: 'admin-session',
    answers: { 204: null },
    handle: async (call) => {
      await revokeToken(peopleOf(call), param(call, 'id'))
      return {}
    },
  }),
]

async function create(call: Call<TokenBody>): Promise<Reply> {
  const { name, expires = null } = call.body
  const createdBy = sessionOf(call.identity).name
  const rights = checkedRights(call.body)
  const made = await createToken(peopleOf(call), { name, ...rights, expires, createdBy })
  return { status: 201, body: { id: made.id, text: made.text } }
}

function toToken({ id, token: found, valid, usedAt }: ReadToken): object {
  return {
    id,
    name: found?.name ?? id,
    role: found?.role ?? null,
    domains: found?.domains ?? [],
    createdAt: found?.createdAt ?? null,
    createdBy: found?.createdBy ?? null,
    expiresAt: found?.expiresAt ?? null,
    usedAt,
    valid,
  }
}
