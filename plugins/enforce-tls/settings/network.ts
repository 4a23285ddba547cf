/** Addresses, networks and ports as settings name them, and who may say who a client is. Pure. */
import { BlockList, isIP, isIPv6 } from 'node:net'
import { NO } from './values.js'

/** Whether a text is an address, or a network in CIDR notation. */
export function isNetwork(text: string): boolean {
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = isIP(address)
  return family !== 0 && Number(prefix ?? 0) <= (family === 4 ? 32 : 128)
}

/** Whether an address is in one of these networks. */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  const list = new BlockList()
  for (const network of networks) {
    const [net = '', prefix] = network.split('/')
    if (prefix === undefined) list.addAddress(net, familyOf(net))
    else list.addSubnet(net, Number(prefix), familyOf(net))
  }
  return list.check(address, familyOf(address))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}

/** Networks that express knows by name. */
const NAMED = ['loopback', 'linklocal', 'uniquelocal']

/** What `[console] trust_proxy` says of who may say who a client is; `null` for a text that says nothing. Everybody, `true`, is no answer. */
export function trustedProxies(text: string): false | number | readonly string[] | null {
  if (NO.includes(text)) return false
  if (/^\d{1,2}$/.test(text)) return Number(text)
  const addresses = text.split(',').map((part) => part.trim())
  return addresses.every((address) => NAMED.includes(address) || isNetwork(address)) ? addresses : null
}

/** Where a Redis, a Sentinel or a node of a Cluster listens. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/**
 * Takes `host`, `host:port`, `[::1]:port` or `::1` apart.
 *
 * @param otherwise the port where none is given
 */
export function parseEndpoint(text: string, otherwise: number): Endpoint | null {
  const parts =
    /^\[([\da-f:.]+)\](?::(\d{1,5}))?$/i.exec(text) ??
    /^([\w.-]+)(?::(\d{1,5}))?$/.exec(text) ??
    /^([\da-f]*:[\da-f]*:[\da-f:.]*)$/i.exec(text)
  const [, host, port = String(otherwise)] = parts ?? []
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return null
  return { host, port: Number(port) }
}

/** An endpoint as text; an IPv6 address stands in brackets. */
export function shownEndpoint({ host, port }: Endpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
