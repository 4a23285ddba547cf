/**
 * The addresses of an MX host, and whether DNS gives them securely. One family is enough: where A answers and the
 * look-up of AAAA fails, there is an address to go on with.
 */
import type { Dns, Failed, Found, None } from '../dns/answer.js'

export type HostAddresses = Addresses | NoAddress | Failed

export interface Addresses {
  readonly kind: 'addresses'
  /** The host as it was asked for. */
  readonly host: string
  /** What its CNAME records lead to, otherwise the host itself. */
  readonly name: string
  /** Whether a family's addresses, and the CNAME records on the way to them, are authentic by DNSSEC. */
  readonly authentic: boolean
  /** IPv6 first. */
  readonly addresses: readonly string[]
  /** Why one of the families is unknown; empty where both have answered. */
  readonly missing: string
  /** In seconds. */
  readonly ttl: number
}

export interface NoAddress {
  readonly kind: 'no-address'
  readonly host: string
  readonly authentic: boolean
  readonly ttl: number
}

/** Looks up the addresses of a host; never rejects. */
export async function lookUpAddresses(dns: Dns, host: string): Promise<HostAddresses> {
  const answers = await Promise.all([dns.ask(host, 'AAAA'), dns.ask(host, 'A')])
  const found = answers.filter((answer): answer is Found<'A' | 'AAAA'> => answer.kind === 'found')
  const failure = answers.find((answer): answer is Failed => answer.kind === 'failed')
  // An authentic answer decides which name counts; one that is not cannot take it back.
  const best = found.find(({ authentic }) => authentic) ?? found[0]
  if (best) {
    return {
      kind: 'addresses',
      host,
      name: best.name,
      authentic: best.authentic,
      addresses: found.flatMap(({ records }) => records),
      missing: failure?.why ?? '',
      ttl: Math.min(...found.map(({ ttl }) => ttl)),
    }
  }
  if (failure) return failure
  const none = answers.filter((answer): answer is None => answer.kind === 'none')
  const authentic = none.every((answer) => answer.authentic)
  return { kind: 'no-address', host, authentic, ttl: Math.min(...none.map(({ ttl }) => ttl)) }
}
