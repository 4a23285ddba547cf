/**
 * The next hop of a delivery: what names it, what it is called, where it is, and whether it needs TLS at all. A plugin
 * may answer anything to the hook `get_mx`: Haraka makes hosts of texts, URLs and objects, and throws at the rest.
 * Pure.
 */
import type { HarakaMx } from '../haraka/types.js'

/** The host's name; an address or a socket path where it has none. */
export function hostOf(mx: HarakaMx): string {
  return mx.path ?? mx.from_dns ?? mx.exchange ?? 'unknown'
}

/** How a domain says that it takes no mail. */
export const NULL_MX: HarakaMx = { exchange: '', priority: 0 }

/**
 * The hosts that have a name, without a final dot: in DNS it ends a name, in TLS and logs it is none of it. RFC 7505 section 3 has a nameless MX stand alone and with preference 0; one beside
 * others, or with another preference, is a mistake and names nobody, where Haraka would connect to this machine.
 *
 * @returns a null MX where none has a name
 */
export function withName(hosts: readonly HarakaMx[]): HarakaMx[] {
  const named = hosts.map(withoutDot).filter(({ exchange, path }) => path !== undefined || exchange !== '')
  return named.length === 0 && hosts.length > 0 ? [NULL_MX] : named
}

function withoutDot(mx: HarakaMx): HarakaMx {
  const bare = (name: string | undefined) => name?.replace(/\.$/, '')
  const [exchange, from_dns] = [bare(mx.exchange), bare(mx.from_dns)]
  if (exchange === mx.exchange && from_dns === mx.from_dns) return mx
  return copyOf(mx, {
    ...(exchange === undefined ? {} : { exchange }),
    ...(from_dns === undefined ? {} : { from_dns }),
  })
}

/** A next hop of the same kind, with some changes: plugins may hold on to theirs. */
export function copyOf(mx: HarakaMx, changes: Readonly<Partial<Record<keyof HarakaMx, unknown>>>): HarakaMx {
  const copy = Object.create(Object.getPrototypeOf(mx) as object | null) as HarakaMx
  return Object.assign(copy, mx, changes)
}

/** Where the connection goes: address and port, or a socket path. */
export function placeOf(mx: HarakaMx): string {
  if (mx.path) return mx.path
  return mx.exchange?.includes(':') ? `[${mx.exchange}]:${portOf(mx)}` : `${mx.exchange ?? ''}:${portOf(mx)}`
}

/**
 * Whether the operator counts a next hop as secure without TLS: by the path of its socket, by host, or by
 * `host:port`. A host is compared by its address and by the name that the address came from.
 */
export function isTrustedHop(mx: HarakaMx, trusted: readonly string[]): boolean {
  if (trusted.length === 0) return false
  if (mx.path) return trusted.includes(mx.path)
  const names = [mx.exchange, mx.from_dns]
    .filter((host) => host !== undefined)
    .flatMap((host) => [host, `${host}:${portOf(mx)}`, `[${host}]:${portOf(mx)}`])
  return trusted.some((entry) => names.some((name) => comparable(name) === comparable(entry)))
}

/** In lower case, and without the dot that ends a name in DNS. */
function comparable(hop: string): string {
  return hop.toLowerCase().replace(/\.(?=$|:\d+$)/, '')
}

/** The port; Haraka's own default where none is set. */
export function portOf(mx: HarakaMx): number {
  return mx.port ?? (mx.using_lmtp ? 24 : 25)
}

/** The port of a place; `null` for a socket. */
export function portIn(place: string): number | null {
  const [, port] = /^[^/].*:(\d+)$/.exec(place) ?? []
  return port === undefined ? null : Number(port)
}

/** What of it names a host, in its order and as the plugin has it. */
export function usableHosts(answer: unknown): unknown[] {
  const all: unknown[] = Array.isArray(answer) ? answer : [answer]
  return all.filter((each) => (typeof each === 'string' ? isHostText(each) : isHostObject(each)))
}

/** What a plugin named that names no host, as the end of a sentence; it may hold a password, so it is not quoted. */
export function whatItNamed(answer: unknown): string {
  if (answer === null || answer === undefined || answer === '')
    return `answered OK and named none (${answer === '' ? 'an empty text' : String(answer)})`
  if (Array.isArray(answer))
    return answer.length === 0
      ? 'answered OK and named none (an empty list)'
      : 'answered OK with a list in which nothing is a host'
  return `answered OK with something that is not a host (${typeof answer})`
}

/** As Haraka distinguishes a URL from a host. */
function isHostText(text: string): boolean {
  if (!/mtp:\/\//.test(text)) return text.trim() !== ''
  return URL.canParse(text) && new URL(text).hostname !== ''
}

function isHostObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { exchange, path, port } = value as Readonly<Record<string, unknown>>
  return (typeof exchange === 'string' || (typeof path === 'string' && path !== '')) && isPort(port)
}

function isPort(port: unknown): boolean {
  if (port === undefined || port === null) return true
  const number = typeof port === 'string' && port.trim() !== '' ? Number(port) : port
  return typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= 65_535
}
