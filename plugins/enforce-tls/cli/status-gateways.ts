/** The gateways of the settings: where each is, what it is held to, and what keeps mail from it. No gateway is asked. */
import { requirementFor } from '../check/gateway-check.js'
import { trustOf } from '../delivery/named-trust.js'
import { requirementAtGateway } from '../rules/requirement.js'
import { gatewayAddress } from '../settings/gateways.js'
import type { Surroundings } from './context.js'
import { trustsOf } from './trust-problem.js'

/** One gateway. */
export interface GatewayFacts {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly implicitTls: boolean
  /** What it has to fulfil, whichever rule names it; other rules of the same message may add to that. */
  readonly level: string
  readonly hasLogin: boolean
  readonly trust: string | null
  /** Why mail for it waits, a clause about its trust; `null` where it does not for that. */
  readonly problem: string | null
}

/** All of them; none beside `--redis` and `--file`, which know no settings. */
export function gatewayFacts(surroundings: Pick<Surroundings, 'settings' | 'folder'>): GatewayFacts[] {
  const trusts = trustsOf(surroundings)
  if (trusts === null) return []
  return surroundings.settings.gateways.map(({ name, host, port, implicitTls, login, trust }) => {
    const demand = { names: [name], always: true, others: null }
    const requirement = requirementAtGateway(requirementFor(name), demand, trust)
    const found = trust === null ? null : trustOf(requirement, trusts)
    const problem = found && 'problem' in found ? found.problem : null
    return {
      name,
      host,
      port,
      implicitTls,
      level: requirement.level,
      hasLogin: login !== null,
      trust,
      problem,
    }
  })
}

/** A line for each. */
export function formatGateways(gateways: readonly GatewayFacts[]): string[] {
  return gateways.map(({ name, implicitTls, level, hasLogin, trust, problem, ...place }) =>
    [
      `${name}: ${gatewayAddress(place)} by ${implicitTls ? 'TLS at once' : 'STARTTLS'}`,
      `level ${level}`,
      ...(trust === null ? [] : [`trust ${trust}${problem === null ? '' : ' (unusable)'}`]),
      hasLogin ? 'with a login' : 'without a login',
    ].join(', '),
  )
}

/** What is to be mended; a trust that cannot be used is told by itself, too. */
export function gatewayWarnings(gateways: readonly GatewayFacts[]): string[] {
  return gateways.flatMap(({ name, problem }) =>
    problem === null ? [] : [`mail that goes through the gateway ${name} waits: ${problem}`],
  )
}
