/**
 * `enforce-tls check`: whether mail would reach a partner's servers at a level, by the very code that delivers.
 * Exit code 0: it would be delivered; 1: it would bounce; 3: that can't be told now. The worst one of several.
 */
import { Option } from '@commander-js/extra-typings'
import type { PartnerCheck, PartnerQuestion } from '../check/types.js'
import { LEVEL_NAMES, TLS_VERSIONS, type Level } from '../rules/levels.js'
import { quote } from '../rules/owner.js'
import { checkMany } from './check-many.js'
import { asker, readSenderRules, type RequirementOptions, type SenderRules } from './check-requirement.js'
import { dnsOption, hostOf, serverOf } from './check-servers.js'
import { isGroupReference, linesOf, readTargets } from './check-targets.js'
import { exitCodeOf, showCheck, showChecks } from './check-words.js'
import {
  examples,
  type ReadStore,
  type Root,
  type Surroundings,
  type WithSettings,
  type WithStore,
} from './context.js'
import { senderOf } from './envelope.js'
import { listed, type Terminal } from './output.js'
import { Ended, WrongUse } from './refusal.js'

/** What the user wrote behind `check`. */
interface CheckOptions extends RequirementOptions {
  readonly from?: string | undefined
  readonly mx?: string | undefined
  readonly dns?: string | undefined
  readonly list?: string | undefined
  readonly concurrency: string
}

const LEVELS = LEVEL_NAMES.filter((name): name is Exclude<Level, 'none'> => name !== 'none')

const MOST_AT_A_TIME = 100

/** What the command runs with. */
interface Runners {
  readonly terminal: Terminal
  readonly withStore: WithStore
  readonly withSettings: WithSettings
}

type Line = Awaited<ReturnType<typeof linesOf>>[number]

/** Adds the `check` command to the program. */
export function addCheckCommand(program: Root, { terminal, withStore, withSettings }: Runners): void {
  program
    .command('check')
    .description(
      "ask a partner's mail servers whether mail would get there at a level; sends no message. " +
        "Exit code 0: it would be delivered, 1: it would bounce, 3: that can't be told now",
    )
    .argument('[target...]', 'domains, addresses, and group:<name> for all of a group')
    .addOption(
      new Option('--level <level>', 'default: what the rules require of mail --from, else encrypt').choices(
        LEVELS,
      ),
    )
    .option('--from <sender>', 'check what the rules require of mail from this sender')
    .addOption(
      new Option('--min-version <version>', 'the lowest TLS version (default: as in the settings)').choices(
        TLS_VERSIONS,
      ),
    )
    .option('--fingerprint <sha256...>', 'one of which the certificate or its public key has to have')
    .option('--cert-name <name...>', 'level secure: names that the certificate may have besides the domain')
    .option('--mx <host:port>', 'ask this host instead of those that DNS names')
    .addOption(dnsOption())
    .option('--list <file>', 'check the targets of this file too, one a line; - is standard input')
    .option('--concurrency <number>', 'how many partners are asked at a time', '10')
    .addHelpText(
      'after',
      examples(
        'check bank.example',
        'check bank.example --level verify',
        'check cfo@bank.example --from ann@acme.example --json',
        'check bank.example --mx mx.bank.example:25 --level secure --min-version TLSv1.3',
        'check group:banks --from ann@acme.example',
        'check --list partners.txt --level verify --concurrency 20',
      ),
    )
    .action(async (words, options, command) => {
      const { list, from } = options
      if (words.length === 0 && list === undefined)
        throw new WrongUse(['say whom to check: a domain, an address, group:<name>, or --list <file>'])
      const lines = list === undefined ? [] : await linesOf(list, terminal)
      const asked = { ...options, words, lines }
      const shared = command.optsWithGlobals()
      const needsStore =
        from !== undefined || [...words, ...lines.map(({ text }) => text)].some(isGroupReference)
      await (needsStore
        ? withStore(shared, (context) => check(context, context.store, asked))
        : withSettings(shared, (surroundings) => check(surroundings, null, asked)))
    })
}

async function check(
  surroundings: Surroundings,
  store: ReadStore | null,
  options: CheckOptions & { readonly words: readonly string[]; readonly lines: readonly Line[] },
): Promise<void> {
  const { output } = surroundings
  const { words, lines, from, dns } = options
  const atATime = concurrencyOf(options.concurrency)
  const mx = options.mx === undefined ? undefined : hostOf(options.mx)
  const partners = await surroundings.partners(dns === undefined ? undefined : serverOf(dns))
  const rules =
    from === undefined || options.level !== undefined || !store
      ? null
      : await readSenderRules(store, senderOf(from))
  const ask = asker(options, rules)
  const { targets, skipped } = await readTargets(
    words,
    lines,
    async () => (await store?.groups()) ?? new Map(),
  )
  if (targets.length === 0) throw new WrongUse(['there is nothing to check', ...skipped.map(skippedWords)])
  const questions = targets.map((target): PartnerQuestion => ({ ...target, mx, ...ask(target) }))
  const checks = await checkMany(partners, questions, atATime, output.terminal)
  const [only] = checks
  const single = only && targets.length === 1 && lines.length === 0 && !words.some(isGroupReference)
  output.data(single ? only : { checks, skipped })
  if (single) showCheck(output, only)
  else showChecks(output, checks)
  if (rules) noteRules(surroundings, rules, checks)
  for (const each of skipped) output.line(skippedWords(each))
  const exitCode = exitCodeOf(checks)
  if (exitCode !== 0) throw new Ended(exitCode)
}

/** Says what a check by rules does not know. */
function noteRules({ output }: Surroundings, { lists }: SenderRules, checks: readonly PartnerCheck[]): void {
  const free = checks.filter(({ decidedBy }) => decidedBy.length === 0)
  if (free.length > 0)
    output.line(
      `No rule requires anything of mail to ${listed(free.map(({ recipient, domain }) => recipient ?? domain))}; that was checked at level ${free[0]?.level ?? 'encrypt'}.`,
    )
  if (lists.some((list) => list.needsHeaders))
    output.line('Rules that look at subject or header were left out, since there is no message.')
}

function skippedWords({ pattern, why }: { readonly pattern: string; readonly why: string }): string {
  return `Not checked: ${pattern}, ${why}.`
}

function concurrencyOf(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 1 && number <= MOST_AT_A_TIME) return number
  throw new WrongUse([`--concurrency ${quote(text)} is not a whole number from 1 to ${MOST_AT_A_TIME}`])
}
