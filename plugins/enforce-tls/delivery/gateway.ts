/**
 * The way of a message through a gateway: all mail of a rule that says so (`via`), or what no server of the recipients'
 * domain could take as required (`onFailure` `reroute`). The gateway is a next hop of its own, held to a trusted
 * certificate with its name; whatever fails there makes the message wait. A message that has been there once, and came
 * back, does not go there again.
 */
import { listed } from '../text/list.js'
import { deferItem, giveUp } from './finish.js'
import { markFor } from './gateway-mark.js'
import { gatewayRoute, type GatewayRoute } from './gateway-route.js'
import type { GuardedItem } from './guarded-item.js'
import { tlsFailure, type FailedAttempt } from './outcome.js'

/** Whether all mail of an item's rules goes through a gateway; what was released goes as if there were no rules. */
export function goesByGateway({ requirement, release }: GuardedItem): boolean {
  return release === null && requirement?.gateway?.always === true
}

/** Whether what no server could take goes through a gateway instead; at the gateway itself there is no other. */
export function mayReroute({ requirement, release, route }: GuardedItem): boolean {
  return (
    requirement?.onFailure === 'reroute' &&
    requirement.gateway !== undefined &&
    release === null &&
    route === null
  )
}

/**
 * Sends an item to the gateway of its rules.
 *
 * @param instead what its recipients' servers failed for; `null` where they were not tried
 */
export async function deliverByGateway(guarded: GuardedItem, instead: FailedAttempt | null): Promise<void> {
  const { item, round, requirement, context } = guarded
  if (!requirement?.gateway) return guarded.postpone()
  const { gateway: demand } = requirement
  const route = gatewayRoute(requirement, demand, context.settings().gateways, instead)
  if ('problem' in route) {
    const name = listed(demand.names)
    item.logerror(`enforce-tls: the message waits: the gateway ${name} ${route.problem}`)
    const failure = tlsFailure('gateway-misconfigured', route.problem)
    round.enterGateway(name)
    round.lost(name, failure)
    guarded.tlsFailure = failure
    return deferItem(guarded, failure, name)
  }
  const { field, loop } = await markFor(item, route.gateway, await context.markKey())
  const marked = { ...route, mark: field }
  guarded.enterRoute(marked)
  return loop === null ? go(guarded, marked) : endLoop(guarded, marked, loop)
}

function go(
  { item, round, context, haraka }: GuardedItem,
  { gateway, instead }: GatewayRoute,
): Promise<void> {
  const why = instead ? ', because no server of the recipients could take it as required' : ''
  item.loginfo(`enforce-tls: goes through the gateway ${gateway.name}${why}`)
  const mx = context.makeMx({ exchange: gateway.host, port: gateway.port, priority: 0 })
  round.expect([mx])
  return haraka.original('found_mx')([mx])
}

/** Nothing that is tried again ends otherwise, and a loop is not to go round for days. */
function endLoop(guarded: GuardedItem, { gateway, instead }: GatewayRoute, why: string): void {
  const looped = tlsFailure('gateway-loop', why)
  guarded.item.logerror(`enforce-tls: the gateway ${gateway.name} ${looped.detail}`)
  guarded.round.lost(gateway.host, looped)
  guarded.tlsFailure = instead?.failure ?? looped
  giveUp(guarded, guarded.tlsFailure, instead?.host ?? gateway.host)
}
