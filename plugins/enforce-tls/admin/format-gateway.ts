/** What a gateway is to the mail of a rule, or of rules that add up, in words. Pure. */
import type { Requirement } from '../rules/requirement.js'
import type { RelayWithTls } from '../rules/rule.js'
import { listed } from '../text/list.js'

/** What happens on failure, and the gateway, as phrases of a list; none where nothing special does. */
export function formatOnFailure(
  onFailure: RelayWithTls['onFailure'],
  gateways: readonly string[],
  always: boolean,
): string[] {
  const names = listed(gateways.map((name) => `"${name}"`))
  const gateway = `the gateway${gateways.length > 1 ? 's' : ''} ${names}`
  if (gateways.length === 0) return onFailure ? [`${onFailure} on failure`] : []
  if (!always)
    return onFailure === 'reroute'
      ? [`and where no server of the recipients fulfils that, it goes through ${gateway} instead`]
      : onFailure
        ? [`${onFailure} on failure, because one of the rules says so, and never through ${gateway}`]
        : []
  return [
    `all of it goes through ${gateway}, whose certificate has to be trusted and name it${gateways.length > 1 ? '; it waits, because it cannot go through all of them' : ''}`,
  ]
}

/** The same of one rule. */
export function formatOnFailureOf({ onFailure, via }: Pick<RelayWithTls, 'onFailure' | 'via'>): string[] {
  return formatOnFailure(onFailure, via === undefined ? [] : [via], onFailure !== 'reroute')
}

/** The same of rules that add up. */
export function formatOnFailureOfAll({
  onFailure,
  gateway,
}: Pick<Requirement, 'onFailure' | 'gateway'>): string[] {
  return formatOnFailure(onFailure, gateway?.names ?? [], gateway?.always === true)
}
