/** The way from the command to the mail servers of partners, with the settings of the chosen Haraka folder. */
import path from 'node:path'
import pLimit from 'p-limit'
import { checkGateway, requirementFor } from '../check/gateway-check.js'
import { openNetwork } from '../check/haraka-network.js'
import { configOf, outboundSettings } from '../check/outbound-settings.js'
import { checkPartner, checkTimeouts } from '../check/partner-check.js'
import type { CheckContext, CheckRequest, MailNetwork, PartnerCheck } from '../check/types.js'
import { DnsClient } from '../dns/client.js'
import { parseResolvers, resolversFor, type Resolver } from '../dns/resolver-list.js'
import { policyFetcher } from '../published/mta-sts/policy-fetch.js'
import { MemoryPolicyStore } from '../published/mta-sts/policy-store.js'
import { StsPolicies } from '../published/mta-sts/sts-policies.js'
import { isTrustedHop } from '../delivery/next-hop.js'
import type { Settings } from '../settings/types.js'
import { contextOf, contextsFor } from '../delivery/tls/contexts.js'
import type { Terminal } from './output.js'

/** Mail servers that can be asked. */
export interface Partners {
  readonly check: (question: CheckRequest) => Promise<PartnerCheck>
  /** Asks a gateway of the settings; as `checkGateway` answers. */
  readonly checkGateway: (name: string) => ReturnType<typeof checkGateway>
  /** Ends what is still being asked. */
  readonly close: () => void
}

/** Which settings hold, and who tells the servers. */
export interface PartnersPlace {
  readonly settings: Settings
  /** The Haraka folder; `null` for Haraka's defaults. */
  readonly folder: string | null
  /** Address and port of a DNS server; the system's without it. */
  readonly dns?: string | undefined
}

/** Opens the way. */
export type OpenPartners = (place: PartnersPlace) => Promise<Partners>

/**
 * Opens the way as a Haraka in that folder would have it.
 *
 * @throws {SettingsError} when `[tls] ca` is no file of certificates.
 */
export const openOwnPartners: OpenPartners = async (place) => {
  const network = await openNetwork(place.folder === null ? null : configOf(place.folder), place.dns)
  const context = contextAt(place, network)
  return {
    check: (question) => checkPartner(question, context),
    checkGateway: (name) => {
      const requirement = requirementFor(name)
      const demand = requirement.gateway ?? { names: [name], always: true, others: null }
      return checkGateway(requirement, demand, context)
    },
    close: network.close,
  }
}

/**
 * The surroundings of a delivery by the Haraka in a folder.
 *
 * @throws {SettingsError} when `[tls] ca` is no file of certificates.
 */
export function contextAt({ settings, folder, dns }: PartnersPlace, network: MailNetwork): CheckContext {
  const outbound = outboundSettings(folder === null ? null : configOf(folder))
  const contexts = contextsFor(settings, path.join(folder ?? '', 'config'))
  const { helo, localMxOk, connectTimeout } = outbound
  const validatingDns = new DnsClient(resolversAt(settings, dns))
  const policies = new StsPolicies({
    dns: validatingDns,
    fetchPolicy: policyFetcher({
      dns: validatingDns,
      ca: contexts.plain.anchors,
      allowPrivate: settings.mtaSts.privateAddresses,
    }),
    // A check asks what is published now, not what a delivery may still hold on to.
    store: new MemoryPolicyStore(),
    onStoreFailure: () => undefined,
  })
  return {
    network,
    validatingDns,
    policyOf: (domain, options) => policies.policyOf(domain, options),
    resolverSetting: dns === undefined ? '[dns] resolver' : '--dns',
    helo,
    localMxOk,
    connectTimeout,
    isTrusted: (mx) => isTrustedHop(mx, settings.main.trustedNextHops),
    trusts: contexts.trusts,
    secureContext: (_mx, requirement) => contextOf(contexts, settings, requirement, outbound.tls),
    timeouts: checkTimeouts(settings),
    failureAction: settings.failure.action,
    ...(folder === null ? {} : { gateways: settings.gateways }),
  }
}

function resolversAt({ dns }: Settings, instead: string | undefined): readonly Resolver[] {
  if (instead === undefined) return resolversFor(dns.resolver)
  const resolvers = parseResolvers(instead)
  // What node:dns takes was checked before.
  return 'problem' in resolvers ? [] : resolvers
}

/** Checks many partners, some at a time, and shows on a terminal how far it is. @returns in the order of the requests */
export async function checkMany(
  { check }: Pick<Partners, 'check'>,
  questions: readonly CheckRequest[],
  concurrency: number,
  { stderr }: Terminal,
): Promise<PartnerCheck[]> {
  const limit = pLimit(concurrency)
  const shows = stderr.isTTY && questions.length > 1
  let done = 0
  const progress = (): void => {
    if (shows) stderr.write(`\r${done} of ${questions.length} partners checked`)
  }
  progress()
  try {
    return await Promise.all(
      questions.map((question) =>
        limit(async () => {
          const answer = await check(question)
          done++
          progress()
          return answer
        }),
      ),
    )
  } finally {
    // ECMA-48 EL: the line is the result's now.
    if (shows) stderr.write('\r\u001b[2K')
  }
}
