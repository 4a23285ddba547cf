/** Next hops that the operator counts as secure without TLS, such as a local LMTP socket. Pure. */
import type { HarakaMx } from '../haraka/types.js'

/**
 * Whether a next hop is on the list: by the path of its socket, by host, or by `host:port`. A host is
 * compared by its address and by the name that the address came from.
 */
export function isTrustedHop(mx: HarakaMx, trusted: readonly string[]): boolean {
  if (trusted.length === 0) return false
  if (mx.path) return trusted.includes(mx.path)
  const port = mx.port ?? (mx.using_lmtp ? 24 : 25)
  return [mx.exchange, mx.from_dns].some(
    (host) =>
      host !== undefined &&
      trusted.some(
        (entry) =>
          sameHost(entry, host) || sameHost(entry, `${host}:${port}`) || sameHost(entry, `[${host}]:${port}`),
      ),
  )
}

function sameHost(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
