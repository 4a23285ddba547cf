/**
 * Makes the client of one Redis, of one that Sentinels know, or of a Cluster, so that all three behave alike:
 * none gives up, none sends a lost command a second time. Nothing is thrown but for bad settings.
 */
import Redis, { Cluster, type RedisOptions } from 'ioredis'
import type { RedisAddress } from './address.js'
import { DirectConnector, MasterConnector, reportingConnector, readTlsFiles } from './connector.js'
import type { ClientOptions, RedisClient, ServerOptions } from './options.js'
import { SentinelWatch } from './sentinel-watch.js'

/** How long a hung Redis may delay the closing of a connection, in milliseconds. */
const DISCONNECT_TIMEOUT = 50
/** How often the nodes of a Cluster are asked who has which keys, in milliseconds; a redirection asks at once. */
const SLOTS_REFRESH = 5000
/** The least time that one node or Sentinel has to answer, in milliseconds, where the command timeout is longer. */
const SHARE_MIN = 500

/**
 * Makes a client, which connects by itself.
 *
 * @throws {SettingsError} for a file of the TLS settings that can't be used.
 */
export function makeClient(options: ClientOptions): RedisClient {
  const { address } = options
  return address.cluster === undefined ? new Redis(serverOptions(options)) : makeCluster(options)
}

/**
 * The options of a connection to a single server, behind Sentinels or not.
 *
 * @throws {SettingsError} as `makeClient` does.
 */
export function serverOptions(options: ClientOptions): ServerOptions {
  const { address, settings, retryDelay } = options
  const { host, port, path, sentinels, db, name } = address
  const common = connectionOptions(options)
  return {
    ...common,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(path === undefined ? {} : { path }),
    db,
    ...(sentinels === undefined
      ? {}
      : {
          Connector: MasterConnector,
          sentinels: [...sentinels],
          name: name ?? '',
          ...sentinelLogin(address),
          sentinelCommandTimeout: share(settings.commandTimeout, sentinels.length),
          sentinelRetryStrategy: retryDelay,
          enableTLSForSentinelMode: true,
          ...(common.tls ? { sentinelTLS: common.tls } : {}),
        }),
    enableOfflineQueue: false,
    retryStrategy: retryDelay,
  }
}

/** What all connections that bear commands have in common. */
function connectionOptions({ address, settings, name }: ClientOptions): ServerOptions {
  const { username, password, tls } = address
  const timeout = settings.commandTimeout
  return {
    Connector: DirectConnector,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls: { ...tls, ...readTlsFiles(settings) } }),
    protocol: 2,
    replyMapping: 'legacy',
    connectionName: name,
    disableClientInfo: true,
    commandTimeout: timeout,
    connectTimeout: timeout,
    disconnectTimeout: DISCONNECT_TIMEOUT,
    // What was lost is asked again by who asked, where reading and writing can be distinguished: 0 makes the client
    // reject it at once, any other number leaves it to its time-out.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
  }
}

function sentinelLogin({
  sentinelUsername,
  sentinelPassword,
}: RedisAddress): Pick<RedisOptions, 'sentinelUsername' | 'sentinelPassword'> {
  return {
    ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
  }
}

/**
 * Subscribes to new masters; nothing where there are no Sentinels.
 *
 * @throws {SettingsError} as `makeClient` does.
 */
export function watchSentinels(options: ClientOptions, onSwitch: () => void): SentinelWatch | undefined {
  const { sentinels, name = '', sentinelUsername, sentinelPassword } = options.address
  if (sentinels === undefined) return undefined
  const { tls, connectTimeout, retryStrategy } = serverOptions(options)
  const connection: ServerOptions = {
    Connector: DirectConnector,
    ...(tls ? { tls } : {}),
    ...(connectTimeout === undefined ? {} : { connectTimeout }),
    ...(retryStrategy ? { retryStrategy } : {}),
    ...(sentinelUsername === undefined ? {} : { username: sentinelUsername }),
    ...(sentinelPassword === undefined ? {} : { password: sentinelPassword }),
    protocol: 2,
    replyMapping: 'legacy',
    connectionName: options.name,
    disableClientInfo: true,
    // A Sentinel's user may do without INFO.
    enableReadyCheck: false,
    autoResubscribe: false,
  }
  return new SentinelWatch(sentinels, connection, name, onSwitch)
}

function makeCluster(options: ClientOptions): Cluster {
  const { address, settings, retryDelay, onNodeError } = options
  const startNodes = [...(address.cluster ?? [])]
  const cluster = new Cluster(startNodes, {
    // Without a retryStrategy: nodes come and go, and one that is lost is connected to anew when a key asks for it.
    redisOptions: {
      ...connectionOptions(options),
      ...(onNodeError ? { Connector: reportingConnector(onNodeError) } : {}),
    },
    clusterRetryStrategy: retryDelay,
    slotsRefreshInterval: 0,
    slotsRefreshTimeout: share(settings.commandTimeout, startNodes.length),
    // As `autoResendUnfulfilledCommands` for a single server.
    retryDelayOnFailover: 0,
    // A name stays a name, since a certificate names it.
    ...(address.tls ? { dnsLookup: (host, done) => done(null, host) } : {}),
  })
  // In place of its own slotsRefreshInterval: a client that is closed while it asks goes on asking for ever (ioredis 6.0.0).
  const refresh = setInterval(() => {
    if (cluster.status === 'ready') cluster.refreshSlotsCache()
  }, SLOTS_REFRESH).unref()
  cluster.once('end', () => clearInterval(refresh))
  return cluster
}

/**
 * One of several that hangs must leave time for the others, and one that is slow, or far away and asked over TLS,
 * must have time to answer: without the least time, a long list of busy nodes was never connected to.
 */
function share(timeout: number, count: number): number {
  return Math.max(Math.ceil(timeout / (count + 1)), Math.min(timeout, SHARE_MIN))
}
