/**
 * Which TLSA records vouch for an MX host, as Postfix looks for them (`tls_dane_resolve`; RFC 7672 section 2.2): only
 * for a host whose address is authentic, so that servers of unsigned zones are not asked what they cannot answer; first
 * for the name that the host's CNAME records lead to, then for the host itself.
 */
import type { Dns, Failed } from '../../dns/answer.js'
import type { Addresses } from '../host-addresses.js'
import { tlsaSet, type TlsaSet } from './tlsa-set.js'

export type HostTlsa = PublishedTlsa | NoTlsa | Failed

export interface PublishedTlsa {
  /** Without a usable record a host counts as published, and cannot be authenticated. */
  readonly kind: 'usable' | 'unusable'
  /** The TLSA base domain: what the server is asked for (SNI), and a name that its certificate may bear. */
  readonly base: string
  readonly set: TlsaSet
  /** In seconds. */
  readonly ttl: number
}

export interface NoTlsa {
  readonly kind: 'none'
  /** The address is not authentic; there are no records; or records, but not authentic ones. */
  readonly reason: 'insecure-address' | 'no-records' | 'insecure-records'
  readonly ttl: number
}

/**
 * Looks up the TLSA records of a host; never rejects.
 *
 * @param addresses what DNS says of the host's addresses
 * @param port the port of the connection; 25 as a rule
 */
export async function lookUpTlsa(dns: Dns, addresses: Addresses, port: number): Promise<HostTlsa> {
  const { host, name } = addresses
  let { ttl } = addresses
  const bases = addresses.authentic ? [...new Set([name, host])] : await secureAlias(dns, addresses)
  if ('kind' in bases) return bases
  if (bases.length === 0) return { kind: 'none', reason: 'insecure-address', ttl }
  let reason: NoTlsa['reason'] = 'no-records'
  for (const base of bases) {
    const answer = await dns.ask(`_${port}._tcp.${base}`, 'TLSA')
    // The second name must not be asked: the first may have records that say otherwise.
    if (answer.kind === 'failed') return answer
    ttl = Math.min(ttl, answer.ttl)
    if (answer.kind === 'none') continue
    if (!answer.authentic) {
      reason = 'insecure-records'
      continue
    }
    const set = tlsaSet(base, answer.records)
    return { kind: set.usable.length > 0 ? 'usable' : 'unusable', base, set, ttl }
  }
  return { kind: 'none', reason, ttl }
}

/**
 * The host itself, where its address is not authentic but its CNAME record is: a signed name may lead into an unsigned
 * zone and still have TLSA records.
 */
async function secureAlias(dns: Dns, { host, name }: Addresses): Promise<readonly string[] | Failed> {
  if (name === host) return []
  const answer = await dns.ask(host, 'CNAME')
  if (answer.kind === 'failed') return answer
  if (answer.kind === 'none')
    return { kind: 'failed', why: `${host} had a CNAME record a moment ago and has none now` }
  return answer.authentic ? [host] : []
}
