/**
 * Where accounts and sessions are stored, behind one interface, so that all workers and nodes share them. An account store
 * moves texts; what they mean is for `account.ts` and `sessions.ts` to say. Every call that fails rejects with a
 * `StoreError`.
 */
import type { RateLimiterAbstract } from 'rate-limiter-flexible'
import type { AccountChange, HistoryEntry } from '../../store/history.js'
import { StoreError } from '../../store/rule-store.js'

/** The kinds of accounts. */
export type AccountKind = 'users' | 'tokens'

/** How often something may be tried. */
export interface TryLimit {
  readonly name: string
  /** Tries within the duration. */
  readonly points: number
  /** In seconds. */
  readonly duration: number
}

/** The most sessions that one user has at a time. */
export const SESSIONS_MAX = 20

/** For an account that is not as expected. */
export function accountConflict(place: string): StoreError {
  return new StoreError(
    'STORE_CONFLICT',
    `${place} was changed by someone else in the meantime; nothing was written, load it again and repeat`,
  )
}

/** Another account that must still be as it was read when something is written. */
export interface Witness {
  readonly name: string
  readonly json: string
}

/** A session as it begins. */
export interface NewSession {
  readonly user: string
  readonly key: string
  readonly value: string
  /** In milliseconds since 1970, as all times. */
  readonly createdAt: number
  readonly expiresAt: number
  /** When it ends however it is used. */
  readonly endsAt: number
}

/** Accounts and sessions, stored somewhere. */
export interface AccountStore {
  readonly description: string

  /** All accounts of a kind, name to JSON. */
  all(kind: AccountKind): Promise<ReadonlyMap<string, string>>

  /** One account; `null` where there is none. */
  read(kind: AccountKind, name: string): Promise<string | null>

  /**
   * Sets an account, or removes it with `null`.
   *
   * @param witness another account of the kind that must be as expected at the same moment
   * @throws {StoreError} `STORE_CONFLICT` when one of them is not.
   */
  write(
    kind: AccountKind,
    name: string,
    expected: string | null,
    value: string | null,
    witness?: Witness | null,
  ): Promise<void>

  /** One session; `null` where there is none, or it has ended. */
  readSession(key: string): Promise<string | null>

  /** Makes a session; where its user has `SESSIONS_MAX` already, the oldest of them ends. */
  createSession(session: NewSession): Promise<void>

  /**
   * Moves the end of a session on; one that has ended meanwhile stays so.
   *
   * @param expiresAt in milliseconds since 1970
   */
  renewSession(key: string, value: string, expiresAt: number): Promise<void>

  dropSession(user: string, key: string): Promise<void>

  /** The sessions of a user, key to value. */
  sessionsOf(user: string): Promise<ReadonlyMap<string, string>>

  /** When each token was used last, as it was noted: id to a time. */
  tokenUses(): Promise<ReadonlyMap<string, string>>

  /** Notes when a token was used, or forgets it with `null`. */
  noteTokenUse(id: string, at: string | null): Promise<void>

  /** Records what was done to an account. @param by who did it */
  record(change: AccountChange, by: string): Promise<void>

  /** What was recorded, latest first. */
  recorded(): AsyncIterable<HistoryEntry>

  /** Counts tries. */
  limiter(limit: TryLimit): RateLimiterAbstract

  /** Gives back connections. Safe to call twice. */
  close(): Promise<void>
}
