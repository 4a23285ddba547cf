/**
 * Sessions of signed-in users. The browser holds a text that nobody can guess, the account store its hash. A session ends
 * when it was idle for too long, at a fixed time after the sign-in, at sign-out, and with every change that takes
 * its user away or gives them a new password: user and role are read anew for each request.
 */
import { randomBytes } from 'node:crypto'
import { parseJson } from '../../rules/json.js'
import type { Settings } from '../../settings/types.js'
import { digest, parseUser, stampOf, type User } from './account.js'
import type { AccountStore } from './account-store.js'

/** A session as it is stored. */
interface StoredSession {
  readonly user: string
  readonly stamp: string
  readonly csrf: string
  /** In milliseconds since 1970. */
  readonly createdAt: number
  readonly seenAt: number
  /** Those of versions up to 0.1.0 do not say where they began. */
  readonly from?: SignInPlace
}

/** Where somebody signed in. */
export interface SignInPlace {
  readonly address: string
  /** The browser, as it calls itself. */
  readonly agent: string
}

/** A session as it is shown: nothing that one could use it with. */
export interface ShownSession {
  readonly id: string
  readonly createdAt: string
  readonly seenAt: string
  readonly endsAt: string
  readonly address: string | null
  readonly agent: string | null
}

/** A session that holds, and its user as of now. */
export interface Session {
  readonly key: string
  readonly name: string
  readonly user: User
  /** What a request that changes something must bring besides the cookie. */
  readonly csrf: string
}

/** A request moves the end of a session on at most so often: part of the idle time. */
const RENEWALS = 20
/** What a browser says of itself may be long, in characters. */
const TEXT_MAX = 300

/** Sessions in an account store. */
export class Sessions {
  readonly #accounts: AccountStore
  readonly #settings: () => Settings['console']
  readonly #now: () => number

  constructor(accounts: AccountStore, settings: () => Settings['console'], now: () => number = Date.now) {
    this.#accounts = accounts
    this.#settings = settings
    this.#now = now
  }

  /** Begins a session; gives it with the text for the browser. */
  async begin(
    name: string,
    user: User,
    from: SignInPlace,
  ): Promise<{ readonly session: Session; readonly text: string }> {
    const text = randomBytes(32).toString('base64url')
    const now = this.#now()
    const stored = {
      user: name,
      stamp: stampOf(user),
      csrf: randomBytes(32).toString('base64url'),
      createdAt: now,
      seenAt: now,
      from: { address: from.address.slice(0, TEXT_MAX), agent: from.agent.slice(0, TEXT_MAX) },
    }
    const key = digest(text)
    await this.#accounts.createSession({
      user: name,
      key,
      value: JSON.stringify(stored),
      createdAt: now,
      expiresAt: this.#endOf(stored),
      endsAt: now + this.#settings().sessionMax,
    })
    return { session: { key, name, user, csrf: stored.csrf }, text }
  }

  /** The session of a text that a browser sent; `null` where there is none that holds. */
  async find(text: string): Promise<Session | null> {
    const key = digest(text)
    const stored = parsed(await this.#accounts.readSession(key))
    if (stored === null) return null
    const now = this.#now()
    const user = parseUser(await this.#accounts.read('users', stored.user))
    if (user === null || stampOf(user) !== stored.stamp || !(this.#endOf(stored) > now)) {
      await this.#accounts.dropSession(stored.user, key)
      return null
    }
    if (now - stored.seenAt > this.#settings().sessionIdle / RENEWALS) await this.#renew(key, stored, now)
    return { key, name: stored.user, user, csrf: stored.csrf }
  }

  /** Keeps this one session of a user over a new password. */
  async keep({ key }: Session, user: User): Promise<void> {
    const stored = parsed(await this.#accounts.readSession(key))
    if (stored !== null) await this.#renew(key, { ...stored, stamp: stampOf(user) }, this.#now())
  }

  end({ name, key }: Pick<Session, 'name' | 'key'>): Promise<void> {
    return this.#accounts.dropSession(name, key)
  }

  /** The sessions of a user that hold, the latest first. */
  async of(name: string): Promise<readonly ShownSession[]> {
    return (await this.#holding(name)).map(({ id, stored }) => ({
      id,
      createdAt: new Date(stored.createdAt).toISOString(),
      seenAt: new Date(stored.seenAt).toISOString(),
      endsAt: new Date(this.#endOf(stored)).toISOString(),
      address: stored.from?.address ?? null,
      agent: stored.from?.agent ?? null,
    }))
  }

  /**
   * Ends sessions of a user.
   *
   * @param isMeant by id
   * @returns how many
   */
  async endOf(name: string, isMeant: (id: string) => boolean): Promise<number> {
    const meant = (await this.#holding(name)).filter(({ id }) => isMeant(id))
    for (const { key } of meant) await this.end({ name, key })
    return meant.length
  }

  async #holding(name: string): Promise<{ id: string; key: string; stored: StoredSession }[]> {
    const user = parseUser(await this.#accounts.read('users', name))
    if (user === null) return []
    const [stamp, now] = [stampOf(user), this.#now()]
    return [...(await this.#accounts.sessionsOf(name))]
      .flatMap(([key, value]) => {
        const stored = parsed(value)
        return stored?.stamp === stamp && this.#endOf(stored) > now ? [{ id: shownId(key), key, stored }] : []
      })
      .sort((a, b) => b.stored.seenAt - a.stored.seenAt)
  }

  #renew(key: string, stored: StoredSession, now: number): Promise<void> {
    const renewed = { ...stored, seenAt: now }
    return this.#accounts.renewSession(key, JSON.stringify(renewed), this.#endOf(renewed))
  }

  #endOf({ createdAt, seenAt }: StoredSession): number {
    const { sessionIdle, sessionMax } = this.#settings()
    return Math.min(seenAt + sessionIdle, createdAt + sessionMax)
  }
}

/** Names a session where it is shown; it is not what it is stored by. */
export function shownId(key: string): string {
  return digest(key).slice(0, 16)
}

function parsed(json: string | null): StoredSession | null {
  if (json === null) return null
  try {
    return parseJson(json) as StoredSession
  } catch {
    return null
  }
}
