/**
 * Whether a gateway of the settings takes mail as a delivery hands it over: its hosts are asked with the code that
 * delivers, at what holds there, with its trust and client certificate, and whether AUTH is offered that its login needs.
 * Sends no message, and no login. Never rejects for what a gateway or DNS does: that is the result.
 */
import { mayPass, type AttemptFailure } from '../delivery/outcome.js'
import { gatewayRoute } from '../delivery/gateway-route.js'
import type { Level } from '../rules/levels.js'
import { NO_RULE, requirementOf, type GatewayDemand, type Requirement } from '../rules/requirement.js'
import type { Gateway } from '../settings/gateways.js'
import { listed } from '../text/list.js'
import { checkHost } from './host-check.js'
import { findHosts } from './hosts.js'
import type { CheckContext, CheckRequest, GatewayCheck, HostCheck } from './types.js'
import { remarksOn } from './verdict.js'

/** Far more addresses than a gateway has. */
const MOST_ADDRESSES = 10

/** What holds at a gateway whichever rule names it. */
export function requirementFor(name: string): Requirement {
  return { ...requirementOf({ level: 'encrypt', via: name }, '', NO_RULE), decidedBy: [] }
}

/** The gateways that a check has asked, by what they had to fulfil: many rules name the same one. */
const asked = new WeakMap<CheckContext, Map<string, Promise<GatewayCheck>>>()

/**
 * Checks the gateway of a requirement, once for each context.
 *
 * @returns why there is none to be asked, a clause about it; `null` where the settings are unknown
 */
export async function checkGateway(
  requirement: Requirement,
  demand: GatewayDemand,
  context: CheckContext,
  signal?: AbortSignal,
): Promise<GatewayCheck | { readonly problem: string } | null> {
  if (!context.gateways) return null
  const route = gatewayRoute(requirement, demand, context.gateways, null)
  if ('problem' in route) return route
  const { gateway, requirement: atGateway } = route
  const key = JSON.stringify([gateway.name, { ...atGateway, decidedBy: [] }])
  const known = asked.get(context) ?? new Map<string, Promise<GatewayCheck>>()
  asked.set(context, known)
  const check = known.get(key) ?? askGateway(gateway, route.requirement, context, signal)
  known.set(key, check)
  return await check
}

async function askGateway(
  gateway: Gateway,
  requirement: CheckRequest['requirement'],
  context: CheckContext,
  signal: AbortSignal | undefined,
): Promise<GatewayCheck> {
  const { name, host, port, login, trust, implicitTls } = gateway
  const request: CheckRequest = { domain: host, requirement, mx: { host, port }, gateway, signal }
  const found = await findHosts(request, context.network)
  const checked =
    'failure' in found
      ? []
      : await Promise.all(
          found.resolved.slice(0, MOST_ADDRESSES).map((mx) => checkHost(mx, request, context, null)),
        )
  const hosts = checked.map(({ check }) => check)
  const good = checked.find(({ failure }) => failure === null)
  const failures = checked.flatMap(({ failure }) => failure ?? [])
  // Asked once for all rules that name it.
  const required = { ...requirement, decidedBy: [] }
  const level: Level = requirement.level
  return {
    ...{ gateway: name, host, port, implicitTls, level, requirement: required, trust },
    auth: { needed: login !== null, offered: good?.mechanisms ?? checked.at(-1)?.mechanisms ?? null },
    ...(good
      ? taken(good.check, gateway)
      : notTaken('failure' in found ? found.failure : null, hosts, failures)),
    hosts,
    remarks: remarksOn(hosts, requirement),
    checkedAt: new Date().toISOString(),
  }
}

type Judged = Pick<GatewayCheck, 'verdict' | 'reason'>

function taken({ host, to }: HostCheck, { login }: Gateway): Judged {
  const where = to === null ? host : `${host} (${to})`
  const auth = login === null ? '' : ', and offers AUTH for the login, which was not tried'
  return { verdict: 'delivered', reason: `${where} fulfils what is required of the gateway${auth}` }
}

/** Whatever fails at a gateway makes mail wait. */
function notTaken(
  notFound: AttemptFailure | null,
  hosts: readonly HostCheck[],
  failures: readonly AttemptFailure[],
): Judged {
  if (notFound) return { verdict: 'not-known', reason: notFound.detail }
  const last = hosts.at(-1)
  if (!last) return { verdict: 'not-known', reason: 'it has no address, or DNS did not answer' }
  const names = listed([...new Set(hosts.map(({ host, failure }) => `${host} ${failure?.detail ?? ''}`))], 3)
  return { verdict: failures.some(mayPass) ? 'not-known' : 'waits', reason: names }
}
