/**
 * A look at the mail servers of a rule's recipients once the rule is on: warns of those that would not get the
 * mail, and of what can't be told. Takes a few seconds at most, changes nothing, and never throws.
 */
import { listed } from '../text/list.js'
import type { CheckRequest } from '../check/types.js'
import { definitionOf } from '../rules/levels.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import { requirementOf } from '../rules/requirement.js'
import type { RelayWithTls } from '../rules/rule.js'
import { checkMany } from './check-many.js'
import { isGroupReference, namedTargets } from './check-targets.js'
import type { Context } from './context.js'
import { effectsNow } from './effects.js'
import { printWarning } from './output.js'
import { errorMessage } from '../text/error-message.js'

/** All servers together may take so long, in milliseconds. */
const PATIENCE = 4000
const MOST_PARTNERS = 20
const AT_A_TIME = 10

/** Where DNS alone says that there is no mail server. */
const NO_SERVER = /DNS knows no MX record|its MX record says so/
const BY_DNS =
  ', by DNS alone; a plugin that routes mail (get_mx) is not asked, so with one check with --mx host:port'

/** Warns, on standard error. */
export async function warnAboutPartners(context: Context, owned: OwnedRule): Promise<void> {
  const { output, command, partners } = context
  const { rule } = owned
  const { relayWithTls } = rule.actions
  if (!rule.enabled || rule.direction !== 'outgoing' || !definitionOf(relayWithTls.level).encrypted) return
  try {
    const questions = await questionsOn(context, owned)
    if (questions.length === 0 || !(await hasEffect(context, owned))) return
    const { check } = await partners()
    const checks = await checkMany({ check }, questions, AT_A_TIME, output.terminal)
    const named = (verdict: string) =>
      checks
        .filter((each) => each.verdict === verdict)
        .map(({ recipient, domain, reason }) => ({ name: recipient ?? domain, reason }))
    for (const { name, reason } of named('bounced'))
      printWarning(
        output.terminal,
        `mail to ${name} would bounce now: ${reason}${NO_SERVER.test(reason) ? BY_DNS : ''}; look closer with:`,
        command('check', name, ...optionsOf(relayWithTls)),
      )
    const [first, ...others] = named('not-known').map(({ name }) => name)
    if (first !== undefined)
      printWarning(
        output.terminal,
        `whether mail to ${listed([first, ...others])} would be delivered can't be told now; ask again with:`,
        command('check', first, ...others, ...optionsOf(relayWithTls)),
      )
  } catch (error) {
    const problem = errorMessage(error)
    printWarning(output.terminal, `the mail servers of the recipients could not be asked: ${problem}`)
  }
}

/** Whether the rule changes anything for its mail, once it stands as given. */
async function hasEffect(context: Context, owned: OwnedRule): Promise<boolean> {
  const { store } = context
  const { owner, id, rule } = owned
  const effects = effectsNow(context, {
    groups: () => store.groups(),
    services: () => store.services(),
    readOwner: async (each) => {
      const read = await store.readOwner(each)
      return each === owner ? { ...read, rules: new Map([...read.rules, [id, JSON.stringify(rule)]]) } : read
    },
  })
  const { status } = await effects.of(owned)
  return status !== 'inactive' && status !== 'no-effect'
}

/** The first partners that the rule names, by themselves or in groups. */
async function questionsOn({ store }: Context, { owner, id, rule }: OwnedRule): Promise<CheckRequest[]> {
  const patterns = rule.criteria.to?.matchesAny ?? []
  const groups = patterns.some(isGroupReference) ? await store.groups() : new Map<string, string>()
  const signal = AbortSignal.timeout(PATIENCE)
  return namedTargets(patterns, groups)
    .slice(0, MOST_PARTNERS)
    .map((target) => ({
      ...target,
      requirement: requirementOf(rule.actions.relayWithTls, target.domain, { owner, id, name: rule.name }),
      signal,
    }))
}

/** The options of `check` that ask for the same. */
function optionsOf({ level, minVersion, names, fingerprints }: RelayWithTls): string[] {
  return [
    ...['--level', level],
    ...(minVersion ? ['--min-version', minVersion] : []),
    ...(names ? ['--cert-name', ...names] : []),
    ...(fingerprints ? ['--fingerprint', ...fingerprints] : []),
  ]
}
