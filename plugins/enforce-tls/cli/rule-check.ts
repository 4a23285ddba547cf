/**
 * A look at the mail servers of the recipients of rules before they are in force: warns of those that would not get the
 * mail, and of those whose answer is unknown. Takes a few seconds at most, changes nothing, and never throws.
 */
import { formatImpact, type ImpactWords } from '../admin/format-impact.js'
import type { FormattedEffect } from '../admin/format-effect.js'
import { impactOfRule, type Impact } from '../admin/impact.js'
import { partnersIn, type ImpactPartners } from '../admin/impact-partners.js'
import type { PartnerCheck } from '../check/types.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import type { RelayWithTls } from '../rules/rule.js'
import { errorMessage } from '../text/error-message.js'
import { listed, numbered } from '../text/list.js'
import { canAsk } from './ask.js'
import type { Context } from './context.js'
import { effectsNow } from './effects.js'
import { printWarning, prose } from './output.js'
import { checkMany } from './partners.js'
import { checkOptionsOf } from './check-options.js'

/** All servers together may take so long, in milliseconds. */
const TIMEOUT = 4000
/** The same where somebody waits for the answer, and sees how far it is. */
const PATIENT = 20_000
/** So many partners are named for each way to fail. */
const WARNINGS_MAX = 10
const AT_A_TIME = 10

const BY_DNS = ' (by DNS alone: if a plugin routes mail with get_mx, check with --mx host:port)'

/** Warns, on standard error, of the partners that a change brings under what its rules require. */
export async function warnAboutPartners(context: Context, impact: Impact, words: ImpactWords): Promise<void> {
  const without = new Set(words.rules.filter(({ status }) => !hasEffect(status)).map((each) => each.impact))
  await warnAbout(
    context,
    partnersIn(impact, (rule) => !without.has(rule)),
  )
}

/** The same of a rule that is in force already. */
export async function warnAboutRule(context: Context, owned: OwnedRule): Promise<void> {
  const impact = await impactOfRule(context.store, owned)
  await warnAboutPartners(context, impact, await formatImpact(impact, effectsNow(context)))
}

function hasEffect(status: FormattedEffect['status']): boolean {
  return status !== 'inactive' && status !== 'no-effect'
}

async function warnAbout(context: Context, found: ImpactPartners): Promise<void> {
  const { output, partners } = context
  const { terminal } = output
  if (found.partners.length === 0) return
  try {
    const signal = AbortSignal.timeout(canAsk(output) ? PATIENT : TIMEOUT)
    const { check } = await partners()
    const checks = await checkMany(
      { check },
      found.partners.map(({ domain, recipient, requirement }) => ({
        domain,
        recipient,
        requirement,
        signal,
      })),
      AT_A_TIME,
      terminal,
    )
    const actions = new Map<RelayWithTls, PartnerCheck[]>()
    for (const [index, each] of checks.entries()) {
      const action = found.partners[index]?.action
      if (action) actions.set(action, [...(actions.get(action) ?? []), each])
    }
    for (const [action, own] of actions) warnOf(context, own, action)
    const summary = formatChecked(checks, found)
    if (summary !== null && canAsk(output)) terminal.stderr.write(prose(terminal.stderr, summary))
  } catch (error) {
    printWarning(terminal, `the mail servers of the recipients could not be asked: ${errorMessage(error)}`)
  }
}

/** How many of the partners would not get mail, for who is asked; `null` where there is one alone, of which all was said. */
function formatChecked(checks: readonly PartnerCheck[], { more }: ImpactPartners): string | null {
  if (checks.length + more < 2) return null
  const many = (verdict: PartnerCheck['verdict']) => checks.filter((each) => each.verdict === verdict).length
  const of = `of ${numbered(checks.length, 'partner')}`
  const counts = [
    ...(many('bounced') > 0 ? [`mail to ${many('bounced')} ${of} would bounce now`] : []),
    ...(many('waits') > 0 ? [`mail to ${many('waits')} ${of} would wait now`] : []),
    ...(many('not-known') > 0 ? [`unknown for ${many('not-known')} ${of}`] : []),
  ]
  const found =
    counts.length > 0 ? counts : [`${numbered(checks.length, 'partner')}, and all would get mail now`]
  const rest = more > 0 ? `; ${numbered(more, 'more partner')} not checked` : ''
  return `Checked: ${found.join(', ')}${rest}.`
}

function warnOf(
  { output: { terminal }, command }: Context,
  checks: readonly PartnerCheck[],
  action: RelayWithTls,
): void {
  const nameOf = ({ recipient, domain }: PartnerCheck) => recipient ?? domain
  const of = (wanted: PartnerCheck['verdict']) =>
    checks.filter(({ verdict }) => verdict === wanted).slice(0, WARNINGS_MAX)
  for (const check of of('bounced'))
    printWarning(
      terminal,
      `mail to ${nameOf(check)} would bounce now: ${check.reason}${check.hosts.length === 0 ? BY_DNS : ''}; look closer with:`,
      command('check', nameOf(check), ...checkOptionsOf(action)),
    )
  for (const check of of('waits'))
    printWarning(
      terminal,
      `mail to ${nameOf(check)} would wait now, and bounce after Haraka's last try: ${check.reason}; look closer with:`,
      command('check', nameOf(check), ...checkOptionsOf(action)),
    )
  for (const check of of('free'))
    printWarning(
      terminal,
      `mail to ${nameOf(check)} would not require TLS now: ${check.reason}; look closer with:`,
      command('check', nameOf(check), ...checkOptionsOf(action)),
    )
  const [first, ...others] = of('not-known').map(nameOf)
  if (first !== undefined)
    printWarning(
      terminal,
      `whether mail to ${listed([first, ...others])} would be delivered is unknown now; ask again with:`,
      command('check', first, ...others, ...checkOptionsOf(action)),
    )
}
