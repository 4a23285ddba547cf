/**
 * Which policy holds for a destination, as Postfix has it (`smtp_requiretls_policy`, 3.11): the first line of the settings
 * that fits, then what is internal as a rule, then the policy for all others. Postfix counts every address as internal;
 * here a public one is not, since mail to it leaves the operator's own networks. A destination is the domain of the recipients,
 * or the host that a plugin names as the next hop. Pure.
 */
import { isIP } from 'node:net'
import type { HarakaMx } from '../haraka/types.js'
import { comparableDomain } from '../rules/address.js'
import { isInNetworks, isNetwork } from '../settings/network.js'
import {
  REQUIRETLS_POLICIES,
  type RequireTlsPolicy,
  type RequireTlsSettings,
} from '../settings/requiretls.js'

/** What is known of policies. */
export interface PolicyContext {
  readonly settings: Pick<RequireTlsSettings, 'policy' | 'policyFor'>
  /** This server's own name, and the domains that it is the end of (`host_list`); in lower case. */
  readonly own: readonly string[]
}

/** Loopback, private use (RFC 1918), link-local and unique local addresses (RFC 4193): nobody else can be reached by them. */
const INTERNAL = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '::1',
  'fe80::/10',
  'fc00::/7',
]

/** The policy for mail to a domain, as it stands in the envelope. */
export function policyForDomain(domain: string, context: PolicyContext): RequireTlsPolicy {
  return policyOf(destinationOf(domain), context) ?? context.settings.policy
}

/**
 * Whether a domain of recipients is an address (RFC 5321 section 4.1.3): nothing can be published for it, nor can DNS
 * name another host for it.
 */
export function isAddress(domain: string): boolean {
  return isIP(destinationOf(domain)) !== 0
}

/**
 * The policy for mail to hosts that a plugin has named: of several, the strictest, since the message may come to each.
 *
 * @param otherwise for those that nothing is said of
 */
export function policyForHosts(
  hosts: readonly HarakaMx[],
  otherwise: RequireTlsPolicy,
  context: PolicyContext,
): RequireTlsPolicy {
  const found = hosts.map((mx) => policyOfHost(mx, context) ?? otherwise)
  return REQUIRETLS_POLICIES.find((each) => found.includes(each)) ?? otherwise
}

function policyOfHost(mx: HarakaMx, context: PolicyContext): RequireTlsPolicy | null {
  // A socket leaves this machine as little as an address of it does; LMTP is for mailboxes (`lmtp_requiretls_policy`).
  if (mx.path !== undefined || mx.using_lmtp) return policyOf('localhost', context)
  return policyOf(destinationOf(mx.from_dns ?? mx.exchange ?? ''), context)
}

function policyOf(destination: string, { settings, own }: PolicyContext): RequireTlsPolicy | null {
  const line = settings.policyFor.find((each) => fits(each.destination, destination))
  if (line) return line.policy
  const isInternal = isIP(destination)
    ? isInNetworks(destination, INTERNAL)
    : destination === 'localhost' || own.includes(destination)
  return isInternal ? 'opportunistic' : null
}

function fits(pattern: string, destination: string): boolean {
  if (isNetwork(pattern)) return isIP(destination) !== 0 && isInNetworks(destination, [pattern])
  return pattern.startsWith('.') ? destination.endsWith(pattern) : destination === pattern
}

/** A domain or an address; an address literal (RFC 5321 section 4.1.3) is the address in it. */
function destinationOf(text: string): string {
  const [, literal] = /^\[(?:IPv6:)?([^\]]*)\]$/i.exec(text) ?? []
  return literal === undefined ? comparableDomain(text) : literal
}
