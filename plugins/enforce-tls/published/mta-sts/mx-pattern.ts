/**
 * Patterns of MX hosts in an MTA-STS policy (RFC 8461 section 4.1): a host name, or `*.` and a domain, where the star
 * is exactly one label. Pure.
 */
import { isIP } from 'node:net'
import { domainName } from '../../dns/name.js'

const WILDCARD = '*.'

/** What a pattern is that is not valid, as in "it is …"; empty for a valid one. */
export function mxPatternProblem(pattern: string): string {
  if (isIP(pattern.replace(/^\[(?:ipv6:)?(.*)\]$/i, '$1').replace(/\.$/, '')))
    return 'an IP address, not a host name'
  const name = pattern.startsWith(WILDCARD) ? pattern.slice(WILDCARD.length) : pattern
  // The root is no host.
  return name !== '.' && domainName(name) !== null ? '' : 'not a host name, nor *. and a domain'
}

/** A valid pattern in the form in which it is compared. */
export function normalMxPattern(pattern: string): string {
  return pattern.toLowerCase().replace(/\.$/, '')
}

/**
 * The pattern that lists a host; `null` where none does.
 *
 * @param patterns as a policy has them
 * @param host the name of the MX host, as the MX record has it
 */
export function matchingMx(patterns: readonly string[], host: string): string | null {
  const name = domainName(host)
  if (name === null || isIP(name)) return null
  const dot = name.indexOf('.')
  const wildcard = dot > 0 ? `*${name.slice(dot)}` : null
  return patterns.find((pattern) => pattern === name || pattern === wildcard) ?? null
}
