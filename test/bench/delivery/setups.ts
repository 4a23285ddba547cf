/** What the delivery bench compares: mail servers that relay all mail to one receiver, alike but for TLS. */
import type { Authority } from '../../support/certificates.js'
import { packagesMissing } from '../../support/debian-package.js'
import { startHaraka, type HarakaOptions } from '../../support/haraka.js'
import { postfixImpossible } from '../../support/postfix-server.js'
import { fileStoreConfig } from '../../support/rules.js'
import { TemporaryFolder } from '../../support/temporary-folder.js'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startPostfixRelay } from './postfix-relay.js'

/** A server under test. */
export interface Relay {
  readonly port: number
  /** The processes that its CPU time is counted of; their children count, too. */
  readonly pids: readonly number[]
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
const PLAIN = { 'tls.ini': '[outbound]\nno_tls_hosts[]=127.0.0.1\n' }

export const SETUPS: readonly Setup[] = [
  haraka('plain', 'Haraka, no TLS', false, { enforceTls: false, config: PLAIN }),
  haraka('opportunistic', 'Haraka, TLS where offered', true, { enforceTls: false }),
  haraka('forced', 'Haraka, force_tls_hosts', true, {
    enforceTls: false,
    config: { 'tls.ini': `[outbound]\nforce_tls_hosts[]=${RECEIVER}\n` },
  }),
  haraka('no-match', 'Haraka, this plugin, no rule matches, no TLS', false, {
    config: { ...fileStoreConfig({ 'acme.example': [{ to: ['other.example'] }] }), ...PLAIN },
  }),
  haraka('matched', 'Haraka, this plugin, every message matched', true, {
    config: fileStoreConfig({ 'acme.example': [{ to: ['bench.example'] }] }),
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
        close: async () => {
          await server.close()
          folder.close()
        },
      }
    },
  }
}
