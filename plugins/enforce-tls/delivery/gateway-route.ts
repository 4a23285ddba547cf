/** The gateway that rules send a message through, and what it has to fulfil; or why there is none. Pure. */
import type { HostRequirement } from '../published/host-requirement.js'
import { requirementAtGateway, type GatewayDemand, type Requirement } from '../rules/requirement.js'
import type { Gateway } from '../settings/gateways.js'
import { listed } from '../text/list.js'
import type { FailedAttempt } from './outcome.js'

/** An item on its way through a gateway. */
export interface GatewayRoute {
  readonly gateway: Gateway
  /** As it holds there. */
  readonly requirement: HostRequirement
  /** What the recipients' servers failed for; `null` where they were not to be tried. */
  readonly instead: FailedAttempt | null
  /** The header field by which the message is known if it comes back. */
  readonly mark: Buffer
}

/** Why there is no route, as the end of a sentence about the gateway or gateways. */
export interface NoRoute {
  readonly problem: string
}

/** The route that a requirement asks for. @param instead what the recipients' servers failed for, if they were tried */
export function gatewayRoute(
  requirement: Requirement,
  demand: GatewayDemand,
  gateways: readonly Gateway[],
  instead: FailedAttempt | null,
): Omit<GatewayRoute, 'mark'> | NoRoute {
  const rules = listed(requirement.decidedBy.map(({ owner, id }) => `${owner}/${id}`))
  const [name = '', ...others] = demand.names
  if (others.length > 0)
    return {
      problem: `cannot all take the message: let its rules name the same gateway, or only one of them name any (${rules})`,
    }
  const gateway = gateways.find((each) => each.name === name)
  if (!gateway)
    return {
      problem: `is not in [gateways] of enforce-tls.ini on this server: add ${name}=smtp://… there${rules === '' ? '' : `, or change the rule that names it (${rules})`}`,
    }
  const atGateway = requirementAtGateway(requirement, demand, gateway.trust)
  if (atGateway.published.length > 0)
    return {
      problem: `cannot fulfil what a rule without via requires of the recipients' own servers (DANE, MTA-STS): change one of the rules (${rules})`,
    }
  return { gateway, requirement: atGateway, instead }
}
