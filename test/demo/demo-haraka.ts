/** The demo's Haraka: a folder as an operator would have it, and a running server in it. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Redis } from 'ioredis'
import { createTransport } from 'nodemailer'
import { repositoryRoot } from '../support/repository.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { WatchedProcess } from '../support/watched-process.js'
import type { Partner } from './demo-partner.js'

/** A running Haraka. */
export interface DemoHaraka {
  readonly port: number
  /** Where its rules are, in words. */
  readonly store: string
  /** The option of the command for the same store. */
  readonly storeOption: readonly string[]
  /** Sends a message; gives the server's reply. */
  send(from: string, to: string): Promise<string>
  stop(): Promise<void>
}

const HARAKA = path.join(repositoryRoot(), 'node_modules', 'Haraka')
const PREFIX = 'enforce-tls-demo:'

/** Starts Haraka with the plugin; mail for a domain of `routes` goes to that partner. */
export async function startHarakaFolder(options: {
  readonly redis: string | undefined
  readonly routes: Readonly<Record<string, Partner>>
}): Promise<DemoHaraka> {
  const folder = new TemporaryFolder('demo')
  const prefix = `${PREFIX}${process.pid}:`
  const rules = path.join(folder.path, 'config', 'enforce-tls.rules.json')
  write(folder.path, {
    'config/me': 'mail.acme.example\n',
    'config/smtp.ini': 'listen=127.0.0.1:0\nnodes=0\n',
    'config/log.ini': '[main]\nlevel=notice\n',
    'config/connection.ini': readFileSync(path.join(HARAKA, 'config', 'connection.ini'), 'utf8'),
    'config/outbound.ini': 'local_mx_ok=true\n',
    'config/plugins': 'demo-routes\nenforce-tls\n',
    'config/enforce-tls.ini': options.redis
      ? `[redis]\nurl=${options.redis}\nprefix=${prefix}\n`
      : '[store]\ntype=file\n',
    'plugins/demo-routes.js': routesPlugin(options.routes),
  })
  mkdirSync(path.join(folder.path, 'node_modules'))
  symlinkSync(repositoryRoot(), path.join(folder.path, 'node_modules', 'haraka-plugin-enforce-tls'))
  const haraka = new WatchedProcess({
    name: 'Haraka',
    command: process.execPath,
    args: [path.join(HARAKA, 'bin', 'haraka'), '-c', folder.path],
  })
  const [, port = ''] = await haraka.waitForLog(/Listening on (?:\[?[\d.:]+\]?):(\d+)/i)
  const transport = createTransport({ host: '127.0.0.1', port: Number(port), secure: false, ignoreTLS: true })
  return {
    port: Number(port),
    store: options.redis ? `Redis, ${options.redis}` : 'a file',
    storeOption: options.redis ? ['--redis', options.redis, '--prefix', prefix] : ['--file', rules],
    send: async (from, to) => {
      const sent = await transport.sendMail({
        from,
        to,
        subject: 'Figures of this month',
        text: 'See you on Monday.',
      })
      return sent.response
    },
    stop: async () => {
      transport.close()
      await haraka.stop('SIGINT')
      folder.close()
      if (options.redis) await forget(options.redis, prefix)
    },
  }
}

/** Leaves nothing of the demo in somebody's Redis. */
async function forget(url: string, prefix: string): Promise<void> {
  const redis = new Redis(url)
  const keys = await redis.keys(`${prefix}*`)
  if (keys.length > 0) await redis.del(keys)
  redis.disconnect()
}

/** Stands in for DNS: says which server receives a domain's mail. All mail of the demo is outgoing mail. */
function routesPlugin(routes: Readonly<Record<string, Partner>>): string {
  const table = Object.entries(routes).map(([domain, { name, port }]) => [
    domain,
    { exchange: '127.0.0.1', port, priority: 0, from_dns: name },
  ])
  return `
const routes = ${JSON.stringify(Object.fromEntries(table))}
exports.hook_connect = (next, connection) => { connection.relaying = true; next() }
exports.hook_rcpt = (next) => next(OK)
exports.hook_get_mx = (next, hmail, domain) => (routes[domain] ? next(OK, routes[domain]) : next())
`
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, contents] of Object.entries(files)) {
    const file = path.join(folder, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, contents)
  }
}
