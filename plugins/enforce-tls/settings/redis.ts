/**
 * The `[redis]` section: its keys, what it becomes, and which keys can't stand together. Pure; what is not valid
 * is given as the words of an error.
 */
import { parseEndpoint } from './network.js'
import type { ReadSecret } from './secret-file.js'
import {
  boolean,
  count,
  duration,
  given,
  isYes,
  list,
  milliseconds,
  or,
  text,
  type Keys,
  type Section,
} from './values.js'

/** How to reach Redis: a single one, one that Sentinels know, or a Cluster. */
export interface RedisSettings {
  /** @default 127.0.0.1 */
  readonly host: string
  /** @default 6379 */
  readonly port: number
  /** A `redis://`, `redis+sentinel://` or `redis+cluster://` URL (`rediss` for TLS), instead of all that it can say. */
  readonly url?: string
  /** A unix socket, instead of host and port. */
  readonly path?: string
  /** Sentinels that know where the master is, as `host:port`. @default none */
  readonly sentinels?: readonly string[]
  /** What the Sentinels call the master. */
  readonly name?: string
  readonly sentinelUsername?: string
  readonly sentinelPassword?: string
  /** Some nodes of a Cluster, as `host:port`; they know the others. @default none */
  readonly cluster?: readonly string[]
  /** @default 0 */
  readonly db?: number
  readonly username?: string
  readonly password?: string
  /** The file that the password comes from. @default none */
  readonly passwordFile?: string
  /** Speak TLS to Redis, and to its Sentinels. @default false */
  readonly tls?: boolean
  /** The authorities trusted for that, a PEM file. @default those of Node.js */
  readonly tlsCa?: string
  /** A client certificate and its key, PEM files. @default none */
  readonly tlsCert?: string
  readonly tlsKey?: string
  /** The name that certificates must bear. @default the host that is connected to */
  readonly tlsServername?: string
  /** What every key begins with. @default enforce-tls: */
  readonly prefix: string
  /** How long one command may take, in milliseconds. @default 2000 */
  readonly commandTimeout: number
  /** The keys of the section that Haraka's `redis.ini` gave. @default none */
  readonly inherited?: readonly string[]
}

const endpoints = (key: string, host: string) =>
  list(`host:port, a line for each (${key}[]=${host})`, 'endpoint')

/** Its keys. */
export const REDIS_KEYS: Keys = {
  host: text,
  port: count(1, 65_535),
  url: {
    ...text,
    ...{ pattern: '^rediss?(\\+sentinel|\\+cluster)?://' },
    expected: 'a redis:// or rediss:// URL, or a redis+sentinel:// or redis+cluster:// one',
  },
  path: text,
  sentinels: endpoints('sentinels', 'sentinel1.example:26379'),
  name: text,
  sentinel_username: text,
  sentinel_password: text,
  cluster: endpoints('cluster', 'node1.example:6379'),
  db: count(0, 65_535),
  username: text,
  password: text,
  password_file: text,
  tls: boolean,
  tls_ca: text,
  tls_cert: text,
  tls_key: text,
  tls_servername: text,
  prefix: text,
  command_timeout: duration,
}

/** The settings that Haraka's Redis plugins share. */
export const REDIS_INI = 'redis.ini'

/** Each key that is taken from there, with what it is called there; the first name that has a value counts. */
const INHERITED: Readonly<Record<string, readonly string[]>> = {
  host: ['host', 'ip'],
  port: ['port'],
  path: ['path'],
  db: ['database', 'db'],
  username: ['username'],
  password: ['password'],
  tls: ['tls'],
}
/** What leaves no room for an inherited place. */
const PLACES = ['url', 'path', 'sentinels', 'cluster']

/**
 * What `[redis]` leaves out comes from `redis.ini`, `[server]` before `[opts]`, as haraka-plugin-redis merges
 * them for the plugins that it serves. A place is taken as a whole, and beside a URL nothing is.
 *
 * @param redisIni what Haraka's config reader gives for that file
 * @returns only the keys to add
 */
export function inheritedRedis(
  own: Section,
  redisIni: Readonly<Record<string, Section | undefined>>,
): Section {
  if (own['url'] !== undefined) return {}
  const shared: Section = { ...redisIni['main'], ...filled(redisIni['opts']), ...filled(redisIni['server']) }
  const placed = ['host', ...PLACES].some((key) => own[key] !== undefined)
  const left = (key: string): boolean => {
    if (key === 'host' || key === 'port') return !placed && shared['path'] === undefined
    if (key === 'path') return !placed
    return key !== 'db' || own['cluster'] === undefined
  }
  return Object.fromEntries(
    Object.entries(INHERITED)
      .filter(([key]) => own[key] === undefined && left(key))
      .map(([key, names]) => [key, names.map((name) => shared[name]).find((value) => value !== undefined)])
      .filter(([, value]) => value !== undefined),
  ) as Section
}

function filled(section: Section = {}): Section {
  return Object.fromEntries(Object.entries(section).filter(([, value]) => value !== '' && value !== null))
}

/** The keys whose values nobody may see. */
export const REDIS_SECRETS: readonly string[] = ['password', 'sentinel_password', 'url']

/** The section with the password of its file in it. */
export function withPassword(redis: Section, readSecret: ReadSecret): Section {
  const file = redis['password_file']
  return file === undefined
    ? redis
    : { ...redis, password: readSecret(file as string, '[redis] password_file') }
}

/** Whether a text is a `host:port`. */
export function isEndpoint(value: string): boolean {
  return parseEndpoint(value, 1) !== null
}

/** What the section says; it has been checked. */
export function toRedisSettings(redis: Section, inherited: readonly string[] = []): RedisSettings {
  const optional = <K extends string>(name: K, key: string) => given(name, redis[key] as string | undefined)
  return {
    host: or(redis['host'], '127.0.0.1'),
    port: or(redis['port'], 6379),
    ...optional('url', 'url'),
    ...optional('path', 'path'),
    ...given('sentinels', redis['sentinels'] as string[] | undefined),
    ...optional('name', 'name'),
    ...optional('sentinelUsername', 'sentinel_username'),
    ...optional('sentinelPassword', 'sentinel_password'),
    ...given('cluster', redis['cluster'] as string[] | undefined),
    ...given('db', redis['db'] as number | undefined),
    ...optional('username', 'username'),
    ...optional('password', 'password'),
    ...optional('passwordFile', 'password_file'),
    ...given('tls', redis['tls'] === undefined ? undefined : isYes(redis['tls'], false)),
    ...optional('tlsCa', 'tls_ca'),
    ...optional('tlsCert', 'tls_cert'),
    ...optional('tlsKey', 'tls_key'),
    ...optional('tlsServername', 'tls_servername'),
    prefix: or(redis['prefix'], 'enforce-tls:'),
    commandTimeout: milliseconds(redis['command_timeout'], 2000),
    ...(inherited.length === 0 ? {} : { inherited }),
  }
}

/** What of the section can't stand together, or stand alone; `null` if all is well. */
export function redisContradiction(redis: Section): string | null {
  const has = (key: string): boolean => redis[key] !== undefined
  const places = ['url', 'path', 'sentinels', 'cluster'].filter(has).map(shownKey)
  const [first, second] = places
  if (second !== undefined)
    return `${String(first)} and ${second} both say where Redis is; expected one of them`
  if (has('sentinels') && !has('name'))
    return 'sentinels[] needs name=, what the Sentinels call the master (as in "sentinel monitor <name> …")'
  for (const key of ['name', 'sentinel_username', 'sentinel_password'])
    if (has(key) && !has('sentinels')) return `${key}= is for Sentinels and needs sentinels[]=host:port`
  if (has('cluster') && Number(redis['db'] ?? 0) !== 0)
    return `db=${String(redis['db'])} cannot be used with cluster[]: a Redis Cluster has only database 0`
  if (has('tls_cert') !== has('tls_key'))
    return `tls_${has('tls_cert') ? 'cert' : 'key'}= is one half of a client certificate; both tls_cert= and tls_key= are needed`
  const secure = isYes(redis['tls'], false) || String(redis['url']).startsWith('rediss')
  const idle = ['tls_ca', 'tls_cert', 'tls_servername'].find(has)
  if (idle !== undefined && !secure)
    return `${idle}= has no effect without TLS; set tls=true, or use a rediss:// URL`
  return null
}

function shownKey(key: string): string {
  return key === 'sentinels' || key === 'cluster' ? `${key}[]` : `${key}=`
}
