/** `enforce-tls token`: how programs use the API of the console. */
import ms from 'ms'
import { newToken, parseToken, ROLES, type Role, type Token } from '../console/auth/account.js'
import { quote } from '../text/quote.js'
import { examples, type Root } from './context.js'
import { StoreError } from '../store/rule-store.js'
import { ownerHint } from './hints.js'
import { printWarning } from './output.js'
import { retryConflicts } from '../admin/editor.js'
import { Refusal, WrongUse } from './refusal.js'
import { rightsOf, formatRights, type AccountContext, type WithAccounts } from './account-context.js'

const NAME_MAX = 100

interface CreateOptions {
  readonly role: string
  readonly domain?: readonly string[] | undefined
  readonly expires?: string | undefined
}

/** Adds the `token` group to the program. */
export function addTokenCommands(program: Root, withAccounts: WithAccounts): void {
  const group = program
    .command('token')
    .description("tokens with which programs use the console's API")
    .addHelpText('after', examples('token create backup --role viewer --expires 90d', 'token list'))

  group
    .command('create')
    .description('create a token; it is shown once and kept as a hash')
    .argument('<name>', 'what it is for; the history names it')
    .requiredOption('--role <role>', ROLES.join(', '))
    .option('--domain <domain...>', 'a domain of a domain-admin or viewer; may be repeated')
    .option('--expires <time>', 'how long it is valid, such as 12h or 90d (default: until it is revoked)')
    .addHelpText(
      'after',
      examples(
        'token create backup --role viewer --expires 90d',
        'token create crm --role domain-admin --domain acme.example --json',
      ),
    )
    .action((name, options, command) =>
      withAccounts(command.optsWithGlobals(), (context) => createToken(context, name, options)),
    )

  group
    .command('list')
    .description('list all tokens')
    .addHelpText('after', examples('token list', 'token list --json'))
    .action((_options, command) => withAccounts(command.optsWithGlobals(), listTokens))

  group
    .command('revoke')
    .description('revoke a token: it is no longer valid')
    .argument('<id>', 'the id that token list shows')
    .addHelpText('after', examples('token revoke 4f2a9c01d7e3'))
    .action((id, _options, command) =>
      withAccounts(command.optsWithGlobals(), (context) => revokeToken(context, id)),
    )
}

async function createToken(context: AccountContext, name: string, options: CreateOptions): Promise<void> {
  const { accounts, output } = context
  if (name.trim() === '' || name.length > NAME_MAX || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(name))
    throw new Refusal([
      `${quote(name)} is not a name for a token; expected: up to ${NAME_MAX} characters on one line`,
    ])
  const rights = rightsOf(options.role, options.domain ?? [])
  await warnOfUnknown(context, rights.domains)
  const now = Date.now()
  const lasts = options.expires === undefined ? null : durationOf(options.expires)
  const { id, text, hash } = newToken()
  const token: Token = {
    name,
    ...rights,
    hash,
    createdAt: new Date(now).toISOString(),
    ...(lasts === null ? {} : { expiresAt: new Date(now + lasts).toISOString() }),
  }
  await accounts.write('tokens', id, null, JSON.stringify(token))
  output.data({ id, name, ...rights, expiresAt: token.expiresAt ?? null, token: text })
  output.line(`Created token ${id} (${formatRights(rights).join(' ')}), shown this once:`)
  output.item(text)
  output.line(
    token.expiresAt === undefined
      ? 'It is valid until it is revoked.'
      : `It is valid until ${token.expiresAt}.`,
  )
}

/** Warns of domains that the rules do not know, while a name near to them is known. */
async function warnOfUnknown(
  { output, openRules }: AccountContext,
  domains: readonly string[],
): Promise<void> {
  if (domains.length === 0) return
  const store = openRules()
  try {
    for (const domain of domains) {
      const hint = await ownerHint(store, domain)
      if (hint !== '') printWarning(output.terminal, `nothing is known of ${domain}${hint}`)
    }
  } catch (error) {
    // The token is good whatever becomes of the hint.
    if (!(error instanceof StoreError)) throw error
  } finally {
    await store.close()
  }
}

function durationOf(text: string): number {
  const lasts = /^\d+(?:\.\d+)?\s*(?:m|h|d|w|y)$/.test(text) ? ms(text as ms.StringValue) : NaN
  if (lasts > 0 && lasts <= ms('100y')) return lasts
  throw new WrongUse([`--expires ${quote(text)} is not a time such as 12h, 90d or 1y`])
}

async function listTokens({ accounts, output }: AccountContext): Promise<void> {
  const tokens = [...(await accounts.all('tokens'))].map(([id, json]) => toShown(id, parseToken(json)))
  output.data(tokens)
  if (tokens.length === 0) output.line('There are no tokens.')
  else
    output.table(
      ['id', 'name', 'role', 'domains', 'valid until'],
      tokens.map(({ id, name, role, domains, expiresAt }) => [
        id,
        name,
        role ?? '',
        domains,
        expiresAt === null ? 'it is revoked' : expiresAt.slice(0, 16),
      ]),
    )
}

interface ShownToken {
  readonly id: string
  readonly name: string
  readonly role: Role | null
  readonly domains: readonly string[]
  readonly createdAt: string | null
  readonly expiresAt: string | null
}

function toShown(id: string, token: Token | null): ShownToken {
  if (token === null)
    return { id, name: 'not valid', role: null, domains: [], createdAt: null, expiresAt: null }
  const { name, role, domains, createdAt, expiresAt = null } = token
  return { id, name, role, domains, createdAt, expiresAt }
}

async function revokeToken({ accounts, output }: AccountContext, id: string): Promise<void> {
  await retryConflicts(async () => {
    const json = await accounts.read('tokens', id)
    if (json === null) throw new Refusal([`there is no token ${quote(id)}; token list shows them`])
    await accounts.write('tokens', id, json, null)
  })
  output.data({ id })
  output.line(`Revoked token ${id}.`)
}
