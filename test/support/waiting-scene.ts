/**
 * A real Haraka, or several on one Redis, with mail that waits: bank.example puts TLS off until it is told to work. What
 * waits is looked at and acted on with the command, as an administrator does.
 */
import assert from 'node:assert/strict'
import { inProcess, type Ran } from '../cli/enforce-tls.js'
import { startHaraka, type Haraka, type HarakaOptions } from './haraka.js'
import { startRedis, type RedisServer } from './redis-server.js'
import { writeRules } from './rules.js'
import { startPeer, type SmtpPeer } from './smtp-peer.js'
import { until } from './until.js'

export const LATER = '454 4.7.0 TLS not available due to temporary reason'
export const RULES = {
  'acme.example': [{ to: ['bank.example', 'clinic.example'], id: 'payments', name: 'Payments' }],
}

/** A message as `queue list --json` has it. */
export interface ListedMessage {
  readonly id: string
  readonly uuid: string
  readonly node: string
  readonly sender: string
  readonly recipients: readonly string[]
  readonly domain: string
  readonly level: string
  readonly class: string
  readonly detail: string
  readonly rules: readonly { readonly id: string; readonly owner: string }[]
  readonly releasedBy: string
  readonly tries: number
  readonly next: string
}

export interface Listed {
  readonly nodes: readonly { readonly name: string; readonly down: boolean }[]
  readonly total: number
  readonly messages: readonly ListedMessage[]
}

export interface WaitingSceneOptions extends Pick<HarakaOptions, 'nodes' | 'extraPlugins'> {
  /** Lines of enforce-tls.ini. */
  readonly ini?: string
  readonly intervals?: string
  /** @default {@link RULES} */
  readonly rules?: Parameters<typeof writeRules>[1]
  /** How bank.example begins. @default it puts TLS off */
  readonly bank?: Parameters<typeof startPeer>[0]
}

/** Starts Redis, rules, servers and one Haraka. */
export async function startWaitingScene(options: WaitingSceneOptions = {}): Promise<WaitingScene> {
  const redis = await startRedis()
  await writeRules(redis, options.rules ?? RULES)
  const bank = await startPeer(options.bank ?? { on: { STARTTLS: LATER } })
  const acme = await startPeer()
  const scene = new WaitingScene(options, redis, bank, acme)
  await scene.addHaraka('mta.test.example')
  return scene
}

export class WaitingScene implements AsyncDisposable {
  readonly #options: WaitingSceneOptions
  readonly all: Haraka[] = []

  /** @param acme gets the bounces */
  constructor(
    options: WaitingSceneOptions,
    readonly redis: RedisServer,
    readonly bank: SmtpPeer,
    readonly acme: SmtpPeer,
  ) {
    this.#options = options
  }

  get haraka(): Haraka {
    const [first] = this.all
    assert.ok(first)
    return first
  }

  /** Starts one more on the same Redis. */
  async addHaraka(name: string): Promise<Haraka> {
    const { ini = '', intervals = '1h*9', nodes, extraPlugins } = this.#options
    const haraka = await startHaraka({
      ...(nodes === undefined ? {} : { nodes }),
      ...(extraPlugins ? { extraPlugins } : {}),
      config: {
        me: `${name}\n`,
        'enforce-tls.ini': `[redis]\nhost=127.0.0.1\nport=${this.redis.port}\n${ini}`,
      },
      routes: {
        '*': [this.bank.route({ name: 'mx.bank.example' })],
        'acme.example': [this.acme.route()],
      },
      outbound: { temp_fail_intervals: intervals },
    })
    this.all.push(haraka)
    return haraka
  }

  /** Runs a command of the group `queue`. */
  queue(...args: readonly string[]): Promise<Ran> {
    return inProcess(['queue', ...args, '--config', this.haraka.folder])
  }

  async list(...args: readonly string[]): Promise<Listed> {
    const ran = await this.queue('list', '--json', ...args)
    assert.equal(ran.code, 0, ran.stderr)
    return JSON.parse(ran.stdout) as Listed
  }

  /** Waits until so many messages are listed. */
  async waitForListed(count: number, timeout = 20_000): Promise<Listed> {
    let last: Listed | undefined
    await until(
      async () => {
        last = await this.list()
        return last.total === count
      },
      {
        timeout,
        what: () => `${count} waiting messages, not ${JSON.stringify(last)}; ${this.haraka.log.slice(-2000)}`,
      },
    )
    assert.ok(last)
    return last
  }

  async send(to = 'cfo@bank.example', haraka = this.haraka, from = 'ann@acme.example'): Promise<void> {
    await haraka.send({ from, to })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const haraka of this.all) await haraka.close()
    await Promise.all([this.bank.close(), this.acme.close()])
    await this.redis.close()
  }
}
