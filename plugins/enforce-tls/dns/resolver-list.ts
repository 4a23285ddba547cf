/**
 * Which resolvers are asked: those that the settings name, otherwise the loopback ones of resolv.conf. A resolver on
 * another machine is never taken from there: whoever is between could forge its word that an answer is authentic.
 */
import { readFileSync } from 'node:fs'
import { isIP, isIPv6 } from 'node:net'
import { quote } from '../text/quote.js'

const PORT = 53

/** A resolver that is trusted to validate. */
export interface Resolver {
  /** An IP address, without brackets. */
  readonly address: string
  readonly port: number
}

/** As people write it: `127.0.0.1:53`, `[::1]:53`. */
export function formatResolver({ address, port }: Resolver): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`
}

/**
 * The resolvers to ask: those that are set, otherwise the loopback ones of this machine, which may be none.
 *
 * @param set those of the setting, none where it is not set
 */
export function resolversFor(set: readonly Resolver[], resolvConf = '/etc/resolv.conf'): readonly Resolver[] {
  if (set.length > 0) return set
  try {
    return loopbackResolvers(readFileSync(resolvConf, 'utf8'))
  } catch {
    // Nobody else may be asked in its place.
    return []
  }
}

/**
 * Reads a list such as `127.0.0.1, [::1]:5353`, separated by commas or blanks, port 53 where none is given; or says
 * what is wrong with it.
 */
export function parseResolvers(list: string): readonly Resolver[] | { readonly problem: string } {
  const resolvers: Resolver[] = []
  for (const entry of list.split(/[\s,]+/).filter((part) => part !== '')) {
    const resolver = parseResolver(entry)
    if (!resolver) {
      const problem = `${quote(entry)} is not the address of a resolver: write an IP address, with a port where it is not 53, such as 127.0.0.1:5353 or [::1]:5353`
      return { problem }
    }
    resolvers.push(resolver)
  }
  return resolvers
}

function parseResolver(entry: string): Resolver | null {
  if (isIP(entry)) return { address: entry, port: PORT }
  const [, inBrackets, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(entry) ?? []
  const address = inBrackets ?? plain ?? ''
  const port = digits === undefined ? PORT : Number(digits)
  if (isIP(address) !== (inBrackets === undefined ? 4 : 6) || port < 1 || port > 65_535) return null
  return { address, port }
}

/** The loopback resolvers of a resolv.conf, in its order. */
export function loopbackResolvers(resolvConf: string): readonly Resolver[] {
  return resolvConf
    .split('\n')
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? '')
    .filter((address) => address === '::1' || (isIP(address) === 4 && address.startsWith('127.')))
    .map((address) => ({ address, port: PORT }))
}
