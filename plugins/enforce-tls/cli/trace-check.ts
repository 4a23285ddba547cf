/**
 * The commands that show what fails of a message in the log: a check of the partner for each rule that requires
 * something of it, with all that the rule requires. Of a rule that is gone, or unreadable, only the level is known.
 */
import type { TracedMessage } from '../report/trace/message.js'
import { isAsked } from '../requiretls/ask.js'
import { policyForDomain } from '../requiretls/policy.js'
import { parseRule } from '../rules/check-rule.js'
import { definitionOf, LEVELS, type Onward } from '../rules/levels.js'
import { actionOf, type RelayWithTls } from '../rules/rule.js'
import { StoreError } from '../store/rule-store.js'
import { inPieces } from '../work/turns.js'
import { checkOptionsOf } from './check-options.js'
import type { Context } from './context.js'

/** Command lines, each once; none where no server has to do with it. Never throws. */
export async function checksOf(
  context: Pick<Context, 'store' | 'command' | 'settings'>,
  { check, domain, rules, level }: TracedMessage,
): Promise<readonly string[]> {
  if (check === null) return []
  if (check.gateway !== null) return [context.command('check', '--gateway', check.gateway)]
  const own = rules.filter((rule) => !isAsked(rule))
  const found = await Promise.all(own.map((rule) => actionIn(context, rule)))
  const known = found.filter((action) => action !== null)
  const actions = known.length === found.length && known.length > 0 ? known : [...known, byLevel(level)]
  const onward = own.length < rules.length ? { requireOnward: askedFor(context, domain) } : {}
  return [
    ...new Set(
      actions.map((action) => context.command('check', domain, ...checkOptionsOf({ ...action, ...onward }))),
    ),
  ]
}

/** What the message's own REQUIRETLS requires beside all rules. */
function askedFor({ settings }: Pick<Context, 'settings'>, domain: string): Onward {
  const policy = policyForDomain(domain, { settings: settings.requiretls, own: [] })
  return policy === 'enforce' ? 'must' : 'offered'
}

/** What a rule requires now; `null` where that is unknown, or nothing. */
async function actionIn(
  { store }: Pick<Context, 'store'>,
  { owner, id }: { readonly owner: string; readonly id: string },
): Promise<RelayWithTls | null> {
  try {
    const json = (await store.readOwner(owner)).rules.get(id)
    const read = json === undefined ? null : await inPieces(parseRule(json))
    if (read === null || !('rule' in read)) return null
    const action = actionOf(read.rule)
    return definitionOf(action.level).encrypted ? action : null
  } catch (error) {
    if (error instanceof StoreError) return null
    throw error
  }
}

/** A level that needs more than the log has is asked about as encrypt, which says what certificate there is. */
function byLevel(level: string): RelayWithTls {
  const known = LEVELS.find(({ name, encrypted, pinned }) => name === level && encrypted && !pinned)
  return { level: known?.name ?? 'encrypt' }
}
