/** `enforce-tls token`: how programs use the API of the console. */
import { ROLES, type Role } from '../console/auth/account.js'
import { AccountProblem } from '../console/auth/people.js'
import type { ReadToken } from '../console/auth/tokens.js'
import { utc } from '../report/format.js'
import { quote } from '../text/quote.js'
import { formatUtc } from '../text/utc.js'
import { examples, type Root } from './context.js'
import { StoreError } from '../store/rule-store.js'
import { ownerHint } from './hints.js'
import { printWarning } from './output.js'
import { Refusal, WrongUse } from './refusal.js'
import { rightsOf, formatRights, type AccountContext, type WithAccounts } from './account-context.js'

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
  const { people, tokens, output } = context
  const rights = rightsOf(options.role, options.domain ?? [])
  const expires = options.expires ?? null
  if (expires !== null && tokens.durationOf(expires) === null)
    throw new WrongUse([`--expires ${quote(expires)} is not a time such as 12h, 90d or 1y`])
  await warnOfUnknown(context, rights.domains)
  const { id, text, token } = await tokens.createToken(people, { name, ...rights, expires, createdBy: null })
  output.data({ id, name, ...rights, expiresAt: token.expiresAt ?? null, token: text })
  output.line(`Created token ${id} (${formatRights(rights).join(' ')}), shown this once:`)
  output.item(text)
  output.line(
    token.expiresAt === undefined
      ? 'It is valid until it is revoked.'
      : `It is valid until ${formatUtc(token.expiresAt)}.`,
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

async function listTokens({ people, tokens, output }: AccountContext): Promise<void> {
  const all = (await tokens.allTokens(people)).map(toShown)
  output.data(all)
  if (all.length === 0) output.line('There are no tokens.')
  else
    output.table(
      ['id', 'name', 'role', 'domains', 'valid until (UTC)', 'last used (UTC)'],
      all.map(({ id, name, role, domains, expiresAt, usedAt, valid }) => [
        id,
        name,
        role ?? '',
        domains,
        valid ? (expiresAt ? utc(expiresAt) : 'it is revoked') : 'not valid any more',
        usedAt ? utc(usedAt) : '',
      ]),
    )
}

interface ShownToken {
  readonly id: string
  readonly name: string
  readonly role: Role | null
  readonly domains: readonly string[]
  readonly createdAt: string | null
  readonly createdBy: string | null
  readonly expiresAt: string | null
  readonly usedAt: string | null
  readonly valid: boolean
}

function toShown({ id, token, usedAt, valid }: ReadToken): ShownToken {
  const { name = 'not valid', role = null, domains = [], createdAt = null } = token ?? {}
  const { createdBy = null, expiresAt = null } = token ?? {}
  return { id, name, role, domains, createdAt, createdBy, expiresAt, usedAt, valid }
}

async function revokeToken({ people, tokens, output }: AccountContext, id: string): Promise<void> {
  try {
    await tokens.revokeToken(people, id)
  } catch (error) {
    if (!(error instanceof AccountProblem) || error.code !== 'no-token') throw error
    throw new Refusal([`${error.message}; token list shows them`])
  }
  output.data({ id })
  output.line(`Revoked token ${id}.`)
}
