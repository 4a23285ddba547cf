/** `enforce-tls queue`: the mail that waits for a TLS or policy reason, in all Haraka that share the store. */
import { comparableDomain } from '../rules/address.js'
import { quote } from '../text/quote.js'
import { numbered } from '../text/list.js'
import { formatUtc } from '../text/utc.js'
import { utc } from '../report/format.js'
import { formatNothing, nodeRemarks, reasonOf, untriedRemarks } from '../waiting/format-waiting.js'
import { readWaiting, type WaitingFilter, type WaitingMessage } from '../waiting/read-waiting.js'
import { examples, type Context, type Root, type WithStore } from './context.js'
import { orderByUser, releaseByUser } from './queue-orders.js'
import { Refusal, WrongUse } from './refusal.js'
import { ownerOf } from './rule-entries.js'

const LIMIT = 50
const LIMIT_MAX = 20_000
const PARTNER = ['--partner <domain>', 'only mail to this domain'] as const
const RULE = ['--rule <id>', 'only mail that this rule covers'] as const
const OWNER = ['--owner <owner>', 'only mail that a rule of this owner covers'] as const

/** Adds the `queue` group to the program. */
export function addQueueCommands(program: Root, withStore: WithStore): void {
  const queue = program
    .command('queue')
    .description('mail that waits because TLS to its recipients fails, or because its rules are unknown')
    .addHelpText('after', examples('queue list', 'queue retry --partner bank.example --all'))

  queue
    .command('list')
    .description(
      'list what waits in all Haraka that share these rules, longest waiting first; times are in UTC',
    )
    .option(...PARTNER)
    .option(...RULE)
    .option(...OWNER)
    .option('--limit <n>', 'the most messages', String(LIMIT))
    .addHelpText(
      'after',
      examples('queue list --partner bank.example', 'queue list --owner acme.example --json'),
    )
    .action((options, command) =>
      withStore(command.optsWithGlobals(), (context) =>
        list(context, filterOf(options), limitOf(options.limit)),
      ),
    )

  queue
    .command('show')
    .description('show one message that waits: its recipients, its rules, why it waits, and what comes next')
    .argument('<id>', 'as in the list')
    .addHelpText('after', examples('queue show mhxk3l2a-aB3dE9'))
    .action((id, _options, command) => withStore(command.optsWithGlobals(), (context) => show(context, id)))

  queue
    .command('retry')
    .description('try messages now, under the rules in force')
    .argument('[id...]', 'as in the list')
    .option(...PARTNER)
    .option(...RULE)
    .option(...OWNER)
    .option('--all', 'all that fits; without any filter, all that waits')
    .addHelpText('after', examples('queue retry mhxk3l2a-aB3dE9', 'queue retry --partner bank.example --all'))
    .action((ids, options, command) =>
      withStore(command.optsWithGlobals(), (context) =>
        orderByUser(context, 'retry', chosen(ids, options), { yes: true, reason: '' }),
      ),
    )

  queue
    .command('fail')
    .description(
      'give messages up now: their senders get a bounce; asks first, and needs --yes without a terminal',
    )
    .argument('[id...]', 'as in the list')
    .option(...PARTNER)
    .option(...RULE)
    .option(...OWNER)
    .option('--all', 'all that fits; without any filter, all that waits')
    .option('--reason <text>', "why, for Haraka's log")
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      examples('queue fail mhxk3l2a-aB3dE9', 'queue fail --partner bank.example --all --yes'),
    )
    .action((ids, options, command) =>
      withStore(command.optsWithGlobals(), (context) =>
        orderByUser(context, 'fail', chosen(ids, options), {
          yes: options.yes === true,
          reason: options.reason ?? '',
        }),
      ),
    )

  queue
    .command('release')
    .description(
      'let one message go once without the TLS that its rules require, where [failure] allow_release is on; ' +
        'recorded in the history and the delivery log',
    )
    .argument('<id>', 'as in the list; one message only')
    .requiredOption('--reason <text>', 'why, for the history and the delivery log')
    .option('--yes', 'do not ask')
    .addHelpText('after', examples('queue release mhxk3l2a-aB3dE9 --reason "the contract is due today"'))
    .action((id, options, command) =>
      withStore(command.optsWithGlobals(), (context) =>
        releaseByUser(context, id, { yes: options.yes === true, reason: options.reason }),
      ),
    )
}

interface FilterOptions {
  readonly partner?: string | undefined
  readonly rule?: string | undefined
  readonly owner?: string | undefined
}

function filterOf({ partner, rule, owner }: FilterOptions): WaitingFilter {
  return {
    partner: partner === undefined ? undefined : comparableDomain(partner),
    rule,
    owner: owner === undefined ? undefined : ownerOf(owner),
  }
}

/** Nobody means everything by saying nothing. */
function chosen(
  ids: readonly string[],
  options: FilterOptions & { readonly all?: true | undefined },
): WaitingFilter {
  if (ids.length > 0 && options.all)
    throw new WrongUse(['ids and --all together make no sense; leave one of them out'])
  if (ids.length === 0 && !options.all)
    throw new WrongUse([
      'which messages? Give their ids as in the list, or --all with --partner, --rule or --owner',
    ])
  return { ...filterOf(options), ...(ids.length > 0 ? { ids } : {}) }
}

function limitOf(text: string): number {
  const limit = Number(text)
  if (/^\d+$/.test(text) && limit > 0 && limit <= LIMIT_MAX) return limit
  throw new WrongUse([`--limit ${quote(text)} is not a number from 1 to ${LIMIT_MAX}`])
}

async function list({ waiting, output }: Context, filter: WaitingFilter, limit: number): Promise<void> {
  const found = await readWaiting(waiting(), filter)
  const shown = found.messages.slice(0, limit)
  output.data({ nodes: found.nodes, total: found.messages.length, messages: shown })
  const filtered = Object.values(filter).some((value) => value !== undefined)
  if (shown.length === 0) output.line(formatNothing(found.nodes, filtered))
  else {
    output.table(
      ['id', 'from, to', 'why, and when (UTC)'],
      shown.map((message) => [
        message.id,
        [message.sender || '<>', recipientsOf(message)],
        [reasonOf(message), `since ${utc(message.since)}`, nextIn(message)],
      ]),
    )
    const rest = found.messages.length - shown.length
    output.line(
      `${numbered(found.messages.length, 'message')} waiting${rest > 0 ? `; ${rest} not shown, see --limit` : ''}.`,
    )
  }
  for (const remark of nodeRemarks(found.nodes)) output.line(remark)
}

async function show({ waiting, output, command }: Context, id: string): Promise<void> {
  const { nodes, messages } = await readWaiting(waiting(), { ids: [id] })
  const [message] = messages
  if (!message)
    throw new Refusal(
      [`message ${quote(id)} is not waiting`, ...untriedRemarks(nodes)],
      [command('queue', 'list')],
    )
  const node = nodes.find((each) => each.node === message.node)
  output.data({ ...message, nodeName: node?.name ?? null })
  output.facts({
    message: message.uuid,
    from: message.sender || '<>',
    to: [
      ...message.recipients,
      ...(message.recipientCount > message.recipients.length
        ? [`and ${message.recipientCount - message.recipients.length} more`]
        : []),
    ],
    requires: message.level === '' ? 'unknown' : message.level,
    rule: message.rules.map((rule) => `"${rule.name}" (${rule.id}) of ${rule.owner}`),
    why: message.class === '' ? reasonOf(message) : [reasonOf(message), message.class],
    since: formatUtc(message.since),
    tries: String(message.tries),
    'next try': nextOf(message),
    'given up': formatUtc(message.until),
    on: node?.name ?? message.node,
    ...(message.ordered === '' ? {} : { ordered: message.ordered }),
    ...(message.releasedBy === '' ? {} : { released: `by ${message.releasedBy}` }),
  })
  for (const remark of nodeRemarks(node ? [node] : [])) output.line(remark)
}

function recipientsOf({ recipients, recipientCount }: WaitingMessage): string {
  const [first = ''] = recipients
  return recipientCount > 1 ? `${first} and ${recipientCount - 1} more` : first
}

function nextOf({ next, ordered }: WaitingMessage): string {
  if (ordered !== '') return ordered
  return isDue(next) ? 'now' : formatUtc(next)
}

/** The same for a cell below the word UTC, with what it is. */
function nextIn({ next, ordered }: WaitingMessage): string {
  if (ordered !== '') return `ordered: ${ordered}`
  return isDue(next) ? 'next try now' : `next try ${utc(next)}`
}

function isDue(time: string): boolean {
  return Date.parse(time) <= Date.now()
}
