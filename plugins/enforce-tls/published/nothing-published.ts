/** Whether a domain publishes anything about the TLS of its mail servers that counts. Pure. */
import type { DomainFacts } from './domain-facts.js'

/** `unknown` where a look-up fails. */
export type Publishes = 'nothing' | 'something' | 'unknown'

/**
 * What facts come to that were looked up for both DANE and MTA-STS. Of a policy with mode `none` nothing counts
 * (RFC 8461 section 5).
 */
export function publishes({ sts, mailHosts, hosts }: DomainFacts): Publishes {
  const hasPolicy = sts?.kind === 'policy' && sts.mode !== 'none'
  if (hasPolicy || hosts.some(({ tlsa }) => tlsa?.kind === 'usable' || tlsa?.kind === 'unusable'))
    return 'something'
  const isKnown =
    sts !== null &&
    sts.kind !== 'unknown' &&
    mailHosts !== null &&
    mailHosts.kind !== 'failed' &&
    hosts.every(({ tlsa }) => tlsa?.kind !== 'failed')
  return isKnown ? 'nothing' : 'unknown'
}
