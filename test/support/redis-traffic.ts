/**
 * Mail through a real Haraka whose rules are in a Redis under test: some that must travel over TLS, some that no
 * rule covers, some of senders whose rules were never read before; in the end each message has one outcome.
 */
import assert from 'node:assert/strict'
import { startHaraka, type Haraka } from './haraka.js'
import { installedPackage } from './installed-package.js'
import { startPeer, type SmtpPeer } from './smtp-peer.js'
import { until } from './until.js'
import { runToEnd } from './watched-process.js'

/** How many messages are under way at the same time, at most. */
const UNDER_WAY = 15

/** The rules that the traffic needs. */
export const TRAFFIC_RULES = {
  'acme.example': [{ id: 'bank', to: ['bank.example'] }],
  '*': [{ id: 'bank', to: ['bank.example'] }],
}

/** Starts Haraka with these lines in `[redis]`, and sends mail through it until `stop()`. */
export async function startTraffic(redisIni: string): Promise<Traffic> {
  const bank = await startPeer()
  const florist = await startPeer({ starttls: false })
  const acme = await startPeer()
  try {
    const haraka = await startHaraka({
      config: { 'enforce-tls.ini': `[main]\ndefer_seconds=1\n[redis]\n${redisIni}` },
      routes: {
        'bank.example': [bank.route()],
        'florist.example': [florist.route()],
        'acme.example': [acme.route()],
      },
    })
    return new Traffic(haraka, { bank, florist, acme })
  } catch (error) {
    await Promise.all([bank.close(), florist.close(), acme.close()])
    throw error
  }
}

export class Traffic implements AsyncDisposable {
  sent = 0
  #stopped = false
  readonly #going: Promise<void>

  /** @param peers of whom only the florist has no TLS */
  constructor(
    readonly haraka: Haraka,
    readonly peers: Readonly<Record<'bank' | 'florist' | 'acme', SmtpPeer>>,
  ) {
    this.#going = this.#go()
    // Told by `stop()`.
    this.#going.catch(() => undefined)
  }

  get arrived(): number {
    return Object.values(this.peers).reduce((sum, { messages }) => sum + messages.length, 0)
  }

  /** Mail flows: so many more messages come to an end. */
  async assertFlows(count = 20): Promise<void> {
    const before = this.arrived
    await until(() => this.arrived >= before + count, {
      what: () => `${count} more messages; ${this.haraka.log.slice(-3000)}`,
      timeout: 20_000,
    })
  }

  /** Runs the command; on the settings of this Haraka unless its words say otherwise. */
  async command(words: readonly string[], where = ['--config', this.haraka.folder]): Promise<string> {
    const { bin } = await installedPackage()
    return await runToEnd(process.execPath, [bin, ...words, ...where])
  }

  /**
   * Makes a rule for the florist, who has no TLS, which is soon in force.
   *
   * @param where the words that choose the store
   * @param timeout within which it must be in force, in milliseconds
   */
  async assertFloristForbidden(where?: string[], timeout = 5000): Promise<void> {
    const words = ['rule', 'create', 'acme.example', 'Flowers', '--to', 'florist.example', '--enable']
    await this.command(words, where)
    await until(() => this.peers.acme.messages.length > 0, { what: 'the first bounce', timeout })
  }

  /** Ends the sending, and waits for the last outcome. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#going
    await this.haraka.waitForEmptyQueue(20_000)
  }

  /** Once it has stopped: every message has had one outcome, and none went in the clear that must not. */
  assertOneOutcomeEach(): void {
    const { bank, florist, acme } = this.peers
    assert.equal(this.arrived, this.sent, 'each message has one outcome')
    assert.deepEqual(bank.cleartextAfterEhlo(), [])
    assert.ok(bank.messages.every(({ tls }) => tls))
    assert.ok(florist.messages.length > 0 && bank.messages.length > acme.messages.length)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    await this.#going.catch(() => undefined)
    await this.haraka.close()
    await Promise.all(Object.values(this.peers).map((peer) => peer.close()))
  }

  async #go(): Promise<void> {
    for (let n = 0; !this.#stopped; n++) {
      const from = n % 3 === 2 ? `bob@d${n}.example` : 'ann@acme.example'
      const to = n % 3 === 1 ? 'roses@florist.example' : 'cfo@bank.example'
      const { code } = await this.haraka.send({ from, to })
      assert.equal(code, 250)
      this.sent++
      await until(() => this.#stopped || this.sent - this.arrived < UNDER_WAY, {
        what: 'messages to arrive',
        timeout: 60_000,
      })
    }
  }
}
