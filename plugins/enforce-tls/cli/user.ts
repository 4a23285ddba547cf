/** `enforce-tls user`: who may sign in to the console. */
import { parseUser, parseUserName, ROLES, type User } from '../console/auth/account.js'
import { didYouMean, nearest } from '../text/nearest.js'
import { quote } from '../text/quote.js'
import { confirmRemoval, newPassword } from './ask.js'
import { examples, type Root } from './context.js'
import { retryConflicts } from '../admin/editor.js'
import { Refusal } from './refusal.js'
import { rightsOf, formatRights, type AccountContext, type WithAccounts } from './account-context.js'

const NAME = 'the name to sign in with'
const DOMAIN = 'a domain of a domain-admin or viewer; may be repeated'

interface PasswordOption {
  readonly passwordStdin?: true | undefined
}

/** Adds the `user` group to the program. */
export function addUserCommands(program: Root, withAccounts: WithAccounts): void {
  const group = program
    .command('user')
    .description('who may sign in to the console')
    .addHelpText('after', examples('user add ann@helpdesk --role admin', 'user list'))

  group
    .command('add')
    .description('add a user; the password is asked for on a terminal, and else read from standard input')
    .argument('<name>', NAME)
    .requiredOption('--role <role>', ROLES.join(', '))
    .option('--domain <domain...>', DOMAIN)
    .option('--password-stdin', 'read the password from standard input, also on a terminal')
    .addHelpText(
      'after',
      examples(
        'user add ann@helpdesk --role admin',
        'user add bob@acme.example --role domain-admin --domain acme.example',
        'user add audit --role viewer < password.txt',
      ),
    )
    .action((name, options, command) =>
      withAccounts(command.optsWithGlobals(), (context) =>
        addUser(context, nameOf(name), options.role, options.domain ?? [], options),
      ),
    )

  group
    .command('list')
    .description('list all users')
    .addHelpText('after', examples('user list', 'user list --json'))
    .action((_options, command) => withAccounts(command.optsWithGlobals(), listUsers))

  group
    .command('passwd')
    .description("give a user a new password; the user's sessions end")
    .argument('<name>', NAME)
    .option('--password-stdin', 'read the password from standard input, also on a terminal')
    .addHelpText('after', examples('user passwd ann@helpdesk'))
    .action((name, options, command) =>
      withAccounts(command.optsWithGlobals(), (context) => setPassword(context, nameOf(name), options)),
    )

  group
    .command('remove')
    .description('remove a user and end their sessions; asks first, and needs --yes without a terminal')
    .argument('<name>', NAME)
    .option('--yes', 'do not ask')
    .addHelpText('after', examples('user remove ann@helpdesk', 'user remove ann@helpdesk --yes'))
    .action((name, options, command) =>
      withAccounts(command.optsWithGlobals(), (context) =>
        removeUser(context, name.toLowerCase(), options.yes === true),
      ),
    )
}

function nameOf(text: string): string {
  const parsed = parseUserName(text)
  if ('problem' in parsed) throw new Refusal([`${quote(text)} ${parsed.problem}`])
  return parsed.name
}

async function addUser(
  { accounts, output, command }: AccountContext,
  name: string,
  role: string,
  domains: readonly string[],
  { passwordStdin }: PasswordOption,
): Promise<void> {
  const rights = rightsOf(role, domains)
  if ((await accounts.read('users', name)) !== null)
    throw new Refusal(
      [`there is a user ${quote(name)} already; set a new password with:`],
      [command('user', 'passwd', name)],
    )
  const user = { ...rights, ...(await keptPassword(output, passwordStdin === true)) }
  await accounts.write('users', name, null, JSON.stringify(user satisfies User))
  output.data({ user: name, ...rights })
  output.line(`Added user ${name} (${formatRights(rights).join(' ')}).`)
}

async function listUsers({ accounts, output }: AccountContext): Promise<void> {
  const users = [...(await accounts.all('users'))]
    .map(([user, json]) => ({ user, kept: parseUser(json) }))
    .sort((a, b) => (a.user < b.user ? -1 : 1))
  output.data(
    users.map(({ user, kept }) => ({
      user,
      role: kept?.role ?? null,
      domains: kept?.domains ?? [],
      changedAt: kept?.changedAt ?? null,
    })),
  )
  if (users.length === 0) output.line('There are no users.')
  else
    output.table(
      ['user', 'role', 'domains', 'password of'],
      users.map(({ user, kept }) =>
        kept === null
          ? [user, 'not valid: cannot sign in', '', '']
          : [user, kept.role, kept.domains, kept.changedAt.slice(0, 10)],
      ),
    )
}

async function setPassword(
  { accounts, output }: AccountContext,
  name: string,
  { passwordStdin }: PasswordOption,
): Promise<void> {
  await userIn({ accounts }, name)
  const password = await keptPassword(output, passwordStdin === true)
  await retryConflicts(async () => {
    const { json, user } = await userIn({ accounts }, name)
    await accounts.write('users', name, json, JSON.stringify({ ...user, ...password }))
  })
  output.data({ user: name })
  output.line(`Changed the password of ${name}; sessions of this user have ended.`)
}

async function removeUser(
  { accounts, output, command }: AccountContext,
  name: string,
  yes: boolean,
): Promise<void> {
  if ((await accounts.read('users', name)) === null) throw await noUser({ accounts }, name)
  await confirmRemoval(output, yes, {
    question: `Remove user ${name}?`,
    refused: `nothing removed: user ${quote(name)} is still there`,
    command: command('user', 'remove', name, '--yes'),
  })
  await retryConflicts(async () => accounts.write('users', name, await accounts.read('users', name), null))
  output.data({ user: name })
  output.line(`Removed user ${name}; sessions of this user have ended.`)
}

async function keptPassword(
  output: AccountContext['output'],
  fromPipe: boolean,
): Promise<Pick<User, 'password' | 'changedAt'>> {
  const { hashPassword } = await import('../console/auth/password.js')
  return {
    password: await hashPassword(await newPassword(output, fromPipe)),
    changedAt: new Date().toISOString(),
  }
}

async function userIn(
  { accounts }: Pick<AccountContext, 'accounts'>,
  name: string,
): Promise<{ readonly json: string; readonly user: User }> {
  const json = await accounts.read('users', name)
  if (json === null) throw await noUser({ accounts }, name)
  const user = parseUser(json)
  if (user === null)
    throw new Refusal([`user ${quote(name)} is not valid as it stands; remove and add it again`])
  return { json, user }
}

async function noUser({ accounts }: Pick<AccountContext, 'accounts'>, name: string): Promise<Refusal> {
  const names = [...(await accounts.all('users')).keys()].sort()
  const hint = didYouMean(nearest(name, names))
  const others = names.length === 0 ? 'there are no users' : `the users are: ${names.join(', ')}`
  return new Refusal([`there is no user ${quote(name)}${hint === '' ? `; ${others}` : hint}`])
}
