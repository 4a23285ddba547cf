/**
 * Where a Redis is and how to log in there, from the `[redis]` settings, and the same without any secret,
 * fit for a log. Pure; a URL that can't be meant throws a `StoreError` that does not repeat it.
 */
import type { RedisSettings } from '../settings.js'
import { StoreError } from './rule-store.js'

/** The part of the client's options that says where and who. */
export interface RedisAddress {
  readonly host?: string
  readonly port?: number
  readonly path?: string
  readonly db: number
  readonly username?: string
  readonly password?: string
  readonly tls?: { readonly servername?: string }
}

const DEFAULT_PORT = 6379

/**
 * The address that settings mean. A unix socket goes before a URL, a URL before host and port; user,
 * password and database of a URL go before those of their own keys.
 *
 * @throws {StoreError} `STORE_UNAVAILABLE` for a URL that is not understood to its last part.
 */
export function addressOf(settings: RedisSettings): RedisAddress {
  const { path, url, tls } = settings
  const login = { ...given('username', settings.username), ...given('password', settings.password) }
  const base = { db: settings.db ?? 0, ...login }
  if (path !== undefined) return { ...base, path }
  if (url === undefined) return { ...base, ...endpoint(settings.host, settings.port, tls === true) }
  const parsed = parseUrl(url)
  const secure = tls === true || parsed.protocol === 'rediss:'
  return {
    ...base,
    ...(parsed.pathname.length > 1 ? { db: Number(parsed.pathname.slice(1)) } : {}),
    ...(parsed.username === '' ? {} : { username: decoded(parsed.username) }),
    ...(parsed.password === '' ? {} : { password: decoded(parsed.password) }),
    // An IPv6 address stands in brackets in a URL and without them everywhere else.
    ...endpoint(parsed.hostname.replace(/^\[(.*)\]$/, '$1'), Number(parsed.port || DEFAULT_PORT), secure),
  }
}

/** An address as a URL without user and password. */
export function shownAddress({ host = '', port = DEFAULT_PORT, path, db, tls }: RedisAddress): string {
  const place = path ?? `${host.includes(':') ? `[${host}]` : host}:${port}`
  const scheme = path === undefined ? (tls ? 'rediss' : 'redis') : 'unix'
  return `${scheme}://${place}${db === 0 ? '' : path === undefined ? `/${db}` : ` db ${db}`}`
}

function endpoint(host: string, port: number, secure: boolean): Partial<RedisAddress> {
  if (!secure) return { host, port }
  // RFC 6066 section 3: an address literal is no server name.
  return { host, port, tls: /^[\d.]+$|:/.test(host) ? {} : { servername: host } }
}

function parseUrl(url: string): URL {
  const expected =
    'expected: redis://user:password@host:port/database, or rediss:// for TLS; ' +
    'characters such as / ? # @ % in a password are written percent-encoded'
  const refused = (problem: string) =>
    new StoreError('STORE_UNAVAILABLE', `the URL of the Redis ${problem}; ${expected}`)
  if (!URL.canParse(url)) throw refused('is no URL')
  const parsed = new URL(url)
  if (!['redis:', 'rediss:'].includes(parsed.protocol))
    throw refused('does not begin with redis:// or rediss://')
  if (parsed.hostname === '') throw refused('names no host')
  if (!/^\/?\d{0,5}$/.test(parsed.pathname))
    throw refused('has something that is no database number behind the host')
  // Ignored silently, ?db=2 would read an empty database and let all mail pass.
  if (parsed.search !== '' || parsed.hash !== '') throw refused('has parts behind ? or #')
  return parsed
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V })
}
