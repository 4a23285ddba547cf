/** What keeps mail of a rule from its gateway, by the settings of the chosen Haraka folder. */
import type { OwnedRule } from '../rules/owner-entries.js'
import { nearest } from '../text/nearest.js'
import { quote } from '../text/quote.js'
import type { Surroundings } from './context.js'
import { printWarning } from './output.js'
import { actionOf } from '../rules/rule.js'

/** The problem as a sentence about the rule; `null` for none, and where the settings are unknown. */
export function gatewayProblem(
  { settings, folder }: Pick<Surroundings, 'settings' | 'folder'>,
  { rule }: Pick<OwnedRule, 'rule'>,
): string | null {
  const { via } = actionOf(rule)
  if (via === undefined || folder === null || settings.gateways.some(({ name }) => name === via)) return null
  const near = nearest(
    via,
    settings.gateways.map(({ name }) => name),
  )
  const hint = near === null ? '' : ` (did you mean ${near}?)`
  return `the gateway ${quote(via)} is not in [gateways] of enforce-tls.ini here${hint}: mail that has to go through it waits until it is`
}

/** Warns of it, where there is one. */
export function warnOfGateway({ output, ...context }: Surroundings, owned: Pick<OwnedRule, 'rule'>): void {
  const problem = gatewayProblem(context, owned)
  if (problem !== null) printWarning(output.terminal, `${problem}.`)
}
