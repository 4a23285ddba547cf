/** One `host:port` of a Redis, a Sentinel or a node of a Cluster. Pure; what is none is `null`. */

/** Where something listens. */
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
