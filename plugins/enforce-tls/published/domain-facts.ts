/**
 * What is known of a domain before its mail servers are asked: its MX records, its MTA-STS policy, and the addresses and
 * TLSA records of its hosts, as far as requirements ask for them. Takes a bounded time and never rejects: what is
 * not known is `failed`.
 */
import { isIP } from 'node:net'
import type { Dns } from '../dns/answer.js'
import type { PublishedDemand } from '../rules/requirement.js'
import { lookUpTlsa, type HostTlsa } from './dane/tlsa-look-up.js'
import { lookUpAddresses, type HostAddresses } from './host-addresses.js'
import { lookUpMailHosts, type MailHosts } from './mail-hosts.js'
import type { StsAnswer } from './mta-sts/sts-policies.js'

/** Where it is asked. */
export interface PublishedSources {
  readonly dns: Dns
  /** The policy of a domain. Never rejects. */
  readonly policyOf: (domain: string, options?: { readonly urgent?: boolean }) => Promise<StsAnswer>
}

/** A host that is known by other means than MX records. */
export interface NamedHost {
  /** A name or an address; `null` for a socket. */
  readonly host: string | null
  readonly port: number
}

export interface DomainFacts {
  /** Of the recipients. */
  readonly domain: string
  /** `null` where the hosts were named instead of looked up: the operator's word counts. */
  readonly mailHosts: MailHosts | null
  /** `null` where no demand asks for it. */
  readonly sts: StsAnswer | null
  /** Whether a demand asks for DANE. */
  readonly dane: boolean
  /** In the order of MX records, or as they were named. */
  readonly hosts: readonly HostFacts[]
}

export interface HostFacts {
  /** `null` for an address or a socket. */
  readonly name: string | null
  readonly port: number
  /** Of its MX record. */
  readonly preference: number
  /** `null` where there is no name. */
  readonly addresses: HostAddresses | null
  /** `null` where there is no name, or no demand asks for DANE. */
  readonly tlsa: HostTlsa | null
}

export interface FactsRequest {
  readonly domain: string
  readonly demands: readonly PublishedDemand[]
  /** Instead of those of the MX records. */
  readonly named: readonly NamedHost[] | null
  /** Fetches a policy again though it holds: before mail is given up because of it. */
  readonly urgent: boolean
}

/** What a domain with more MX hosts would have looked up; those of the least preference are left out. */
const HOSTS_MAX = 40
const SMTP_PORT = 25

/** Looks everything up that the demands ask for. */
export async function lookUpFacts(
  { dns, policyOf }: PublishedSources,
  { domain, demands, named, urgent }: FactsRequest,
): Promise<DomainFacts> {
  const dane = demands.some(({ by }) => by !== 'mta-sts')
  const policy = demands.some(({ by }) => by !== 'dane') ? policyOf(domain, { urgent }) : null
  const mailHosts = named ? null : await lookUpMailHosts(dns, domain)
  const listed =
    mailHosts?.kind === 'hosts'
      ? mailHosts.hosts.map(({ host, preference }) => ({ host, preference, port: SMTP_PORT }))
      : []
  const wanted = named ? named.map((each) => ({ ...each, preference: 0 })) : listed
  const hosts = await Promise.all(
    wanted
      .slice(0, HOSTS_MAX)
      .map(({ host, port, preference }) => factsOf(dns, host, { port, preference }, dane)),
  )
  return { domain, mailHosts, sts: await policy, dane, hosts }
}

async function factsOf(
  dns: Dns,
  host: string | null,
  about: Pick<HostFacts, 'port' | 'preference'>,
  dane: boolean,
): Promise<HostFacts> {
  if (host === null || isIP(host)) return { ...about, name: null, addresses: null, tlsa: null }
  const addresses = await lookUpAddresses(dns, host)
  if (!dane) return { ...about, name: host, addresses, tlsa: null }
  return { ...about, name: host, addresses, tlsa: await tlsaOf(dns, addresses, about.port) }
}

async function tlsaOf(dns: Dns, addresses: HostAddresses, port: number): Promise<HostTlsa> {
  if (addresses.kind === 'addresses') return await lookUpTlsa(dns, addresses, port)
  if (addresses.kind === 'failed') return addresses
  return { kind: 'failed', why: `${addresses.host} has no address` }
}
