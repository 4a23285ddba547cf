/**
 * URLs that say where a Redis is: `redis://` for a single one, `redis+sentinel://` and `redis+cluster://` with
 * several hosts, `rediss` for TLS. Pure; a URL that can't be meant throws a `StoreError` that does not repeat it.
 */
import { parseEndpoint, type Endpoint } from '../../settings/endpoint.js'
import { StoreError } from '../rule-store.js'

/** What a URL says. */
export interface RedisUrl {
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

const DEFAULT_PORTS = { server: 6379, sentinel: 26_379, cluster: 6379 }

const EXPECTED = {
  server: 'redis://user:password@host:port/database',
  sentinel: 'redis+sentinel://user:password@host:port,host:port/name/database',
  cluster: 'redis+cluster://user:password@host:port,host:port',
}

/** Scheme, login, hosts and path; what follows ? or # is told apart so that it can be refused. */
const SHAPE = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/?#]*)@)?([^@/?#]*)(\/[^?#]*)?([?#].*)?$/i

/**
 * Takes a URL apart.
 *
 * @throws {StoreError} `STORE_UNAVAILABLE` for one that is not understood to its last part.
 */
export function parseRedisUrl(url: string): RedisUrl {
  const parts = SHAPE.exec(url)
  if (!parts) {
    const known = /^rediss?(\+sentinel|\+cluster)?:\/\//i.test(url)
    throw refused('server', known ? 'is no URL' : 'does not begin with redis:// or rediss://')
  }
  const [, scheme = '', type = 'server', login, hosts = '', path = '', rest] = parts
  const kind = type.toLowerCase() as RedisUrl['kind']
  if (hosts === '') throw refused(kind, 'names no host')
  // Ignored silently, ?db=2 would read an empty database and let all mail pass.
  if (rest !== undefined) throw refused(kind, 'has parts behind ? or #')
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
    if (host === null) throw refused(kind, 'has a host or port that is none')
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
      throw refused(kind, 'has something behind the hosts; a Redis Cluster has only database 0')
    return {}
  }
  if (!groups) {
    const problem =
      kind === 'sentinel'
        ? "does not have the name of the Sentinels' master, and a database number or nothing, behind the hosts"
        : 'has something that is no database number behind the host'
    throw refused(kind, problem)
  }
  const { name, db } = groups
  return { ...(name === undefined ? {} : { name }), ...(db ? { db: Number(db) } : {}) }
}

function loginOf(login: string | undefined): { username?: string; password?: string } {
  const [, username = '', password = ''] = /^([^:]*):?(.*)$/s.exec(login ?? '') ?? []
  return {
    ...(username === '' ? {} : { username: decoded(username) }),
    ...(password === '' ? {} : { password: decoded(password) }),
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
