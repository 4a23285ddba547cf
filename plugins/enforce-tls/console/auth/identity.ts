/**
 * Who sent a request: a signed-in user by the session cookie, or a program by `Authorization: Bearer`. A token or
 * a session that is not valid counts as none.
 */
import { parse } from 'cookie'
import type { Request, Response } from 'express'
import { isValidToken, parseToken, readToken, sameText, type Rights } from './account.js'
import { Problem } from '../problem.js'
import type { Session, Sessions } from './sessions.js'
import type { AccountStore } from './account-store.js'
import { isMakerAdmin, type TokenUses } from './tokens.js'

/** Whoever sent a request. */
export interface Identity extends Rights {
  /** As the history names them. */
  readonly author: string
  /** `null` for a token. */
  readonly session: Session | null
}

const COOKIE = 'enforce-tls-session'
/** The header that a page of another site can't send. */
const CSRF_HEADER = 'x-csrf-token'

interface Accounts {
  readonly sessions: Sessions
  readonly accounts: AccountStore
  readonly tokenUses: TokenUses
}

/** Who it is, or `null`. */
export async function identify(
  request: Request,
  { sessions, accounts, tokenUses }: Accounts,
  now: number,
): Promise<Identity | null> {
  const bearer = /^Bearer ([\w-]+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return await tokenIdentity(bearer, { accounts, tokenUses }, now)
  const text = cookieText(request)
  const session = text === null ? null : await sessions.find(text)
  if (session === null) return null
  const { role, domains } = session.user
  return { author: session.name, role, domains, session }
}

async function tokenIdentity(
  bearer: string,
  { accounts, tokenUses }: Omit<Accounts, 'sessions'>,
  now: number,
): Promise<Identity | null> {
  const read = readToken(bearer)
  if (read === null) return null
  const token = parseToken(await accounts.read('tokens', read.id))
  if (token === null || !isValidToken(token, read.secret, now)) return null
  if (!(await isMakerAdmin(accounts, token))) return null
  await tokenUses.note(read.id, now)
  const { role, domains, name } = token
  return { author: `token ${read.id} (${name})`, role, domains, session: null }
}

/** The text of the session cookie, or `null`. */
export function cookieText({ headers }: Request): string | null {
  return parse(headers.cookie ?? '')[COOKIE] ?? null
}

/**
 * Gives the browser its session, or takes it away with `null`. Only in answers to `<mount>/api/session`: without
 * a path of its own the cookie is for that folder, `<mount>/api/`, by whatever name a reverse proxy shows it
 * (RFC 6265 section 5.1.4).
 */
export function setSessionCookie(request: Request, response: Response, text: string | null): void {
  const options = { httpOnly: true, sameSite: 'strict', secure: request.secure, path: '' } as const
  response.cookie(COOKIE, text ?? '', text === null ? { ...options, maxAge: 0 } : options)
}

/** @throws {Problem} 403 for a request that changes something in a session and does not bring its CSRF token. */
export function assertNotForged(request: Request, { session }: Identity): void {
  if (session === null) return
  const given = request.headers[CSRF_HEADER]
  if (typeof given === 'string' && sameText(given, session.csrf)) return
  throw new Problem(
    403,
    'csrf',
    'The X-CSRF-Token of this session is missing or wrong. Read it with GET session.',
  )
}
