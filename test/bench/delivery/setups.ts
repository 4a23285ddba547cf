/** What the delivery bench compares: mail servers that relay all mail to one receiver, alike but for TLS. */
import type { Authority } from '../../support/certificates.js'
import { packagesMissing } from '../../support/debian-package.js'
import { startHaraka, type Haraka, type HarakaOptions } from '../../support/haraka.js'
import { postfixImpossible } from '../../support/postfix-server.js'
import { startRedis } from '../../support/redis-server.js'
import { storedRule } from '../../support/rules.js'
import { TemporaryFolder } from '../../support/temporary-folder.js'
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { startPostfixRelay } from './postfix-relay.js'

/** A server under test. */
export interface Relay {
  readonly port: number
  /** The processes that its CPU time is counted of; their children count, too. */
  readonly pids: readonly number[]
  /** Of a Haraka with an HTTP server. */
  readonly httpPort?: number
  close(): Promise<void>
}

export interface Setup {
  readonly id: string
  readonly title: string
  /** Whether its messages have to arrive over TLS. */
  readonly encrypted: boolean
  /** Why it can't be had here, or false. */
  impossible(): string | false
  start(receiver: { readonly port: number; readonly authority: Authority }): Promise<Relay>
}

export const RECEIVER = 'mx.bench.example'
/** As many as Haraka's `nodes=cpus` starts. */
const CPUS = availableParallelism()
/** Where a Haraka serves metrics. */
const HTTP = { 'http.ini': 'listen=127.0.0.1:0\n' }
const PLAIN = { 'tls.ini': '[outbound]\nno_tls_hosts[]=127.0.0.1\n' }

export const SETUPS: readonly Setup[] = [
  haraka('plain', 'Haraka, no TLS', false, { enforceTls: false, config: PLAIN }),
  haraka('opportunistic', 'Haraka, TLS where offered', true, { enforceTls: false }),
  haraka('forced', 'Haraka, force_tls_hosts', true, {
    enforceTls: false,
    config: { 'tls.ini': `[outbound]\nforce_tls_hosts[]=${RECEIVER}\n` },
  }),
  withPlugin('no-match', 'Haraka, this plugin, no rule matches, no TLS', false, {
    to: 'other.example',
    haraka: { config: PLAIN },
  }),
  withPlugin('matched', 'Haraka, this plugin, every message matched', true, { to: 'bench.example' }),
  withPlugin('matched-nodes', `The same, nodes=${CPUS}`, true, {
    to: 'bench.example',
    haraka: { nodes: CPUS },
  }),
  {
    id: 'postfix',
    title: 'Postfix, smtp_tls_policy_maps',
    encrypted: true,
    impossible: () => postfixImpossible() || packagesMissing(),
    start: async ({ port }) => {
      const postfix = await startPostfixRelay(port)
      const relay = postfix.route().port ?? 0
      return { port: relay, pids: [postfix.pid], close: () => postfix.close() }
    },
  },
]

/** As `matched`, with an HTTP server, and so with metrics. */
export const WITH_METRICS: Setup = withPlugin('metrics', 'Haraka, this plugin, with metrics', true, {
  to: 'bench.example',
  haraka: { config: HTTP },
})

function haraka(id: string, title: string, encrypted: boolean, options: HarakaOptions): Setup {
  return {
    id,
    title,
    encrypted,
    impossible: () => false,
    start: async ({ port, authority }) => {
      const folder = new TemporaryFolder('bench-ca')
      const ca = join(folder.path, 'ca.pem')
      writeFileSync(ca, authority.cert)
      const server = await startHaraka({
        ...options,
        // force_tls_hosts accepts a trusted certificate only, and has no setting for who is trusted.
        env: { NODE_EXTRA_CA_CERTS: ca },
        routes: { '*': [{ exchange: '127.0.0.1', port, priority: 0, from_dns: RECEIVER }] },
      })
      return {
        port: server.port,
        pids: [server.pids.master],
        ...(options.config && 'http.ini' in options.config ? { httpPort: await httpPortOf(server) } : {}),
        close: async () => {
          await server.close()
          folder.close()
        },
      }
    },
  }
}

/** With one rule of the sender's domain, in a Redis of its own. */
function withPlugin(
  id: string,
  title: string,
  encrypted: boolean,
  { to, haraka: options = {} }: { readonly to: string; readonly haraka?: HarakaOptions },
): Setup {
  return {
    id,
    title,
    encrypted,
    impossible: () => false,
    start: async (receiver) => {
      const redis = await startRedis()
      try {
        await redis.cli('HSET', 'enforce-tls:domains', 'acme.example', '{"enabled":true}')
        await redis.cli(
          'HSET',
          'enforce-tls:rules:acme.example',
          'r1',
          JSON.stringify(storedRule({ to: [to] })),
        )
        const ini = { 'enforce-tls.ini': `[redis]\nport=${redis.port}\n` }
        const config = { ...options.config, ...ini }
        const relay = await haraka(id, title, encrypted, { ...options, config }).start(receiver)
        return {
          ...relay,
          close: async () => {
            await relay.close()
            await redis.close()
          },
        }
      } catch (error) {
        await redis.close()
        throw error
      }
    },
  }
}

/** The HTTP server comes last, when Haraka has run its start-up hooks. */
async function httpPortOf(server: Haraka): Promise<number> {
  await server.waitForLog(/Listening on \S+[^]*Listening on \S+:\d/)
  const ports = [...server.log.matchAll(/Listening on \S+:(\d+)/g)].map(([, port]) => Number(port))
  return ports.find((port) => port !== server.port) ?? 0
}
