/** Whether a host that DNS named is the machine that this runs on, by the addresses that Haraka's library knows. */
import { isIPv4, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import ip from 'haraka-net-utils/lib/ip.js'
import type { HarakaMx } from './types.js'

/** Haraka asks a STUN server besides, for the address outside a NAT; a check asks nobody else. */
export function isThisMachine({ exchange = '', from_dns }: HarakaMx): boolean {
  return from_dns !== undefined && isOwnAddress(exchange)
}

/** Whether an IP address is one of this machine. */
export function isOwnAddress(ipAddress: string): boolean {
  if (isIPv4(ipAddress) && ip.is_local_ipv4(ipAddress)) return true
  if (isIPv6(ipAddress) && ip.is_local_ipv6(ipAddress)) return true
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === ipAddress),
  )
}
