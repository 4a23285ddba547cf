/**
 * Where a Redis is and how to log in there, from the `[redis]` settings, and the same without any secret,
 * fit for a log. Pure; a URL that can't be meant throws a `StoreError` that does not repeat it.
 */
import type { RedisSettings } from '../../settings/redis.js'
import { parseEndpoint, shownEndpoint, type Endpoint } from '../../settings/endpoint.js'
import { parseRedisUrl } from './url.js'
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

const REDIS_PORT = 6379
const SENTINEL_PORT = 26_379

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
    const hosts = endpoints(sentinels, SENTINEL_PORT)
    return { ...base, ...sentinelPart(hosts, settings.name ?? '', settings), ...tlsPart(secure, settings) }
  }
  if (cluster !== undefined)
    return { ...base, cluster: endpoints(cluster, REDIS_PORT), ...tlsPart(secure, settings) }
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
      throw new StoreError('STORE_UNAVAILABLE', 'a Redis Cluster has only database 0; leave db away')
    return { ...own, cluster: hosts, ...tlsPart(secure, settings) }
  }
  const [{ host, port } = { host: '', port: REDIS_PORT }] = hosts
  return { ...own, host, port, ...tlsPart(secure, settings, host) }
}

/** An address as a URL without user and password. */
export function shownAddress({ host = '', port = REDIS_PORT, path, db, tls, ...many }: RedisAddress): string {
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

function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V })
}
