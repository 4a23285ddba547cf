/**
 * Whether the DNS resolvers validate DNSSEC: those of the settings, and without them those of this machine if a rule
 * needs one. Nothing is asked otherwise.
 */
import { DnsClient } from '../dns/client.js'
import { resolversFor } from '../dns/resolver-list.js'
import type { Validation } from '../dns/validating-resolver.js'
import { listed, numbered } from '../text/list.js'
import type { Surroundings } from './context.js'

const RULES_NAMED = 3

/** Asks each resolver; never rejects. @param rules those that need one */
export async function resolverState(
  { settings: { dns } }: Pick<Surroundings, 'settings'>,
  rules: readonly string[],
): Promise<readonly Validation[]> {
  if (dns.resolver.length === 0 && rules.length === 0) return []
  return await new DnsClient(resolversFor(dns.resolver)).validation()
}

/** A line for each. */
export function formatResolvers(resolvers: readonly Validation[]): string[] {
  return resolvers.map(({ resolver, validates, why }) =>
    validates === true ? `${resolver} validates DNSSEC` : [resolver, why].filter(Boolean).join(' '),
  )
}

/** What is to be mended. */
export function resolverWarnings(resolvers: readonly Validation[], rules: readonly string[]): string[] {
  const failing = resolvers.filter(({ validates }) => validates !== true)
  const warnings = failing
    .filter(({ resolver }) => resolver !== '')
    .map(({ resolver, why }) => `DNS resolver ${resolver} ${why}; it is not used until it validates DNSSEC`)
  if (rules.length === 0 || failing.length < resolvers.length) return warnings
  const more = rules.length - RULES_NAMED
  const named = listed([...rules.slice(0, RULES_NAMED), ...(more > 0 ? [numbered(more, 'other rule')] : [])])
  return [
    ...warnings,
    `no DNS resolver validates DNSSEC, so mail that needs it waits: see the ${rules.length === 1 ? 'rule' : 'rules'} ${named}. Set [dns] resolver to one that does`,
  ]
}
