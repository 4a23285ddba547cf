/**
 * Where a Redis is and how to log in there, from the `[redis]` settings, and the same without any secret, fit for a
 * log. A URL is `redis://` for a single one, `redis+sentinel://` and `redis+cluster://` with several hosts, `rediss`
 * for TLS. Pure; one that is not valid throws a `StoreError` that does not repeat it.
 */
import type { RedisSettings } from '../../settings/redis.js'
import { parseEndpoint, shownEndpoint, type Endpoint } from '../../settings/network.js'
import { given } from '../../settings/values.js'
import { StoreError } from '../rule-store.js'

/** The part of the client's options that says where and who; `cluster` and `sentinels` are there or not. */
export interface RedisAddress {
  readonly host?: string
  readonly port?: number
  readonly path?: string
  readonly sentinels?: readonly Endpoint[]
  /** What the Sentinels call the master. */
  readonly name?: string
  readonly sentinelUsername?: string
  readonly sentinelPassword?: string
  readonly cluster?: readonly Endpoint[]
  readonly db: number
  readonly username?: string
  readonly password?: string
  readonly tls?: { readonly servername?: string }
}

const DEFAULT_PORTS = { server: 6379, sentinel: 26_379, cluster: 6379 }

/**
 * The address that settings mean. A unix socket goes before a URL, a URL before host and port; user,
 * password and database of a URL go before those of their own keys.
 *
 * @throws {StoreError} `STORE_UNAVAILABLE` for a URL that is not understood to its last part.
 */
export function addressOf(settings: RedisSettings): RedisAddress {
  const { path, url, sentinels, cluster } = settings
  const login = { ...given('username', settings.username), ...given('password', settings.password) }
  const base = { db: settings.db ?? 0, ...login }
  if (path !== undefined) return { ...base, path }
  if (url !== undefined) return addressOfUrl(url, base, settings)
  const secure = settings.tls === true
  if (sentinels !== undefined) {
    const hosts = endpoints(sentinels, DEFAULT_PORTS.sentinel)
    return { ...base, ...sentinelPart(hosts, settings.name ?? '', settings), ...tlsPart(secure, settings) }
  }
  if (cluster !== undefined)
    return { ...base, cluster: endpoints(cluster, DEFAULT_PORTS.cluster), ...tlsPart(secure, settings) }
  const { host, port } = settings
  return { ...base, host, port, ...tlsPart(secure, settings, host) }
}

function addressOfUrl(url: string, base: RedisAddress, settings: RedisSettings): RedisAddress {
  const { kind, secure: scheme, hosts, name, username, password, db } = parseRedisUrl(url)
  const secure = scheme || settings.tls === true
  const login = { ...given('username', username), ...given('password', password), ...given('db', db) }
  const own = { ...base, ...login }
  if (kind === 'sentinel')
    return { ...own, ...sentinelPart(hosts, name ?? '', settings), ...tlsPart(secure, settings) }
  if (kind === 'cluster') {
    if (own.db !== 0)
      throw new StoreError('STORE_UNAVAILABLE', 'a Redis Cluster has only database 0; leave out db')
    return { ...own, cluster: hosts, ...tlsPart(secure, settings) }
  }
  const [{ host, port } = { host: '', port: DEFAULT_PORTS.server }] = hosts
  return { ...own, host, port, ...tlsPart(secure, settings, host) }
}

/** An address as a URL without user and password. */
export function shownAddress({
  host = '',
  port = DEFAULT_PORTS.server,
  path,
  db,
  tls,
  ...many
}: RedisAddress): string {
  if (path !== undefined) return `unix://${path}${db === 0 ? '' : ` db ${db}`}`
  const { sentinels, cluster, name = '' } = many
  const scheme = `${tls ? 'rediss' : 'redis'}${sentinels ? '+sentinel' : cluster ? '+cluster' : ''}`
  const hosts = (sentinels ?? cluster ?? [{ host, port }]).map(shownEndpoint).join()
  return `${scheme}://${hosts}${sentinels ? `/${name}` : ''}${db === 0 ? '' : `/${db}`}`
}

function endpoints(texts: readonly string[], port: number): Endpoint[] {
  return texts.flatMap((text) => parseEndpoint(text, port) ?? [])
}

function sentinelPart(
  sentinels: readonly Endpoint[],
  name: string,
  { sentinelUsername, sentinelPassword }: RedisSettings,
): Partial<RedisAddress> {
  return {
    sentinels,
    name,
    ...given('sentinelUsername', sentinelUsername),
    ...given('sentinelPassword', sentinelPassword),
  }
}

/** @param host the only one; where there are several, each is held to its own name */
function tlsPart(
  secure: boolean,
  { tlsServername }: RedisSettings,
  host?: string,
): Pick<RedisAddress, 'tls'> {
  if (!secure) return {}
  // RFC 6066 section 3: an address literal is no server name.
  const own = host === undefined || /^[\d.]+$|:/.test(host) ? undefined : host
  return { tls: given('servername', tlsServername ?? own) }
}

/** What a URL says. */
interface RedisUrl {
  readonly kind: 'server' | 'sentinel' | 'cluster'
  readonly secure: boolean
  readonly username?: string
  readonly password?: string
  /** At least one. */
  readonly hosts: readonly Endpoint[]
  /** What Sentinels call the master. */
  readonly name?: string
  readonly db?: number
}

const EXPECTED = {
  server: 'redis://user:password@host:port/database',
  sentinel: 'redis+sentinel://user:password@host:port,host:port/name/database',
  cluster: 'redis+cluster://user:password@host:port,host:port',
}

/** Scheme, login, hosts and path; what follows ? or # is a part of its own so that it can be refused. */
const SHAPE = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/?#]*)@)?([^@/?#]*)(\/[^?#]*)?([?#].*)?$/i

/**
 * Takes a URL apart.
 *
 * @throws {StoreError} `STORE_UNAVAILABLE` for one that is not understood to its last part.
 */
function parseRedisUrl(url: string): RedisUrl {
  const parts = SHAPE.exec(url)
  if (!parts) {
    const known = /^rediss?(\+sentinel|\+cluster)?:\/\//i.test(url)
    throw refused('server', known ? 'is not a URL' : 'does not begin with redis:// or rediss://')
  }
  const [, scheme = '', type = 'server', login, hosts = '', path = '', rest] = parts
  const kind = type.toLowerCase() as RedisUrl['kind']
  if (hosts === '') throw refused(kind, 'names no host')
  // Ignored silently, ?db=2 would read an empty database and let all mail pass.
  if (rest !== undefined) throw refused(kind, 'has parts after ? or #')
  return {
    kind,
    secure: scheme.toLowerCase() === 'rediss',
    ...loginOf(login),
    hosts: hostsOf(kind, hosts),
    ...pathOf(kind, path),
  }
}

function hostsOf(kind: RedisUrl['kind'], text: string): Endpoint[] {
  const found = (kind === 'server' ? [text] : text.split(',')).map((host) =>
    parseEndpoint(host, DEFAULT_PORTS[kind]),
  )
  return found.map((host) => {
    if (host === null) throw refused(kind, 'has an invalid host or port')
    return host
  })
}

function pathOf(kind: RedisUrl['kind'], path: string): { name?: string; db?: number } {
  const { groups } =
    (kind === 'sentinel'
      ? /^\/(?<name>[\w.-]+)(?:\/(?<db>\d{0,5}))?$/
      : kind === 'server'
        ? /^\/?(?<db>\d{0,5})$/
        : /^\/?$/
    ).exec(path) ?? {}
  if (kind === 'cluster') {
    if (path.length > 1)
      throw refused(kind, 'has something after the hosts; a Redis Cluster has only database 0')
    return {}
  }
  if (!groups) {
    const problem =
      kind === 'sentinel'
        ? "needs the name of the Sentinels' master after the hosts, and then a database number or nothing"
        : 'has something other than a database number after the host'
    throw refused(kind, problem)
  }
  const { name, db } = groups
  return { ...given('name', name), ...given('db', db ? Number(db) : undefined) }
}

function loginOf(login: string | undefined): { username?: string; password?: string } {
  const [, username = '', password = ''] = /^([^:]*):?(.*)$/s.exec(login ?? '') ?? []
  return {
    ...given('username', decoded(username) || undefined),
    ...given('password', decoded(password) || undefined),
  }
}

function refused(kind: RedisUrl['kind'], problem: string): StoreError {
  return new StoreError(
    'STORE_UNAVAILABLE',
    `the URL of the Redis ${problem}; expected: ${EXPECTED[kind]}, or rediss for TLS; ` +
      'characters such as / ? # @ % in a password are written percent-encoded',
  )
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
