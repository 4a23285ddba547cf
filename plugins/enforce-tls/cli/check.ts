/**
 * `enforce-tls check`: whether mail would reach a partner's servers at a level, by the very code that delivers.
 * Exit code 0: it would be delivered, or handed to its gateway; 1: it would bounce, or wait and then bounce; 3: unknown
 * now. The worst one of several.
 */
import { Option } from '@commander-js/extra-typings'
import { requestedEnvelope } from '../check/requested-envelope.js'
import type { CheckRequest } from '../check/types.js'
import type { CheckEnvelope } from '../delivery/tls/inside-tls.js'
import type { ReadStore } from '../store/rule-store.js'
import { onwardIn } from './rule-options.js'
import {
  LEVEL_NAMES,
  ON_FAILURE,
  ONWARD,
  OTHERWISE,
  TLS_VERSIONS,
  type Level,
  type Onward,
} from '../rules/levels.js'
import { quote } from '../text/quote.js'
import { checkGatewayOf } from './check-gateway.js'
import { checkMany } from './partners.js'
import { formatSkipped, questionsOf, type CheckWords, type RequirementOptions } from './check-requests.js'
import { questionsOfRules } from './check-rules.js'
import { dnsOption, hostOf, isGroupReference, linesOf, serverOf } from './check-targets.js'
import { exitCodeOf, showCheck, showChecks } from './format-check.js'
import { examples, type Root, type Surroundings, type WithSettings, type WithStore } from './context.js'
import type { Terminal } from './output.js'
import { Ended, WrongUse } from './refusal.js'
import { wake } from './wake.js'

/** What the user wrote behind `check`. */
interface CheckOptions extends RequirementOptions {
  readonly from?: string | undefined
  readonly rcpt?: string | undefined
  readonly mx?: string | undefined
  readonly dns?: string | undefined
  readonly list?: string | undefined
  readonly rules?: true | undefined
  readonly owner?: string | undefined
  readonly rule?: string | undefined
  readonly concurrency: string
}

const LEVELS = LEVEL_NAMES.filter((name): name is Exclude<Level, 'none'> => name !== 'none')

/** What options say of a requirement. */
const REQUIREMENT = [
  'level',
  'minVersion',
  'fingerprint',
  'certName',
  'otherwise',
  'trust',
  'requireOnward',
  'onFailure',
  'via',
] as const satisfies readonly (keyof RequirementOptions)[]

const MOST_AT_A_TIME = 100

/** What the command runs with. */
interface Runners {
  readonly terminal: Terminal
  readonly withStore: WithStore
  readonly withSettings: WithSettings
}

/** Adds the `check` command to the program. */
export function addCheckCommand(program: Root, { terminal, withStore, withSettings }: Runners): void {
  program
    .command('check')
    .description(
      "ask a partner's mail servers whether mail would get there at a level; sends no message. " +
        'Exit code 0: it would be delivered or handed to its gateway, 1: it would bounce or wait, 3: unknown now',
    )
    .argument('[target...]', 'domains, addresses, and group:<name> for all of a group')
    .addOption(
      new Option(
        '--level <level>',
        'default: what the rules require of mail --from, otherwise encrypt; dane-only is dane with --otherwise defer',
      ).choices([...LEVELS, 'dane-only' as const]),
    )
    .addOption(
      new Option(
        '--rule <id>',
        'check what this rule requires, on or not; --owner says whose it is',
      ).conflicts([...REQUIREMENT, 'from']),
    )
    .option('--owner <owner>', 'with --rule: *, a sending domain, or a sender address')
    .option('--from <sender>', 'check what the rules require of mail from this sender')
    .addOption(
      new Option('--min-version <version>', 'the lowest TLS version (default: as in the settings)').choices(
        TLS_VERSIONS,
      ),
    )
    .option('--fingerprint <sha256...>', 'one of which the certificate or its public key has to have')
    .option('--cert-name <name...>', 'level secure: names that the certificate may have besides the domain')
    .addOption(
      new Option(
        '--otherwise <what>',
        'levels dane, mta-sts and published: what holds where nothing is published (default: defer)',
      ).choices(OTHERWISE),
    )
    .option('--trust <name>', 'a section [trust:<name>] of enforce-tls.ini that sessions are made with')
    .addOption(
      new Option(
        '--require-onward [how]',
        'with REQUIRETLS (RFC 8689), as a rule requires it: offered, or must, which also wants a server that DNSSEC, an MTA-STS policy or the certificate proves to be the right one (default where it is given: offered)',
      )
        .choices(ONWARD)
        .argParser((text: string) => onwardOf(text)),
    )
    .addOption(
      new Option(
        '--on-failure <action>',
        'what becomes of mail that no server takes as required (default: as in the settings)',
      ).choices(ON_FAILURE),
    )
    .option(
      '--via <gateway>',
      'through a gateway of [gateways] in enforce-tls.ini, as a rule with it sends mail; with --on-failure reroute only what no server takes as required',
    )
    .addOption(
      new Option(
        '--rcpt <address>',
        'ask inside TLS whether this recipient is accepted (MAIL, RCPT, RSET; never DATA)',
      ).conflicts(['list', 'rules']),
    )
    .option(
      '--mx <host:port>',
      'ask this host instead of those that DNS names; level verify wants this name in its certificate',
    )
    .addOption(dnsOption())
    .option('--list <file>', 'check the targets of this file too, one a line; - is standard input')
    .addOption(
      new Option(
        '--rules',
        'check all partners that enforcing rules name, each at what its rule requires',
      ).conflicts([...REQUIREMENT, 'rule', 'owner', 'from', 'list']),
    )
    .addOption(
      new Option(
        '--gateway <name>',
        'ask a gateway of [gateways] in enforce-tls.ini instead: at level verify or its trust, and whether it offers AUTH',
      ).conflicts([...REQUIREMENT, 'rule', 'owner', 'from', 'rcpt', 'mx', 'list', 'rules']),
    )
    .option('--concurrency <number>', 'how many partners are asked at a time', '10')
    .addHelpText(
      'after',
      examples(
        'check bank.example',
        'check bank.example --level verify',
        'check cfo@bank.example --from ann@acme.example --json',
        'check bank.example --mx mx.bank.example:25 --level secure --min-version TLSv1.3',
        'check --rcpt cfo@bank.example --from ann@acme.example',
        'check group:banks --from ann@acme.example',
        'check bank.example --level dane --otherwise encrypt',
        'check bank.example --require-onward must',
        'check --list partners.txt --level published --concurrency 20',
        'check --rules --json',
        'check --gateway relay',
      ),
    )
    .action(async (given, options, command) => {
      const { list, from, rules, rcpt, gateway } = options
      if (gateway !== undefined) {
        if (given.length > 0) throw new WrongUse(['--gateway asks the gateway itself; leave the domains out'])
        const dns = options.dns === undefined ? undefined : serverOf(options.dns)
        return await withSettings(command.optsWithGlobals(), (surroundings) =>
          checkGatewayOf(surroundings, gateway, dns),
        )
      }
      const words = given.length === 0 && rcpt !== undefined ? [rcpt] : given
      if (words.length === 0 && list === undefined && !rules)
        throw new WrongUse([
          'say whom to check: a domain, an address, group:<name>, --list <file>, or --rules for all of the rules',
        ])
      if (words.length > 0 && rules)
        throw new WrongUse(['--rules checks the partners that rules name; leave out the others'])
      if ((options.owner === undefined) !== (options.rule === undefined))
        throw new WrongUse(['--owner and --rule go together: whose rule, and its id'])
      const lines = list === undefined ? [] : await linesOf(list, terminal)
      const shared = command.optsWithGlobals()
      const asked = { ...options, level: levelOf(options), words, lines }
      const namesGroup = [...words, ...lines.map(({ text }) => text)].some(isGroupReference)
      await (rules || from !== undefined || options.rule !== undefined || namesGroup
        ? withStore(shared, (context) => check(context, context.store, asked))
        : withSettings(shared, (surroundings) => check(surroundings, null, asked)))
    })
}

async function check(
  surroundings: Surroundings,
  store: ReadStore | null,
  options: CheckOptions & CheckWords,
): Promise<void> {
  const { output, partners } = surroundings
  const atATime = concurrencyOf(options.concurrency)
  const mx = options.mx === undefined ? undefined : hostOf(options.mx)
  const dns = options.dns === undefined ? undefined : serverOf(options.dns)
  const asked = options.rules && store ? await questionsOfRules(store) : await questionsOf(store, options)
  const { questions, skipped, single, notes } = asked
  const envelope = options.rcpt === undefined ? undefined : envelopeOf(options.rcpt, options.from, questions)
  const opened = await partners(dns)
  const checks = await checkMany(
    opened,
    questions.map((question) => ({ ...question, mx, envelope, published: true })),
    atATime,
    output.terminal,
  )
  const [only] = checks
  output.data(single && only ? only : { checks, skipped })
  if (single && only) showCheck(output, only)
  else showChecks(output, checks)
  for (const note of notes(checks)) output.line(note)
  for (const each of skipped) output.line(formatSkipped(each))
  // Another server, or another DNS, is not the one that waiting mail goes to.
  if (mx === undefined && dns === undefined) await wake(surroundings, questions, checks)
  const exitCode = exitCodeOf(checks)
  if (exitCode !== 0) throw new Ended(exitCode)
}

/** Postfix's name for level dane where nothing else will do. @throws {WrongUse} for one that something else will do for. */
function levelOf({
  level,
  otherwise = 'defer',
}: {
  readonly level?: CheckOptions['level'] | 'dane-only'
  readonly otherwise?: CheckOptions['otherwise']
}): CheckOptions['level'] {
  if (level !== 'dane-only') return level
  if (otherwise === 'defer') return 'dane'
  throw new WrongUse([
    `--level dane-only is level dane with --otherwise defer, so --otherwise ${otherwise} contradicts it`,
  ])
}

/** @throws {WrongUse} for what says nothing of REQUIRETLS. */
function onwardOf(text: string): Onward {
  const onward = onwardIn(text)
  if (onward !== '') return onward
  throw new WrongUse([`--require-onward is empty; expected: ${ONWARD.join(' or ')}`])
}

/** @throws {WrongUse} for what can't be asked about with MAIL and RCPT. */
function envelopeOf(
  rcpt: string,
  from: string | undefined,
  questions: readonly CheckRequest[],
): CheckEnvelope {
  const [question] = questions
  if (!question || questions.length > 1)
    throw new WrongUse(['--rcpt asks about one recipient; name one domain, or leave the domain out'])
  const asked = requestedEnvelope(rcpt, question.domain, from)
  if ('envelope' in asked) return asked.envelope
  const option = asked.of === 'sender' ? `--from ${quote(from ?? '')}` : `--rcpt ${quote(rcpt)}`
  throw new WrongUse([`${option} ${asked.problem}`])
}

function concurrencyOf(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 1 && number <= MOST_AT_A_TIME) return number
  throw new WrongUse([`--concurrency ${quote(text)} is not a whole number from 1 to ${MOST_AT_A_TIME}`])
}
