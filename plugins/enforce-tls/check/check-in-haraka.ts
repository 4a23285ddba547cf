/** A check of a partner as a delivery of the running Haraka would find its servers. */
import type { GuardContext } from '../delivery/guard-context.js'
import type { OpenSources } from './partner-sources.js'
import { isTrustedHop } from '../delivery/next-hop.js'
import type { HarakaRuntime } from '../haraka/runtime.js'
import type { Settings } from '../settings/types.js'
import { checkPartner, checkTimeouts } from './partner-check.js'
import type { CheckRequest, PartnerCheck } from './types.js'

/** Checks with its DNS, its name and its TLS settings. Total. */
export function checkInHaraka(
  request: CheckRequest,
  { outboundConfig, outbound, name }: HarakaRuntime,
  settings: Settings,
  { secureContext, trusts }: Pick<GuardContext, 'secureContext' | 'trusts'>,
  sources: OpenSources,
): Promise<PartnerCheck> {
  const { trustedNextHops } = settings.main
  return checkPartner(request, {
    network: { hostsOf: outbound.net_utils.get_mx, addressesOf: outbound.net_utils.resolve_mx_hosts },
    validatingDns: sources.dns,
    policyOf: sources.policyOf,
    resolverSetting: '[dns] resolver',
    helo: name,
    isTrusted: (mx) => isTrustedHop(mx, trustedNextHops),
    trusts: trusts(),
    secureContext,
    localMxOk: outboundConfig.local_mx_ok,
    connectTimeout: Number(outboundConfig.connect_timeout) * 1000,
    timeouts: checkTimeouts(settings),
    failureAction: settings.failure.action,
    gateways: settings.gateways,
  })
}
