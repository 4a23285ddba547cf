/** `enforce-tls domain`: the switch of a sending domain, without which its rules sleep. */
import { numbered } from '../text/list.js'
import { parseNewDomain, serviceDomainOf } from '../rules/owner.js'
import { parseService } from '../rules/owner-entries.js'
import { isOver } from '../rules/period.js'
import { parseRule } from '../rules/check-rule.js'
import { namedChange } from '../store/entry-change.js'
import { examples, retryConflicts, type Context, type Root, type WithStore } from './context.js'
import { ownerProblem, serviceProblem } from '../admin/entry-problems.js'
import { showEffects } from './effects.js'
import { ownerHint } from './hints.js'
import { printWarning } from './output.js'
import { Refusal } from './refusal.js'
import { readReadable } from '../admin/whole-store.js'
import { atOnce } from '../work/pieces.js'

/** Adds the `domain` group to the program. */
export function addDomainCommands(program: Root, withStore: WithStore): void {
  const group = program
    .command('domain')
    .description('switch the service of sending domains on and off')
    .addHelpText('after', examples('domain enable acme.example', 'domain list'))

  group
    .command('enable')
    .description('switch the service of a domain on: its rules act, and new ones can be created')
    .argument('<domain>', 'the sending domain')
    .addHelpText(
      'after',
      examples('domain enable acme.example', 'domain enable acme.example --redis redis://127.0.0.1'),
    )
    .action((domain, _options, command) =>
      withStore(command.optsWithGlobals(), (context) => setService(context, domain, true)),
    )

  group
    .command('disable')
    .description('switch the service of a domain off: its rules stay, and sleep')
    .argument('<domain>', 'the sending domain')
    .addHelpText('after', examples('domain disable acme.example'))
    .action((domain, _options, command) =>
      withStore(command.optsWithGlobals(), (context) => setService(context, domain, false)),
    )

  group
    .command('list')
    .description('list all domains that have a service or rules')
    .addHelpText('after', examples('domain list', 'domain list --json'))
    .action((_options, command) => withStore(command.optsWithGlobals(), listDomains))
}

async function setService(context: Context, text: string, enabled: boolean): Promise<void> {
  const { store, write, output } = context
  const known = await store.services()
  const domain = domainOf(text, known)
  if (!known.has(domain)) {
    const hint = await ownerHint(store, domain)
    if (hint !== '') printWarning(output.terminal, `nothing was known of ${domain} so far${hint}`)
  }
  const changed = await retryConflicts(async () => {
    const { service } = await store.readOwner(domain)
    if (isEnabled(service) === enabled) return false
    const value = JSON.stringify({ ...otherFields(service), enabled })
    await write([namedChange('domains', domain, service, value)])
    return true
  })
  output.data({ domain, enabled })
  const already = changed ? '' : 'already '
  if (output.json) return
  output.line(`Message rules are ${already}switched ${enabled ? 'on' : 'off'} for ${domain}.`)
  const rules = await switchedRules(context, domain)
  if (!enabled) {
    if (rules.length > 0)
      output.line(`Inactive now: ${numbered(rules.length, 'rule')} of the domain and of its senders.`)
    return
  }
  if (rules.length === 0) output.line('No rule of the domain or of its senders is on.')
  await showEffects(context, rules)
}

/** The rules of a domain and of its senders that are on. */
async function switchedRules(
  { store }: Context,
  domain: string,
): Promise<readonly { readonly owner: string; readonly id: string }[]> {
  const owners = (await store.owners()).filter((owner) => serviceDomainOf(owner) === domain)
  return (await readReadable(store, owners)).entries.flatMap(({ owner, rules }) =>
    [...rules].flatMap(([id, json]) => {
      const checked = atOnce(parseRule(json))
      const counts = 'rule' in checked && checked.rule.enabled && !isOver(checked.rule, Date.now())
      return counts ? [{ owner, id }] : []
    }),
  )
}

function domainOf(text: string, known: ReadonlyMap<string, string>): string {
  if (known.has(text)) return text
  const parsed = parseNewDomain(text)
  if ('problem' in parsed) throw new Refusal([parsed.problem])
  return parsed.domain
}

/** Whether a service as stored is on; an entry that is none at all is neither on nor off. */
function isEnabled(service: string | null): boolean | null {
  if (service === null) return false
  const parsed = parseService(service)
  return 'problem' in parsed ? null : parsed.enabled
}

/** Fields of a service that other versions or people put there are kept. */
function otherFields(service: string | null): object {
  if (service === null || 'problem' in parseService(service)) return {}
  return JSON.parse(service) as object
}

async function listDomains({ store, output }: Context): Promise<void> {
  const [services, owners] = await Promise.all([store.services(), store.owners()])
  const problems: string[] = []
  const rows = new Map<string, { enabled: boolean; rules: number }>()

  for (const [domain, json] of services) {
    const problem = serviceProblem(domain, json)
    if (problem === null) rows.set(domain, { enabled: isEnabled(json) === true, rules: 0 })
    else problems.push(`${store.placeOf({ key: 'domains', owner: domain, field: domain })}: ${problem}`)
  }
  const known = owners.filter((owner) => {
    const problem = ownerProblem(owner)
    if (problem !== null) problems.push(problem)
    return problem === null
  })
  const { entries, problems: unread } = await readReadable(store, known)
  problems.push(...unread)
  for (const { owner, rules } of entries) {
    const domain = serviceDomainOf(owner)
    if (domain === null) continue
    const row = rows.get(domain) ?? { enabled: false, rules: 0 }
    rows.set(domain, { ...row, rules: row.rules + rules.size })
  }

  const domains = [...rows]
    .map(([domain, row]) => ({ domain, ...row }))
    .sort((a, b) => (a.domain < b.domain ? -1 : 1))
  output.data(domains)
  if (domains.length === 0) output.line('No domain has a service or rules.')
  else
    output.table(
      ['domain', 'service', 'rules'],
      domains.map(({ domain, enabled, rules }) => [domain, enabled ? 'on' : 'off', String(rules)]),
    )
  const [first, ...rest] = problems
  if (first !== undefined) throw new Refusal([first, ...rest])
}
