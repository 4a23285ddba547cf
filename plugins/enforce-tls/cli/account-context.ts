/** What the commands for users and tokens share: the opened account store, which is closed whatever happens, and the output. */
import { parseRights, type Rights } from '../console/auth/account.js'
import { AccountProblem, peopleIn, type People } from '../console/auth/people.js'
import type * as TokensModule from '../console/auth/tokens.js'
import type * as UsersModule from '../console/auth/users.js'
import { assertInstalled, CONSOLE } from '../settings/optional-package.js'
import type { SharedOptions } from './context.js'
import { newFiles } from './new-files.js'
import { authorOf } from './author.js'
import { Output, printWarning, type Terminal } from './output.js'
import { Refusal, WrongUse } from './refusal.js'
import { openStore } from '../store/open-store.js'
import type { ReadStore } from '../store/rule-store.js'
import { chooseStore, commandLine } from './store-option.js'

/** What such a command works with. */
export interface AccountContext {
  /** The accounts, changed by whoever runs the command. */
  readonly people: People
  /** What changes them, loaded with the packages that it needs. */
  readonly users: typeof UsersModule
  readonly tokens: typeof TokensModule
  /** Opens the store of the rules beside it; to be closed. */
  readonly openRules: () => ReadStore & { close(): Promise<void> }
  readonly output: Output
  /** A command line of this program on the same store. */
  readonly command: (...words: readonly string[]) => string
}

/** Runs a command's work on the account store that belongs to the chosen store. */
export type WithAccounts = (
  options: SharedOptions,
  work: (context: AccountContext) => Promise<void>,
) => Promise<void>

/** Makes the `WithAccounts` of a terminal. */
export function accountsRunner(terminal: Terminal): WithAccounts {
  return async (options, work) => {
    const chosen = chooseStore(options, terminal)
    const { settings, words } = chosen
    const files = newFiles(chosen, '.users.json')
    assertInstalled(CONSOLE)
    const by = authorOf(options.as, terminal.env)
    // The other commands do without.
    const [{ openAccountStore }, users, tokens] = await Promise.all([
      import('../console/auth/open-account-store.js'),
      import('../console/auth/users.js'),
      import('../console/auth/tokens.js'),
    ])
    const accounts = openAccountStore(settings, files.owner)
    try {
      const output = new Output(terminal, options.json === true)
      const people = peopleIn(accounts, by, (problem) => printWarning(terminal, problem))
      await work({
        people,
        users,
        tokens,
        output,
        openRules: () => openStore(settings),
        command: (...given) => commandLine(...given, ...words),
      })
      files.print(output)
    } catch (error) {
      throw error instanceof AccountProblem ? new Refusal([error.message]) : error
    } finally {
      await accounts.close()
    }
  }
}

/** @throws {WrongUse} for a role or domains that can't be meant. */
export function rightsOf(role: string, domains: readonly string[]): Rights {
  const parsed = parseRights(role, domains)
  if ('problem' in parsed) throw new WrongUse([parsed.problem])
  return parsed.rights
}

/** Role and domains in words. */
export function formatRights({ role, domains }: Rights): string[] {
  return [role, ...domains]
}
