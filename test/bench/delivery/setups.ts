/** What the delivery bench compares: mail servers that relay all mail to one receiver, alike but for TLS. */
import { packagesMissing } from '../../support/debian-package.js'
import { startHaraka, type Haraka, type HarakaOptions } from '../../support/haraka.js'
import { postfixImpossible } from '../../support/postfix-server.js'
import { startRedis } from '../../support/redis-server.js'
import { writeRules } from '../../support/rules.js'
import { ALL_DESTINATIONS, routesPlugin } from './destinations.js'
import { startPostfixRelay } from './postfix-relay.js'

/** A server under test. */
export interface Relay {
  readonly port: number
  /** The processes that its CPU time is counted of; their children count, too. */
  readonly pids: readonly number[]
  /** Of these, that of its Redis. */
  readonly redisPid?: number
  /** Of a Haraka with an HTTP server. */
  readonly httpPort?: number
  close(): Promise<void>
}

/** How a server is started. */
export interface Surroundings {
  /** The receiver's. */
  readonly port: number
  readonly destinations: number
  /** Haraka's `nodes`; 0 is one process. */
  readonly nodes: number
}

export interface Setup {
  readonly id: SetupId
  readonly title: string
  /** Whether its messages have to arrive over TLS. */
  readonly encrypted: boolean
  /** Why it can't be had here, or false. */
  impossible(): string | false
  start(surroundings: Surroundings): Promise<Relay>
}

export type SetupId =
  'plain' | 'opportunistic' | 'unmatched' | 'covered' | 'no-reuse' | 'metrics' | 'postfix' | 'postfix-reuse'

/** Where a Haraka serves metrics. */
const HTTP = { 'http.ini': 'listen=127.0.0.1:0\n' }
const PLAIN = { 'tls.ini': '[outbound]\nno_tls_hosts[]=127.0.0.0/8\n' }

export const SETUPS: readonly Setup[] = [
  haraka('plain', 'Haraka, plain text', false, (surroundings) =>
    startHarakaRelay(surroundings, { enforceTls: false, config: PLAIN }),
  ),
  haraka('opportunistic', 'Haraka, opportunistic TLS', true, (surroundings) =>
    startHarakaRelay(surroundings, { enforceTls: false }),
  ),
  haraka('unmatched', 'this plugin, not covered, plain text', false, (surroundings) =>
    startWithPlugin(surroundings, { to: 'other.example', config: PLAIN }),
  ),
  haraka('covered', 'this plugin, covered', true, (surroundings) =>
    startWithPlugin(surroundings, { to: ALL_DESTINATIONS }),
  ),
  haraka('no-reuse', 'this plugin, covered, no reuse', true, (surroundings) =>
    startWithPlugin(surroundings, { to: ALL_DESTINATIONS, ini: '[tls]\nconnection_reuse=false\n' }),
  ),
  postfix('postfix', 'Postfix as it comes', {}),
  postfix('postfix-reuse', 'Postfix with connection reuse', {
    smtp_tls_connection_reuse: 'yes',
    // By itself it keeps connections only where much mail waits for one destination.
    smtp_connection_cache_destinations: 'static:all',
  }),
]

/** As `covered`, with an HTTP server, and so with metrics. */
export const WITH_METRICS: Setup = haraka(
  'metrics',
  'this plugin, covered, with metrics',
  true,
  (surroundings) => startWithPlugin(surroundings, { to: ALL_DESTINATIONS, config: HTTP }),
)

function haraka(id: SetupId, title: string, encrypted: boolean, start: Setup['start']): Setup {
  return { id, title, encrypted, impossible: () => false, start }
}

function postfix(id: SetupId, title: string, parameters: Readonly<Record<string, string>>): Setup {
  return {
    id,
    title,
    encrypted: true,
    impossible: () => postfixImpossible() || packagesMissing(),
    start: async (surroundings) => {
      const server = await startPostfixRelay(surroundings, parameters)
      return { port: server.route().port ?? 0, pids: [server.pid], close: () => server.close() }
    },
  }
}

async function startHarakaRelay(
  { port, nodes }: Surroundings,
  { enforceTls = true, config = {} }: Pick<HarakaOptions, 'enforceTls' | 'config'>,
): Promise<Relay> {
  const server = await startHaraka({
    nodes,
    config,
    plugins: ['test-relay', 'bench-routes', ...(enforceTls ? ['enforce-tls'] : [])],
    extraPlugins: { 'bench-routes': routesPlugin(port) },
  })
  return {
    port: server.port,
    pids: [server.pids.master],
    ...('http.ini' in config ? { httpPort: await httpPortOf(server) } : {}),
    close: () => server.close(),
  }
}

/** With one rule of the sender's domain, in a Redis of its own, which counts as a part of it. */
async function startWithPlugin(
  surroundings: Surroundings,
  { to, ini = '', config = {} }: { to: string; ini?: string; config?: Readonly<Record<string, string>> },
): Promise<Relay> {
  const redis = await startRedis()
  try {
    await writeRules(redis, { 'acme.example': [{ to: [to] }] })
    const relay = await startHarakaRelay(surroundings, {
      config: { ...config, 'enforce-tls.ini': `[redis]\nport=${redis.port}\n${ini}` },
    })
    return {
      ...relay,
      pids: [...relay.pids, redis.pid],
      redisPid: redis.pid,
      close: async () => {
        await relay.close()
        await redis.close()
      },
    }
  } catch (error) {
    await redis.close()
    throw error
  }
}

/** The HTTP server comes last, when Haraka has run its start-up hooks. */
async function httpPortOf(server: Haraka): Promise<number> {
  await server.waitForLog(/Listening on \S+[^]*Listening on \S+:\d/)
  const ports = [...server.log.matchAll(/Listening on \S+:(\d+)/g)].map(([, port]) => Number(port))
  return ports.find((port) => port !== server.port) ?? 0
}
