/** `enforce-tls user`: who may sign in to the console. */
import { parseUserName, ROLES } from '../console/auth/account.js'
import { accountFacts } from '../admin/format-event.js'
import { AccountProblem } from '../console/auth/people.js'
import { didYouMean, nearest } from '../text/nearest.js'
import { quote } from '../text/quote.js'
import { utcSeconds } from '../text/utc.js'
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
    .command('role')
    .description('give a user another role and domains; it counts at once')
    .argument('<name>', NAME)
    .requiredOption('--role <role>', ROLES.join(', '))
    .option('--domain <domain...>', DOMAIN)
    .addHelpText('after', examples('user role bob@acme.example --role viewer --domain acme.example'))
    .action((name, options, command) =>
      withAccounts(command.optsWithGlobals(), (context) =>
        setRole(context, nameOf(name), options.role, options.domain ?? []),
      ),
    )

  group
    .command('passwd')
    .description("give a user a new password; the user's sessions end")
    .argument('<name>', NAME)
    .option('--password-stdin', 'read the password from standard input, also on a terminal')
    .addHelpText('after', examples('user passwd ann@helpdesk'))
    .action((name, options, command) =>
      withAccounts(command.optsWithGlobals(), (context) => changePassword(context, nameOf(name), options)),
    )

  group
    .command('remove')
    .description('remove a user and end their sessions; asks first, and needs --yes without a terminal')
    .argument('<name>', NAME)
    .option('--yes', 'do not ask')
    .addHelpText('after', examples('user remove ann@helpdesk', 'user remove ann@helpdesk --yes'))
    .action((name, options, command) =>
      withAccounts(command.optsWithGlobals(), (context) =>
        dropUser(context, name.toLowerCase(), options.yes === true),
      ),
    )

  group
    .command('history')
    .description('show who changed users and tokens, latest first')
    .addHelpText('after', examples('user history', 'user history --json'))
    .action((_options, command) => withAccounts(command.optsWithGlobals(), showHistory))
}

function nameOf(text: string): string {
  const parsed = parseUserName(text)
  if ('problem' in parsed) throw new Refusal([`${quote(text)} ${parsed.problem}`])
  return parsed.name
}

async function addUser(
  { people, users, output, command }: AccountContext,
  name: string,
  role: string,
  domains: readonly string[],
  { passwordStdin }: PasswordOption,
): Promise<void> {
  const rights = rightsOf(role, domains)
  if ((await people.accounts.read('users', name)) !== null)
    throw new Refusal(
      [`there is a user ${quote(name)} already; set a new password with:`],
      [command('user', 'passwd', name)],
    )
  await users.addUser(people, name, rights, await newPassword(output, passwordStdin === true))
  output.data({ user: name, ...rights })
  output.line(`Added user ${name} (${formatRights(rights).join(' ')}).`)
}

async function listUsers({ people, users, output }: AccountContext): Promise<void> {
  const all = await users.allUsers(people)
  output.data(
    all.map(({ name, user }) => ({
      user: name,
      role: user?.role ?? null,
      domains: user?.domains ?? [],
      changedAt: user === null || user.pending === true ? null : user.changedAt,
      invitedUntil: user?.invitation?.expiresAt ?? null,
    })),
  )
  if (all.length === 0) output.line('There are no users.')
  else
    output.table(
      ['user', 'role', 'domains', 'password of'],
      all.map(({ name, user }) =>
        user === null
          ? [name, 'not valid: cannot sign in', '', '']
          : [name, user.role, user.domains, user.pending === true ? 'invited' : user.changedAt.slice(0, 10)],
      ),
    )
}

async function setRole(
  context: AccountContext,
  name: string,
  role: string,
  domains: readonly string[],
): Promise<void> {
  const { people, users, output } = context
  const rights = rightsOf(role, domains)
  await onUser(context, name, async () => users.setRights(people, await users.readUser(people, name), rights))
  output.data({ user: name, ...rights })
  output.line(`User ${name} is ${formatRights(rights).join(' ')} now.`)
}

async function changePassword(
  context: AccountContext,
  name: string,
  { passwordStdin }: PasswordOption,
): Promise<void> {
  const { people, users, output } = context
  await onUser(context, name, () => users.readUser(people, name))
  const password = await newPassword(output, passwordStdin === true)
  await onUser(context, name, async () =>
    users.setPassword(people, await users.readUser(people, name), password),
  )
  output.data({ user: name })
  output.line(`Changed the password of ${name}; sessions of this user have ended.`)
}

async function dropUser(context: AccountContext, name: string, yes: boolean): Promise<void> {
  const { people, users, output, command } = context
  await onUser(context, name, () => users.readUser(people, name))
  await confirmRemoval(output, yes, {
    question: `Remove user ${name}?`,
    refused: `nothing removed: user ${quote(name)} is still there`,
    command: command('user', 'remove', name, '--yes'),
  })
  const ended = await onUser(context, name, async () =>
    users.removeUser(people, await users.readUser(people, name)),
  )
  output.data({ user: name, endedTokens: ended })
  output.line(`Removed user ${name}; sessions of this user have ended.`)
  if (ended.length > 0) output.line(`Tokens that this user made have ended: ${ended.join(', ')}.`)
}

async function showHistory({ people, output }: AccountContext): Promise<void> {
  const rows: { at: string; by: string; kind: string; name: string; did: string }[] = []
  for await (const { at, by, key, field, to } of people.accounts.recorded()) {
    const { did, name } = accountFacts(to)
    const kind = key === 'tokens' ? 'token' : 'user'
    rows.push({ at, by, kind, name: name === undefined ? field : `${field} (${name})`, did })
  }
  output.data(rows)
  if (rows.length === 0) output.line('No changes of users and tokens are recorded.')
  else
    output.table(
      ['when (UTC)', 'who', 'what', 'change'],
      rows.map(({ at, by, kind, name, did }) => [utcSeconds(at), by, `${kind} ${name}`, did]),
    )
}

/** Work on a user as it stands; where there is none, says who may be meant. */
async function onUser<T>(
  { people }: Pick<AccountContext, 'people'>,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await retryConflicts(work)
  } catch (error) {
    if (!(error instanceof AccountProblem) || error.code !== 'no-user') throw error
    const names = [...(await people.accounts.all('users')).keys()].sort()
    const hint = didYouMean(nearest(name, names))
    const others = names.length === 0 ? 'there are no users' : `the users are: ${names.join(', ')}`
    throw new Refusal([`${error.message}${hint === '' ? `; ${others}` : hint}`])
  }
}
