/** DNS for a process that is not Haraka, by the library that Haraka uses for DNS. */
import type { HarakaConfig } from '../haraka/types.js'
import type { MailNetwork } from './types.js'

/** Haraka waits longer, 25 s; whoever sits at a terminal does not. In milliseconds. */
const DNS_TIMEOUT = 10_000

/** DNS that is given back with `close`. */
export interface OwnNetwork extends MailNetwork {
  /** Cancels open queries. */
  readonly close: () => void
}

/**
 * Opens DNS. The library has one resolver, so there is one of these at a time.
 *
 * @param config of a Haraka folder, for its `net-utils.ini`
 * @param server address and port of the DNS server to use instead of the system's
 */
export async function openNetwork(
  config: HarakaConfig | null,
  server: string | undefined,
): Promise<OwnNetwork> {
  const { default: dnsConfig } = await import('haraka-net-utils/lib/dns_config.js')
  const ini = config?.get('net-utils.ini', 'ini') ?? {}
  const timeout = Math.min(Number(ini['dns']?.['timeout'] ?? DNS_TIMEOUT), DNS_TIMEOUT)
  // The resolver is made, with these settings, the first time that the other part of the library is loaded.
  dnsConfig.config = { get: () => ({ dns: { ...ini['dns'], timeout } }) } as unknown as HarakaConfig
  const { default: lookup } = await import('haraka-net-utils/lib/get_mx.js')
  const resolver = dnsConfig.getDnsResolver()
  if (server !== undefined) resolver.setServers([server])
  return {
    hostsOf: (domain) => lookup.get_mx(domain),
    addressesOf: (hosts) => lookup.resolve_mx_hosts(hosts),
    close: () => resolver.cancel(),
  }
}
