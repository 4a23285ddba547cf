/** What every change of an account works with, by command or console, and why one is not made. */
import type { AccountFacts } from '../../admin/format-event.js'
import { EVERYONE } from '../../rules/owner.js'
import { errorMessage } from '../../text/error-message.js'
import type { AccountStore } from './account-store.js'
import { parseToken } from './account.js'

/** Accounts as somebody changes them. */
export interface People {
  readonly accounts: AccountStore
  /** Writes into the history what was done; total, since it is done by then. */
  readonly record: (kind: 'users' | 'tokens', name: string, facts: AccountFacts) => Promise<void>
  /** In milliseconds since 1970. */
  readonly now: () => number
}

/**
 * Accounts, changed by somebody.
 *
 * @param onLost told what the history did not take
 */
export function peopleIn(accounts: AccountStore, by: string, onLost: (problem: string) => void): People {
  return {
    accounts,
    now: Date.now,
    record: async (key, field, facts) => {
      const value = JSON.stringify(facts)
      try {
        await accounts.record({ key, owner: EVERYONE, field, expected: null, value }, by)
      } catch (error) {
        // It is done, so nobody must be told otherwise.
        onLost(`not recorded: ${key} ${field}: ${facts.did}: ${errorMessage(error)}`)
      }
    },
  }
}

export type AccountProblemCode =
  | 'no-user'
  | 'user-exists'
  | 'user-invalid'
  | 'last-admin'
  | 'bad-password'
  | 'invitation-ended'
  | 'no-token'
  | 'bad-token-name'
  | 'bad-expiry'

/** An account that is not changed; the message is a sentence without its end. */
export class AccountProblem extends Error {
  constructor(
    readonly code: AccountProblemCode,
    message: string,
  ) {
    super(message)
    this.name = 'AccountProblem'
  }
}

/** Ends the tokens that a user made; gives the names of them. */
export async function endTokensOf({ accounts }: Pick<People, 'accounts'>, user: string): Promise<string[]> {
  const ended: string[] = []
  for (const [id, json] of await accounts.all('tokens')) {
    const token = parseToken(json)
    if (token?.createdBy !== user) continue
    await accounts.write('tokens', id, json, null)
    ended.push(token.name)
  }
  return ended
}
