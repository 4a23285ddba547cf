/**
 * A fuzz of the product as it runs: a real Haraka with a Redis and the console, five sources of hostile and of largest
 * legal input at once, and what must hold all the while. Gives what went wrong and the figures.
 */
import { Redis } from 'ioredis'
import { newToken } from '../../plugins/enforce-tls/console/auth/account.js'
import { hashPassword } from '../../plugins/enforce-tls/console/auth/password.js'
import { makeAuthority } from '../support/certificates.js'
import { freePort } from '../support/free-port.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import { storedRule } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'
import { fuzzDocuments } from './documents-source.js'
import { fuzzHeaders } from './headers-source.js'
import { Hostile } from './hostile.js'
import { Ledger } from './ledger.js'
import { LogWatch, memoryOf, type SeenTurn } from './log-watch.js'
import { fuzzPeers, roughSteps } from './peers-source.js'
import { keepPromises } from './promises.js'
import { fuzzRequests } from './requests-source.js'
import { fuzzRules } from './rules-source.js'
import type { Stage } from './stage.js'
import { WATCHDOG_PLUGIN } from './watchdog.js'

export interface FuzzOptions {
  readonly seed: number
  readonly milliseconds: number
  readonly say: (line: string) => void
  /** The sources that run. @default all */
  readonly only?: readonly string[]
}

export interface FuzzResult {
  readonly ledger: Ledger
  readonly turns: readonly SeenTurn[]
  readonly errors: ReadonlyMap<string, number>
  /** MiB of the worker that takes the mail. */
  readonly memory: { readonly start: number | null; readonly end: number | null }
  /** The end of Haraka's log. */
  readonly log: string
}

const PREFIX = 'enforce-tls:'

/** Runs it; rejects only when it can't begin. */
export async function runFuzz({ seed, milliseconds, say, only }: FuzzOptions): Promise<FuzzResult> {
  const ledger = new Ledger(say)
  await using server = await startRedis({ args: ['--save', ''] })
  const redis = new Redis(server.port, '127.0.0.1')
  const tokens = await prepare(redis)
  const authority = await makeAuthority('Fuzz')
  let stage: Stage | undefined
  const rough = {
    onSecure: roughSteps(() => stage, new Hostile(seed + 6)),
    on: roughSteps(() => stage, new Hostile(seed + 7)),
  }
  await using sink = await startPeer()
  await using plain = await startPeer({ starttls: false })
  await using free = await startPeer({ starttls: false })
  await using tls = await startPeer({
    hostname: 'mx.tls.covered.example',
    tls: await authority.issue({ dnsNames: ['mx.tls.covered.example'] }),
  })
  const roughPeer = await startPeer(rough)
  const roughPlain = await startPeer({ ...rough, starttls: false })
  const httpPort = await freePort()
  const haraka = await startHaraka({
    nodes: 1,
    config: {
      'enforce-tls.ini': `[main]\ndefer_seconds=2\n[redis]\nport=${server.port}\n[console]\nenabled=true\n[tls]\nhandshake_timeout=5s\n`,
      'http.ini': `listen=127.0.0.1:${httpPort}\n`,
    },
    extraPlugins: { 'fuzz-watchdog': WATCHDOG_PLUGIN },
    routes: {
      '*': [sink.route()],
      'plain.covered.example': [plain.route()],
      'tls.covered.example': [tls.route({ name: 'mx.tls.covered.example' })],
      'free.example': [free.route()],
      'rough.example': [roughPeer.route()],
      'rough-plain.example': [roughPlain.route()],
    },
    outbound: { temp_fail_intervals: '2s*2', connect_timeout: 5, concurrency_max: 50 },
  })
  try {
    await haraka.waitForLog(/the console is at \/enforce-tls\//)
    const running: Stage = { haraka, redis, httpPort, ledger, tokens, end: Date.now() + milliseconds }
    stage = running
    const watch = new LogWatch(haraka, ledger)
    const [worker = haraka.pids.master] = haraka.pids.workers
    const start = memoryOf(worker)
    const sources: Readonly<Record<string, () => Promise<void>>> = {
      rules: () => fuzzRules(running, new Hostile(seed + 1)),
      documents: () => fuzzDocuments(running, new Hostile(seed + 2)),
      headers: () => fuzzHeaders(running, new Hostile(seed + 3)),
      requests: () => fuzzRequests(running, new Hostile(seed + 4)),
      peers: () => fuzzPeers(running, new Hostile(seed + 5), [roughPeer, roughPlain, sink]),
    }
    const chosen = Object.entries(sources).filter(([name]) => only?.includes(name) ?? true)
    const watching = setInterval(() => watch.look(), 100)
    await Promise.all([
      ...chosen.map(([, run]) => run()),
      keepPromises(running, new Hostile(seed), { plain, tls, free }),
    ])
    clearInterval(watching)
    watch.look()
    checkAlive(haraka, worker, ledger)
    return {
      ledger,
      turns: watch.turns,
      errors: watch.errors,
      memory: { start, end: memoryOf(worker) },
      log: haraka.log.slice(-3000),
    }
  } finally {
    await haraka.close()
    redis.disconnect()
    // A step that a client's end interrupts may throw; that is the server's affair and no finding.
    await Promise.allSettled([roughPeer.close(), roughPlain.close()])
  }
}

function checkAlive(haraka: Haraka, worker: number, ledger: Ledger): void {
  if (haraka.exitCode !== undefined) ledger.violated(`Haraka ended with exit code ${haraka.exitCode}`)
  const { workers } = haraka.pids
  if (workers.length > 1 || memoryOf(worker) === null)
    ledger.violated('the worker ended, and another took its place')
}

/** The rules that the fuzz never touches, and who may use the API. */
async function prepare(redis: Redis): Promise<Stage['tokens']> {
  const everyone = storedRule({ to: ['covered.example', '.covered.example'] })
  await redis.hset(`${PREFIX}rules:*`, 'fixed', JSON.stringify(everyone))
  await redis.hset(
    `${PREFIX}rules:roughsender.example`,
    'rough',
    JSON.stringify(storedRule({ to: ['rough.example', 'rough-plain.example'] })),
  )
  await redis.hset(`${PREFIX}domains`, 'roughsender.example', '{"enabled":true}')
  const user = {
    role: 'admin',
    domains: [],
    password: await hashPassword('correct horse battery'),
    changedAt: 'now',
  }
  await redis.hset(`${PREFIX}users`, 'admin', JSON.stringify(user))
  const secret = async (role: string): Promise<string> => {
    const { id, text, hash } = newToken()
    const token = { role, domains: [], name: role, hash, createdAt: new Date().toISOString() }
    await redis.hset(`${PREFIX}tokens`, id, JSON.stringify(token))
    return text
  }
  return { admin: await secret('admin'), viewer: await secret('viewer') }
}
