/**
 * Tokens as administrators create and revoke them: by the command or in the console. A token never changes. One that
 * somebody made in the console is valid while that user is an administrator; one made by the command belongs to nobody.
 */
import ms from 'ms'
import { retryConflicts } from '../../admin/editor.js'
import { StoreError } from '../../store/rule-store.js'
import { quote } from '../../text/quote.js'
import type { AccountStore } from './account-store.js'
import { formatRights, newToken, parseToken, parseUser, type Rights, type Token } from './account.js'
import { AccountProblem, type People } from './people.js'

const NAME_MAX = 100
/** A use is noted at most so often, in milliseconds. */
const NOTED_EVERY = 60_000

/** A token that is asked for. */
export interface TokenRequest extends Rights {
  readonly name: string
  /** How long it is valid, such as `12h` or `90d`; `null` for until it is revoked. */
  readonly expires: string | null
  /** Who makes it in the console. */
  readonly createdBy: string | null
}

/** A token as read. */
export interface ReadToken {
  readonly id: string
  /** `null` for an entry that does not validate. */
  readonly token: Token | null
  /** Whether it is valid now. */
  readonly valid: boolean
  /** When it was used last, to the minute; `null` where no use is noted. */
  readonly usedAt: string | null
}

/**
 * Creates a token; its text is shown once.
 *
 * @throws {AccountProblem} for a name or a time that can't be meant.
 */
export async function createToken(
  { accounts, record, now }: People,
  { name, role, domains, expires, createdBy }: TokenRequest,
): Promise<{ readonly id: string; readonly text: string; readonly token: Token }> {
  if (name.trim() === '' || name.length > NAME_MAX || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(name))
    throw new AccountProblem(
      'bad-token-name',
      `${quote(name)} is not a name for a token; expected: up to ${NAME_MAX} characters on one line`,
    )
  const lasts = expires === null ? null : durationOf(expires)
  if (expires !== null && lasts === null)
    throw new AccountProblem('bad-expiry', `${quote(expires)} is not a time such as 12h, 90d or 1y`)
  const { id, text, hash } = newToken()
  const token: Token = {
    name,
    role,
    domains,
    hash,
    createdAt: new Date(now()).toISOString(),
    ...(lasts === null ? {} : { expiresAt: new Date(now() + lasts).toISOString() }),
    ...(createdBy === null ? {} : { createdBy }),
  }
  await accounts.write('tokens', id, null, JSON.stringify(token))
  const until =
    token.expiresAt === undefined ? 'until it is revoked' : `until ${token.expiresAt.slice(0, 10)}`
  await record('tokens', id, { name, did: `created as ${formatRights(token)}, valid ${until}` })
  return { id, text, token }
}

/** All tokens, in the order of their names. */
export async function allTokens({ accounts, now }: Pick<People, 'accounts' | 'now'>): Promise<ReadToken[]> {
  const [tokens, users, uses] = [
    await accounts.all('tokens'),
    await accounts.all('users'),
    await usesIn(accounts),
  ]
  return [...tokens]
    .map(([id, json]) => {
      const token = parseToken(json)
      const maker = token?.createdBy === undefined ? null : (users.get(token.createdBy) ?? null)
      const valid = token !== null && hasTime(token, now()) && isOfAdmin(token, maker)
      return { id, token, valid, usedAt: uses.get(id) ?? null }
    })
    .sort((a, b) => ((a.token?.name ?? '') < (b.token?.name ?? '') ? -1 : 1))
}

/** @throws {AccountProblem} where there is no such token. */
export async function revokeToken({ accounts, record }: People, id: string): Promise<void> {
  const name = await retryConflicts(async () => {
    const json = await accounts.read('tokens', id)
    if (json === null) throw new AccountProblem('no-token', `there is no token ${quote(id)}`)
    await accounts.write('tokens', id, json, null)
    return parseToken(json)?.name
  })
  await noted(accounts, id, null)
  await record('tokens', id, { did: 'revoked', ...(name === undefined ? {} : { name }) })
}

/** Whether whoever made it may still have made it. */
export async function isMakerAdmin(accounts: AccountStore, token: Token): Promise<boolean> {
  if (token.createdBy === undefined) return true
  return isOfAdmin(token, await accounts.read('users', token.createdBy))
}

/** Notes when tokens are used. */
export class TokenUses {
  readonly #accounts: AccountStore
  readonly #last = new Map<string, number>()

  constructor(accounts: AccountStore) {
    this.#accounts = accounts
  }

  /** Total: a token is good also where that can't be noted. */
  async note(id: string, now: number): Promise<void> {
    if (now - (this.#last.get(id) ?? -Infinity) < NOTED_EVERY) return
    this.#last.set(id, now)
    await noted(this.#accounts, id, new Date(now).toISOString())
  }
}

function hasTime({ expiresAt }: Token, now: number): boolean {
  return expiresAt === undefined || Date.parse(expiresAt) > now
}

function isOfAdmin({ createdBy }: Token, maker: string | null): boolean {
  return createdBy === undefined || parseUser(maker)?.role === 'admin'
}

/** A user of Redis may have no right to that. */
async function noted(accounts: AccountStore, id: string, at: string | null): Promise<void> {
  await accounts.noteTokenUse(id, at).catch(onlyStore)
}

async function usesIn(accounts: AccountStore): Promise<ReadonlyMap<string, string>> {
  return (await accounts.tokenUses().catch(onlyStore)) ?? new Map<string, string>()
}

function onlyStore(error: unknown): undefined {
  if (error instanceof StoreError) return undefined
  throw error
}

/** How long a text such as `12h` or `90d` is, in milliseconds; `null` for another text. */
export function durationOf(text: string): number | null {
  const lasts = /^\d+(?:\.\d+)?\s*(?:m|h|d|w|y)$/.test(text) ? ms(text as ms.StringValue) : NaN
  return lasts > 0 && lasts <= ms('100y') ? lasts : null
}
