/**
 * What DNS says of DANE for the hosts of a check: the MX records, the addresses and the TLSA records of each. Takes a
 * bounded time and never rejects; what is not known by then is a failed look-up.
 */
import { isIP } from 'node:net'
import type { Dns } from '../dns/answer.js'
import type { Validation } from '../dns/validating-resolver.js'
import { hostOf, portOf } from '../delivery/next-hop.js'
import type { HarakaMx } from '../haraka/types.js'
import { lookUpTlsa, type HostTlsa } from '../published/dane/tlsa-look-up.js'
import { lookUpAddresses, type HostAddresses } from '../published/host-addresses.js'
import { lookUpMailHosts, type MailHosts } from '../published/mail-hosts.js'
import { TimeLimit } from './time-limit.js'
import type { CheckContext, CheckRequest } from './types.js'

/** What was found; or, as sentences, why nobody could be asked. */
export type DaneLookUp = DaneFacts | { readonly unasked: string }

export interface DaneFacts {
  /** `null` where the host was named instead of looked up. */
  readonly mx: MailHosts | null
  /** By `hostKey`; none for a host that is an IP address. */
  readonly hosts: ReadonlyMap<string, HostFacts>
}

export interface HostFacts {
  readonly addresses: HostAddresses
  readonly tlsa: HostTlsa
}

/** All look-ups of a check together, as long as one alone may take. In milliseconds. */
export const DNS_TIMEOUT = 12_000

const NOT_CHECKED = 'DANE and MTA-STS were not checked'

/** By what the facts of a host are found. */
export function hostKey(host: string): string {
  return host.toLowerCase()
}

/** Looks up what is published for these hosts, all at once. */
export async function lookUpDane(
  { domain, mx, signal }: Pick<CheckRequest, 'domain' | 'mx' | 'signal'>,
  resolved: readonly HarakaMx[],
  { validatingDns, resolverSetting }: Pick<CheckContext, 'validatingDns' | 'resolverSetting'>,
): Promise<DaneLookUp> {
  const limit = new TimeLimit(DNS_TIMEOUT, signal)
  const unasked = await whyUnasked({ validatingDns, resolverSetting }, limit)
  if (unasked !== null) return { unasked }
  const named = new Map(
    resolved
      .filter((each) => each.path === undefined && !isIP(hostOf(each)))
      .map((each) => [hostKey(hostOf(each)), portOf(each)]),
  )
  const [mailHosts, ...hosts] = await Promise.all([
    mx ? null : limit.inTime(lookUpMailHosts(validatingDns, domain)),
    ...[...named].map(async ([host, port]): Promise<[string, HostFacts]> => {
      const addresses = await limit.inTime(lookUpAddresses(validatingDns, host))
      return [host, { addresses, tlsa: await tlsaOf(validatingDns, addresses, port, limit) }]
    }),
  ])
  return { mx: mailHosts, hosts: new Map(hosts) }
}

/** Why nobody can be asked, as sentences; `null` where a resolver validates. */
export async function whyUnasked(
  { validatingDns, resolverSetting }: Pick<CheckContext, 'validatingDns' | 'resolverSetting'>,
  limit: TimeLimit,
): Promise<string | null> {
  const validations = await limit.inTime(validatingDns.validation())
  if ('kind' in validations) return `${NOT_CHECKED}: ${validations.why}.`
  return validations.some(({ validates }) => validates === true)
    ? null
    : formatUnasked(validations, resolverSetting)
}

async function tlsaOf(dns: Dns, addresses: HostAddresses, port: number, limit: TimeLimit): Promise<HostTlsa> {
  if (addresses.kind === 'failed') return addresses
  if (addresses.kind === 'no-address')
    return { kind: 'failed', why: `${addresses.host} has no address in DNS that DNSSEC proves` }
  return await limit.inTime(lookUpTlsa(dns, addresses, port))
}

function formatUnasked(validations: readonly Validation[], setting: string): string {
  const asked = validations.filter(({ resolver }) => resolver !== '')
  if (asked.length === 0) return `${NOT_CHECKED}: no resolver here validates DNSSEC. Set ${setting}.`
  const reasons = asked.map(({ resolver, why }) => `${resolver} ${why}`).join('; ')
  return `${NOT_CHECKED}: ${reasons}. Name a resolver that validates with ${setting}.`
}
