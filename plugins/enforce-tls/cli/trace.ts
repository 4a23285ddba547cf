/** `enforce-tls trace`: what happened to one message, or to those of somebody, out of the delivery log. */
import { Option } from '@commander-js/extra-typings'
import { formatExposures } from '../report/trace/format-exposure.js'
import type { TracedMessage, TraceStep } from '../report/trace/message.js'
import { searchMessages, type FoundMessages } from '../report/trace/search.js'
import { requiredFacts } from '../report/trace/onward.js'
import { recipientsOf, senderOf, statementOn, waiverFacts } from '../report/trace/statement.js'
import { toStatementPage, toText } from '../report/trace/statement-text.js'
import { RESULTS, type ResultAsked, type TraceQuery } from '../report/trace/trace-query.js'
import { formatVersion } from '../report/trace/words.js'
import { numbered } from '../text/list.js'
import { formatUtc, utcSeconds } from '../text/utc.js'
import { examples, type Context, type Root, type WithStore } from './context.js'
import { warnOfOwner } from './owner-known.js'
import { domainOf, periodOf, TIMES, writeOutput } from './report-query.js'
import { Ended, Refusal, WrongUse } from './refusal.js'
import { ownerOf } from './rule-entries.js'
import { checksOf } from './trace-check.js'

/** Where a search begins by default. */
const SINCE = '30d'
const LIMIT = 20
const LIMIT_MAX = 1000
/** So many messages are listed to choose one of. */
const CHOICES_MAX = 10

interface TraceOptions {
  readonly messageId?: string | undefined
  readonly to?: string | undefined
  readonly from?: string | undefined
  readonly uuid?: string | undefined
  readonly partner?: string | undefined
  readonly rule?: string | undefined
  readonly owner?: string | undefined
  readonly result?: ResultAsked | undefined
  readonly since: string
  readonly until?: string | undefined
  readonly limit: string
  readonly statement?: true | undefined
  readonly output?: string | undefined
}

/** Adds the `trace` command to the program. */
export function addTraceCommand(program: Root, withStore: WithStore): void {
  program
    .command('trace')
    .description(
      'show what happened to a message: each attempt and outcome in order, from the delivery log; times are in UTC',
    )
    .option('--message-id <id>', 'the message with this Message-ID')
    .option('--to <address>', 'messages to this recipient')
    .option('--from <address>', 'messages of this sender')
    .option('--uuid <id>', "the message with this id in Haraka's log")
    .option('--partner <domain>', 'messages to this domain')
    .option('--rule <rule>', 'messages that this rule covers: its name or id')
    .option(
      '--owner <owner>',
      'only mail of this domain, or that rules of this sender address or of * apply to',
    )
    .addOption(new Option('--result <result>', 'messages with this result').choices(RESULTS))
    .option('--since <time>', `from then on: ${TIMES}`, SINCE)
    .option('--until <time>', 'before then, a day included (default: now)')
    .option('--limit <count>', 'the most messages; the latest are shown', String(LIMIT))
    .option('--statement', 'for one message: a statement on whether it was encrypted, to print or to send')
    .option('--output <file>', 'with --statement: write it there; as HTML if the name ends in .html')
    .addHelpText(
      'after',
      examples(
        'trace --to cfo@bank.example --since 2d',
        'trace --partner bank.example --result bounced',
        'trace --message-id 1234@acme.example --statement --output statement.html',
      ),
    )
    .action((options, command) => withStore(command.optsWithGlobals(), (context) => trace(context, options)))
}

async function trace(context: Context, options: TraceOptions): Promise<void> {
  const { output, deliveries, store } = context
  if (options.output !== undefined && !options.statement)
    throw new WrongUse(['--output belongs to --statement'])
  const query = queryOf(options)
  if (query.owner !== null) await warnOfOwner(context, query.owner)
  const limit = options.statement ? CHOICES_MAX : limitOf(options.limit)
  const found = await searchMessages(deliveries(), query, { skip: 0, limit }, store)
  if (options.statement) return await state(context, options, found)
  const { messages, total } = found
  output.data(messages)
  if (messages.length === 0) {
    for (const sentence of await emptiness(context, options)) output.line(sentence)
    // Exit code 1: not found.
    throw new Ended(1)
  }
  for (const message of messages) await show(context, message)
  if (total > messages.length)
    output.line(`${numbered(total, 'message')} match; the latest ${messages.length} are shown (--limit).`)
}

function queryOf(options: TraceOptions): TraceQuery {
  const { messageId, to, from, uuid, partner, rule, owner, result, since, until } = options
  const period = periodOf(since, until, new Date())
  const asked = [messageId, to, from, uuid, partner, rule, owner, result]
  if (asked.every((each) => each === undefined))
    throw new WrongUse([
      'Say which messages: with --message-id, --to, --from, --uuid, --partner, --rule, --owner or --result',
    ])
  for (const [option, text] of [
    ['--to', to],
    ['--from', from],
  ] as const)
    if (text !== undefined && text !== '<>' && !text.includes('@'))
      throw new WrongUse([
        `${option} ${JSON.stringify(text)} is not an address; for a domain use --partner or --owner`,
      ])
  return {
    ...period,
    owner: owner === undefined ? null : ownerOf(owner),
    to: to ?? null,
    from: from ?? null,
    messageId: messageId ?? null,
    uuid: uuid ?? null,
    partner: partner === undefined ? null : domainOf('--partner', partner),
    rule: rule ?? null,
    result: result ?? null,
  }
}

function limitOf(text: string): number {
  const limit = Number(text)
  if (/^\d+$/.test(text) && limit > 0 && limit <= LIMIT_MAX) return limit
  throw new WrongUse([`--limit ${JSON.stringify(text)} is not a number from 1 to ${LIMIT_MAX}`])
}

async function show(context: Context, message: TracedMessage): Promise<void> {
  const { output } = context
  const { uuid, state, messageId, nextStep, steps, exposures, missing } = message
  output.line(`${STATES[state]}: message ${uuid}`)
  output.facts({
    from: senderOf(message),
    to: recipientsOf(message),
    ...(messageId === null ? {} : { 'Message-ID': `<${messageId}>` }),
    ...Object.fromEntries(requiredFacts(message).map(([name, value]) => [name.toLowerCase(), value])),
    ...Object.fromEntries(waiverFacts(message)),
  })
  output.table(
    ['time (UTC)', 'server', 'TLS', 'what happened'],
    steps.map((step) => [utcSeconds(step.at).split(' '), serverOf(step), tlsOf(step), whatOf(step)]),
  )
  const notes = [...formatExposures(exposures), ...missing]
  for (const note of notes) output.line(`Note: ${note}`)
  if (nextStep !== null) output.line(`Next: ${nextStep}`)
  for (const command of await checksOf(context, message)) output.line(`See what fails with: ${command}`)
  output.line('')
}

const STATES: Readonly<Record<TracedMessage['state'], string>> = {
  delivered: 'Delivered',
  rerouted: 'Handed to a gateway',
  waiting: 'Waiting when last heard of',
  bounced: 'Bounced',
  kept: 'Not delivered, kept',
  released: 'Released from what its rules require',
  freed: 'TLS not required any more',
  waived: 'Waived by its sender (TLS-Required: No)',
  reported: 'Report only',
  rejected: 'Rejected',
  mixed: 'Not the same for all recipients',
  unknown: 'No result in the log',
}

function serverOf({ server, address }: TraceStep): string[] {
  return server === null ? ['-'] : address === null || address === server ? [server] : [server, address]
}

function tlsOf({ protocol, cipher, certificate }: TraceStep): string[] {
  if (protocol === null) return ['-']
  const issuer = /^CN=([^,]+)/.exec(certificate?.issuer ?? '')?.[1] ?? certificate?.issuer
  return [
    formatVersion(protocol),
    ...(cipher === null ? [] : [cipher]),
    ...(issuer ? [`certificate of ${issuer}`] : []),
    ...(certificate?.expires ? [`until ${certificate.expires.slice(0, 10)}`] : []),
  ]
}

function whatOf({ says, reason, status }: TraceStep): string[] {
  return [says, ...(reason === null ? [] : [reason]), ...(status === null ? [] : [status])]
}

async function state(
  context: Context,
  options: TraceOptions,
  { messages, total }: FoundMessages,
): Promise<void> {
  const { output } = context
  const { output: file } = options
  const [message, another] = messages
  if (message === undefined) throw new Refusal(await emptiness(context, options))
  if (another !== undefined) throw severalMatch(messages, total)
  const [statement, made] = [statementOn(message), new Date()]
  if (output.json && file === undefined) return output.data({ ...statement, message })
  const text = file?.endsWith('.html') ? toStatementPage(statement, made) : toText(statement, made)
  if (file === undefined) return output.raw(text)
  await writeOutput(file, text, output.terminal.cwd())
  output.line(`Wrote ${file}.`)
}

/** A statement is on one message: which there are, and what tells them apart. */
function severalMatch(messages: readonly TracedMessage[], total: number): Refusal {
  const choices = messages.map((message) => {
    const { uuid, last, state } = message
    return `${uuid}: ${formatUtc(last)}, to ${recipientsOf(message)}, ${lowerCase(STATES[state])}`
  })
  const rest = total - messages.length
  // Parts of one message to several domains have the id in common.
  const byUuid = new Set(messages.map(({ uuid }) => uuid)).size === messages.length
  const way = byUuid ? '--uuid' : '--uuid, and --partner or --to where the id is the same'
  return new Refusal([
    `A statement is on one message, and ${total} match; choose one with ${way}:`,
    ...choices,
    ...(rest > 0 ? [`and ${rest} more`] : []),
  ])
}

function lowerCase(words: string): string {
  return words.charAt(0).toLowerCase() + words.slice(1)
}

/** That nothing is found, and why that may be. */
async function emptiness(
  { deliveries, settings }: Context,
  { to, from, messageId }: TraceOptions,
): Promise<[string, ...string[]]> {
  const begins = await deliveries().begins()
  const asksNames = [to, from, messageId].some((name) => name !== undefined)
  const { stream, addresses } = settings.evidence
  return [
    `The delivery log (${deliveries().description}) has no such message.`,
    'Mail that no rule covers is not recorded, unless it asks for REQUIRETLS itself.',
    ...(begins === null ? [] : [`It goes back to ${formatUtc(begins)}; older entries were dropped.`]),
    ...(stream
      ? []
      : [
          'It is switched off ([evidence] stream=false in enforce-tls.ini); set it to true to record deliveries.',
        ]),
    ...(stream && asksNames && addresses === 'none'
      ? [
          'Its entries have no addresses ([evidence] addresses=none in enforce-tls.ini): search with --partner, --owner or --uuid.',
        ]
      : []),
  ]
}
