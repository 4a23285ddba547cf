/**
 * A look at the mail servers of the recipients of rules before they are in force: warns of those that would not get the
 * mail, and of those whose answer is unknown. Takes a few seconds at most, changes nothing, and never throws.
 */
import { listed } from '../text/list.js'
import type { RulesView } from '../admin/store-after.js'
import type { CheckRequest, PartnerCheck } from '../check/types.js'
import { definitionOf } from '../rules/levels.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import { requirementOf } from '../rules/requirement.js'
import { actionOf, type RelayWithTls } from '../rules/rule.js'
import { errorMessage } from '../text/error-message.js'
import { isGroupReference, namedTargets } from './check-targets.js'
import type { Context } from './context.js'
import { effectsNow } from './effects.js'
import { printWarning } from './output.js'
import { checkMany } from './partners.js'

/** All servers together may take so long, in milliseconds. */
const TIMEOUT = 4000
const MOST_PARTNERS = 20
const AT_A_TIME = 10

const BY_DNS = ' (by DNS alone: if a plugin routes mail with get_mx, check with --mx host:port)'

/** Warns, on standard error. @param after the store with these rules in it */
export async function warnAboutPartners(
  context: Context,
  rules: readonly OwnedRule[],
  after: RulesView,
): Promise<void> {
  const { output, partners } = context
  try {
    const requests = await requestsOf(context, rules, after)
    if (requests.length === 0) return
    const { check } = await partners()
    const checks = await checkMany(
      { check },
      requests.map(({ request }) => request),
      AT_A_TIME,
      output.terminal,
    )
    for (const owned of rules) {
      const own = checks.filter((_, index) => requests[index]?.owned === owned)
      if (own.length > 0) warnOf(context, own, actionOf(owned.rule))
    }
  } catch (error) {
    printWarning(
      output.terminal,
      `the mail servers of the recipients could not be asked: ${errorMessage(error)}`,
    )
  }
}

function warnOf(
  { output: { terminal }, command }: Context,
  checks: readonly PartnerCheck[],
  action: RelayWithTls,
): void {
  const nameOf = ({ recipient, domain }: PartnerCheck) => recipient ?? domain
  for (const check of checks.filter(({ verdict }) => verdict === 'bounced'))
    printWarning(
      terminal,
      `mail to ${nameOf(check)} would bounce now: ${check.reason}${check.hosts.length === 0 ? BY_DNS : ''}; look closer with:`,
      command('check', nameOf(check), ...optionsOf(action)),
    )
  for (const check of checks.filter(({ verdict }) => verdict === 'waits'))
    printWarning(
      terminal,
      `mail to ${nameOf(check)} would wait now, and bounce after Haraka's last try: ${check.reason}; look closer with:`,
      command('check', nameOf(check), ...optionsOf(action)),
    )
  for (const check of checks.filter(({ verdict }) => verdict === 'free'))
    printWarning(
      terminal,
      `mail to ${nameOf(check)} would not require TLS now: ${check.reason}; look closer with:`,
      command('check', nameOf(check), ...optionsOf(action)),
    )
  const [first, ...others] = checks.filter(({ verdict }) => verdict === 'not-known').map(nameOf)
  if (first !== undefined)
    printWarning(
      terminal,
      `whether mail to ${listed([first, ...others])} would be delivered is unknown now; ask again with:`,
      command('check', first, ...others, ...optionsOf(action)),
    )
}

/** The first partners that rules with an effect name, by themselves or in groups. */
async function requestsOf(
  context: Context,
  rules: readonly OwnedRule[],
  after: RulesView,
): Promise<readonly { readonly owned: OwnedRule; readonly request: CheckRequest }[]> {
  const effects = effectsNow(context, after)
  const signal = AbortSignal.timeout(TIMEOUT)
  const requests: { owned: OwnedRule; request: CheckRequest }[] = []
  for (const owned of rules) {
    const { owner, id, rule } = owned
    const relayWithTls = actionOf(rule)
    if (!rule.enabled || rule.direction !== 'outgoing' || !definitionOf(relayWithTls.level).encrypted)
      continue
    const patterns = rule.criteria.to?.matchesAny ?? []
    const groups = patterns.some(isGroupReference) ? await after.groups() : new Map<string, string>()
    const targets = namedTargets(patterns, groups)
    if (targets.length === 0) continue
    const { status } = await effects.of(owned)
    if (status === 'inactive' || status === 'no-effect') continue
    for (const target of targets) {
      const requirement = requirementOf(relayWithTls, target.domain, { owner, id, name: rule.name })
      requests.push({ owned, request: { ...target, requirement, signal } })
      if (requests.length === MOST_PARTNERS) return requests
    }
  }
  return requests
}

/** The options of `check` that ask for the same. */
function optionsOf({ level, minVersion, names, fingerprints, otherwise, trust }: RelayWithTls): string[] {
  return [
    ...['--level', level],
    ...(minVersion ? ['--min-version', minVersion] : []),
    ...(names ? ['--cert-name', ...names] : []),
    ...(fingerprints ? ['--fingerprint', ...fingerprints] : []),
    ...(otherwise ? ['--otherwise', otherwise] : []),
    ...(trust ? ['--trust', trust] : []),
  ]
}
