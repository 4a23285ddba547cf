/** Where a request comes from, as tries to sign in are counted. Pure. */
import { isIP } from 'node:net'

/**
 * An IPv4 address, or the network of an IPv6 address: whoever has one of its addresses usually has all of its /64
 * (RFC 6177). What is no address, since a proxy may send anything, counts as one.
 */
export function networkOf(address: string): string {
  const [bare = ''] = address.split('%', 1)
  if (isIP(bare) === 4) return bare
  if (isIP(bare) !== 6) return 'unknown'
  const parts = partsOf(bare)
  // ::ffff:192.0.2.1 (RFC 4291 section 2.5.5.2).
  if (parts.slice(0, 5).every((part) => part === 0) && parts[5] === 0xffff) {
    const [high = 0, low = 0] = parts.slice(6)
    return [high >> 8, high & 255, low >> 8, low & 255].join('.')
  }
  const network = parts.slice(0, 4).map((part) => part.toString(16))
  return `${network.join(':')}::/64`
}

/** The eight parts of an IPv6 address. */
function partsOf(address: string): number[] {
  // In its shortest spelling, without IPv4 in it (WHATWG URL).
  const { hostname } = new URL(`http://[${address}]`)
  const [before = '', after] = hostname.slice(1, -1).split('::', 2)
  const read = (text: string) => (text === '' ? [] : text.split(':').map((part) => parseInt(part, 16)))
  const [head, tail] = [read(before), read(after ?? '')]
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}
