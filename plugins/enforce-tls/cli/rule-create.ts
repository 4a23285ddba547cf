/** `enforce-tls rule create`: one more rule at the end of an owner's list, off unless it says `--enable`. */
import { randomInt } from 'node:crypto'
import { groupsProblem } from '../rules/match.js'
import { serviceDomainOf } from '../rules/owner.js'
import { parseService, type OwnedRule } from '../rules/rule-list.js'
import { checkRule, formatProblem, type Rule, type RuleProblem } from '../rules/rule.js'
import { retryConflicts, type Context } from './context.js'
import { Refusal } from './refusal.js'
import { inspect, ownerOf } from './rule-entries.js'
import { effectOf, senderWords } from './rule-words.js'

/** What the user wrote behind `rule create`. */
export interface CreateOptions {
  readonly to: readonly string[]
  readonly level: string
  readonly minVersion?: string | undefined
  readonly certName?: readonly string[] | undefined
  readonly fingerprint?: readonly string[] | undefined
  readonly onFailure?: string | undefined
  readonly direction: string
  readonly enable?: true | undefined
}

/** Where a field of a rule comes from on the command line, and what is expected there. */
const SOURCES: readonly (readonly [field: string, source: string, expected: string])[] = [
  ['name', 'name', 'a few words that tell what the rule is for'],
  ['direction', '--direction', 'outgoing'],
  [
    'criteria.to',
    '--to',
    'bank.example, .bank.example (its subdomains), cfo@bank.example, group:<name> or * (all)',
  ],
  ['actions.relayWithTls.level', '--level', 'a level'],
  ['actions.relayWithTls.minVersion', '--min-version', 'a TLS version'],
  ['actions.relayWithTls.names', '--cert-name', 'a DNS name, or .bank.example for any below it'],
  ['actions.relayWithTls.fingerprints', '--fingerprint', 'a SHA-256 fingerprint'],
  ['actions.relayWithTls.onFailure', '--on-failure', 'bounce or defer'],
]

/** Digits and letters that nobody mixes up when reading an id aloud. */
const ID_LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789'
const ID_LENGTH = 10

/** Creates a rule from what the user wrote. @throws {Refusal} when it is not valid or not allowed. */
export async function createRule(
  context: Context,
  text: string,
  name: string,
  options: CreateOptions,
): Promise<void> {
  const { store, output, command } = context
  const owner = ownerOf(text)
  const draft = validDraft(name, options)
  const created = await retryConflicts(async () => {
    const entries = await store.readOwner(owner)
    requireService(context, owner, entries.service)
    const { rules } = inspect(entries, store)
    const position = (rules.at(-1)?.rule.position ?? 0) + 1
    const rule = valid({ ...draft, position })
    const problem = groupsProblem(rule.criteria, await store.groups())
    if (problem !== null) throw new Refusal([inOptions(problem)])
    const id = newId()
    await store.writeRules(owner, [{ id, expected: null, value: JSON.stringify(rule) }])
    return { owner, id, rule }
  })
  output.data(created)
  output.line(`Created rule ${created.id} of ${owner}: ${name}`)
  output.line(stateOf(created, command('rule', 'enable', owner, created.id)))
}

function stateOf(owned: OwnedRule, enableCommand: string): string {
  return owned.rule.enabled
    ? `It is on: ${effectOf(owned)}.`
    : `It is off; switch it on with: ${enableCommand}`
}

/** The rule, with the position that only the store can tell still to be set. */
function validDraft(name: string, options: CreateOptions): Rule {
  const { to, direction, enable } = options
  return valid({
    name,
    direction,
    enabled: enable === true,
    position: 1,
    criteria: { to: { matchesAny: to } },
    actions: { relayWithTls: actionOf(options) },
  })
}

function actionOf({ level, minVersion, certName, fingerprint, onFailure }: CreateOptions): object {
  const given = { level, minVersion, names: certName, fingerprints: fingerprint, onFailure }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function valid(value: unknown): Rule {
  const checked = checkRule(value)
  if ('rule' in checked) return checked.rule
  throw new Refusal([inOptions(checked)])
}

/** A problem of a field, told of the option that it came from. */
function inOptions(problem: RuleProblem): string {
  const source = SOURCES.find(([field]) => problem.field.startsWith(field))
  if (!source) return formatProblem(problem)
  const expectation = /expected|not one of/.test(problem.problem) ? '' : `; expected: ${source[2]}`
  return `${source[1]} ${problem.problem}${expectation}`
}

function requireService({ store, command }: Context, owner: string, service: string | null): void {
  const domain = serviceDomainOf(owner)
  if (domain === null) return
  const parsed = service === null ? { enabled: false } : parseService(service)
  if ('problem' in parsed)
    throw new Refusal([
      `${store.placeOf({ key: 'domains', owner: domain, field: domain })}: ${parsed.problem}`,
    ])
  if (!parsed.enabled)
    throw new Refusal(
      [
        `the service of ${domain} is not enabled, so there can be no rules for mail from ${senderWords(owner)}; enable it with:`,
      ],
      [command('domain', 'enable', domain)],
    )
}

function newId(): string {
  return Array.from({ length: ID_LENGTH }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]).join('')
}
