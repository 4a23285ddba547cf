/** Whether the DNS resolvers of the settings validate DNSSEC. Nothing is asked where none is set. */
import { DnsClient } from '../dns/client.js'
import type { Validation } from '../dns/validating-resolver.js'
import type { Surroundings } from './context.js'

/** Asks each resolver of `[dns] resolver`; never rejects. */
export async function resolverState({
  settings: { dns },
}: Pick<Surroundings, 'settings'>): Promise<readonly Validation[]> {
  return dns.resolver.length === 0 ? [] : await new DnsClient(dns.resolver).validation()
}

/** A line for each. */
export function formatResolvers(resolvers: readonly Validation[]): string[] {
  return resolvers.map(({ resolver, validates, why }) =>
    validates === true ? `${resolver} validates DNSSEC` : `${resolver} ${why}`,
  )
}

/** What is to be mended; DANE is all that needs them. */
export function resolverWarnings(resolvers: readonly Validation[]): string[] {
  return resolvers
    .filter(({ validates }) => validates !== true)
    .map(
      ({ resolver, why }) =>
        `[dns] resolver ${resolver} ${why}; it is not asked about DANE until it validates DNSSEC`,
    )
}
