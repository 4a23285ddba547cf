/** Which hosts take a domain's mail, and whether DNS says so securely. A look-up that fails is `failed`. */
import { isIP } from 'node:net'
import type { Dns, Failed } from '../dns/answer.js'

export type MailHosts = Hosts | NoMail | Failed

export interface Hosts {
  readonly kind: 'hosts'
  /** The domain, or what its CNAME records lead to. */
  readonly name: string
  /** Whether the list is authentic by DNSSEC. */
  readonly authentic: boolean
  /** By preference; hosts of the same preference in the order of the answer. */
  readonly hosts: readonly { readonly preference: number; readonly host: string }[]
  /** The domain has no MX records and is its own host (RFC 5321 section 5.1). */
  readonly implicit: boolean
  /** In seconds. */
  readonly ttl: number
}

export interface NoMail {
  readonly kind: 'no-mail'
  /** The domain does not exist, or says that it takes no mail (RFC 7505). */
  readonly reason: 'no-such-domain' | 'null-mx'
  readonly authentic: boolean
  readonly ttl: number
}

/** Looks up the MX records of a domain; never rejects. */
export async function lookUpMailHosts(dns: Dns, domain: string): Promise<MailHosts> {
  const answer = await dns.ask(domain, 'MX')
  if (answer.kind === 'failed') return answer
  const { name, authentic, ttl } = answer
  if (answer.kind === 'none') {
    if (answer.reason === 'no-such-name') return { kind: 'no-mail', reason: 'no-such-domain', authentic, ttl }
    return { kind: 'hosts', name, authentic, hosts: [{ preference: 0, host: name }], implicit: true, ttl }
  }
  if (answer.records.every(({ exchange }) => exchange === '.'))
    return { kind: 'no-mail', reason: 'null-mx', authentic, ttl }
  const hosts = answer.records
    .filter(({ exchange }) => exchange !== '.' && !isIP(exchange))
    .map(({ preference, exchange }) => ({ preference, host: exchange }))
    .toSorted((a, b) => a.preference - b.preference)
  if (hosts.length === 0)
    return { kind: 'failed', why: `the MX records of ${domain} name IP addresses, not hosts` }
  return { kind: 'hosts', name, authentic, hosts, implicit: false, ttl }
}
