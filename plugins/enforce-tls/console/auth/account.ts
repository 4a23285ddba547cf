/**
 * Who may use the console: users, who sign in with a password, and tokens for programs, as an account store has them.
 * Pure; an entry that does not validate is no account at all.
 */
import { formatFlaw } from '../../rules/format-problem.js'
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { parseDomain } from '../../rules/address.js'
import { parseJson } from '../../rules/json.js'
import { listed } from '../../text/list.js'
import { quote } from '../../text/quote.js'
import { jsonShape } from '../../work/json-shape.js'

/** Every role: administrator of all, administrator of some domains, somebody who only reads. */
export const ROLES = ['admin', 'domain-admin', 'viewer'] as const
export type Role = (typeof ROLES)[number]

/** What an account may see and do. */
export interface Rights {
  readonly role: Role
  /** Of a `domain-admin`: its domains. Of a `viewer`: those that it sees, all where there are none. */
  readonly domains: readonly string[]
}

/** With which somebody chooses a password, once. */
export interface Invitation {
  /** SHA-256 of its secret, base64url. */
  readonly hash: string
  /** ISO 8601. */
  readonly expiresAt: string
}

/** A user as stored, by name. */
export interface User extends Rights {
  /** As `hashPassword` gives it; of one who was invited, a hash that no password has. */
  readonly password: string
  /** When the password was set, ISO 8601. */
  readonly changedAt: string
  readonly invitation?: Invitation
  /** Whether there never was a password. @default false */
  readonly pending?: boolean
}

/** A token as stored, by id. */
export interface Token extends Rights {
  /** What it is for. */
  readonly name: string
  /** SHA-256 of its secret, base64url. */
  readonly hash: string
  readonly createdAt: string
  /** When it ends, ISO 8601. @default never */
  readonly expiresAt?: string
  /** Who made it in the console; one made by the command belongs to nobody. */
  readonly createdBy?: string
}

const rights = {
  role: { type: 'string', enum: ROLES },
  domains: { type: 'array', items: { type: 'string' }, maxItems: 10_000 },
} as const
const text = { type: 'string', minLength: 1, maxLength: 1000 } as const

const isUser = jsonShape<User>({
  type: 'object',
  required: ['role', 'domains', 'password', 'changedAt'],
  properties: {
    ...rights,
    password: text,
    changedAt: text,
    invitation: {
      type: 'object',
      required: ['hash', 'expiresAt'],
      properties: { hash: text, expiresAt: text },
      nullable: true,
    },
    pending: { type: 'boolean', nullable: true },
  },
})
const isToken = jsonShape<Token>({
  type: 'object',
  required: ['role', 'domains', 'name', 'hash', 'createdAt'],
  properties: {
    ...rights,
    name: text,
    hash: text,
    createdAt: text,
    expiresAt: { ...text, nullable: true },
    createdBy: { ...text, nullable: true },
  },
})

const NAME = /^[a-z0-9][a-z0-9._@+-]{0,99}$/

/** A user's name as it is stored, or what is wrong with it as the end of a sentence. */
export function parseUserName(given: string): { readonly name: string } | { readonly problem: string } {
  const name = given.toLowerCase()
  return NAME.test(name)
    ? { name }
    : { problem: 'is not a user name: use up to 100 letters, digits and . _ @ + -, as in ann@helpdesk' }
}

/** Role and domains as somebody wrote them, or what is wrong with them as a sentence. */
export function parseRights(
  role: string,
  domains: readonly string[],
): { readonly rights: Rights } | { readonly problem: string } {
  const known = ROLES.find((name) => name === role)
  if (known === undefined) return { problem: `role ${quote(role)} is not one of ${ROLES.join(', ')}` }
  const parsed: string[] = []
  for (const domain of domains) {
    const result = parseDomain(domain)
    if ('problem' in result) return { problem: `domain ${quote(domain)} ${formatFlaw(result)}` }
    parsed.push(result.domain)
  }
  if (known === 'admin' && parsed.length > 0)
    return { problem: 'role admin covers all domains; list domains for domain-admin and viewer only' }
  if (known === 'domain-admin' && parsed.length === 0)
    return { problem: 'role domain-admin needs at least one domain' }
  return { rights: { role: known, domains: [...new Set(parsed)].sort() } }
}

/** A user out of an account store; `null` for what is none. */
export function parseUser(json: string | null): User | null {
  const value = parsed(json)
  return isUser(value) ? value : null
}

/** A token out of an account store; `null` for what is none. */
export function parseToken(json: string | null): Token | null {
  const value = parsed(json)
  return isToken(value) ? value : null
}

/** Changes with every new password; a session that holds another one has ended. */
export function stampOf({ password }: User): string {
  return digest(password)
}

const DOMAINS_SHOWN = 4
const TOKEN_MARK = 'etls'

/** A new token: the text to hand over once, and what to store of it. */
export function newToken(): { readonly id: string; readonly text: string; readonly hash: string } {
  const id = randomBytes(6).toString('hex')
  const secret = randomBytes(32).toString('base64url')
  return { id, text: `${TOKEN_MARK}_${id}_${secret}`, hash: digest(secret) }
}

/** The parts of a token's text; `null` for another text. */
export function readToken(given: string): { readonly id: string; readonly secret: string } | null {
  const [, id, secret] = /^etls_([0-9a-f]{12})_([\w-]{43})$/.exec(given) ?? []
  return id === undefined || secret === undefined ? null : { id, secret }
}

/** So long an invitation holds, in milliseconds. */
const INVITATION_LASTS = 7 * 24 * 60 * 60 * 1000

/** A new invitation: the secret to hand over once, and what to store of it. */
export function newInvitation(now: number): { readonly secret: string; readonly invitation: Invitation } {
  const secret = randomBytes(32).toString('base64url')
  const expiresAt = new Date(now + INVITATION_LASTS).toISOString()
  return { secret, invitation: { hash: digest(secret), expiresAt } }
}

/** Whether a secret is that of a user's invitation which has not ended. */
export function isInvited({ invitation }: User, secret: string, now: number): boolean {
  if (invitation === undefined || !(Date.parse(invitation.expiresAt) > now)) return false
  return sameText(digest(secret), invitation.hash)
}

/** Role and domains in words, such as `viewer of acme.example`. */
export function formatRights({ role, domains }: Rights): string {
  return domains.length === 0 ? role : `${role} of ${listed(domains, DOMAINS_SHOWN)}`
}

/** Whether a secret is that of a token which has not ended. */
export function isValidToken({ hash, expiresAt }: Token, secret: string, now: number): boolean {
  if (expiresAt !== undefined && !(Date.parse(expiresAt) > now)) return false
  return sameText(digest(secret), hash)
}

/** SHA-256 of a text that nobody can guess, base64url. */
export function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

/** Compares in a time that does not depend on how much is the same. */
export function sameText(a: string, b: string): boolean {
  const [first, second] = [Buffer.from(a), Buffer.from(b)]
  return first.length === second.length && timingSafeEqual(first, second)
}

function parsed(json: string | null): unknown {
  if (json === null) return null
  try {
    return parseJson(json)
  } catch {
    return null
  }
}
