/** What keeps mail of a rule from its gateway, by the settings of the chosen Haraka folder. */
import type { OwnedRule } from '../rules/owner-entries.js'
import type { Gateway } from '../settings/gateways.js'
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
  if (via === undefined || folder === null) return null
  const problem = knownGateway(settings.gateways, via)
  return problem === null
    ? null
    : `the gateway ${quote(via)} ${problem}: mail that has to go through it waits until it is`
}

/** Why there is no such gateway, as the end of a sentence about it; `null` where there is one. */
export function knownGateway(gateways: readonly Gateway[], wanted: string): string | null {
  const names = gateways.map(({ name }) => name)
  if (names.includes(wanted)) return null
  const near = nearest(wanted, names)
  const hint = near === null ? '' : ` (did you mean ${near}?)`
  return `is not in [gateways] of enforce-tls.ini here${hint}`
}

/** Warns of it, where there is one. */
export function warnOfGateway({ output, ...context }: Surroundings, owned: Pick<OwnedRule, 'rule'>): void {
  const problem = gatewayProblem(context, owned)
  if (problem !== null) printWarning(output.terminal, `${problem}.`)
}
