/**
 * A real Haraka with a rule for clinic.example, whose server has no TLS: covered mail bounces, and nothing of it may
 * ever arrive there. Handles for tests that take the rules away.
 */
import assert from 'node:assert/strict'
import { startHaraka, type Haraka, type HarakaOptions } from './haraka.js'
import { installedPackage } from './installed-package.js'
import { startPeer, type SmtpPeer } from './smtp-peer.js'
import { until } from './until.js'
import { runToEnd } from './watched-process.js'

/** The rule for it. */
export const CLINIC = { 'acme.example': [{ to: ['clinic.example'] }] }

/** Starts it with these lines in enforce-tls.ini. */
export async function startScene(
  ini: string,
  { config, ...options }: Pick<HarakaOptions, 'config' | 'nodes'> = {},
): Promise<Scene> {
  const open = await startPeer({ starttls: false })
  const acme = await startPeer()
  try {
    const haraka = await startHaraka({
      ...options,
      config: { 'enforce-tls.ini': iniOf(ini), ...config },
      routes: { '*': [open.route()], 'acme.example': [acme.route()] },
    })
    return new Scene(haraka, open, acme)
  } catch (error) {
    await Promise.all([open.close(), acme.close()])
    throw error
  }
}

function iniOf(ini: string): string {
  return ini.includes('[main]') ? ini : `[main]\ndefer_seconds=1\n${ini}`
}

export class Scene implements AsyncDisposable {
  /** @param open takes everything in the clear @param acme gets the bounces */
  constructor(
    readonly haraka: Haraka,
    readonly open: SmtpPeer,
    readonly acme: SmtpPeer,
  ) {}

  /** Sends covered mail, which has to bounce. */
  async assertBounces(): Promise<void> {
    const before = this.acme.messages.length
    await this.#send()
    await this.#until(() => this.acme.messages.length > before, 'a bounce')
    this.assertNothingInTheClear()
  }

  /** Sends covered mail, which has to wait for this reason. */
  async assertWaits(reason: RegExp, from = 'ann@acme.example'): Promise<void> {
    const after = this.haraka.mark()
    const before = this.acme.messages.length
    await this.#send(from)
    const waiting = new RegExp(`the message waits 1 s: .*${reason.source}`)
    await this.#until(() => waiting.test(this.haraka.log.slice(after)), `mail to wait: ${String(waiting)}`)
    assert.equal(this.acme.messages.length, before)
    assert.ok(this.haraka.queueFiles().length > 0)
  }

  /** Sends mail that no rule covers as far as can be told, and that has to arrive. */
  async assertDelivers(from = 'ann@acme.example', to = 'friend@open.example'): Promise<void> {
    const before = this.open.messages.length
    await this.haraka.send({ from, to })
    await until(() => this.open.messages.length > before, {
      what: () => `a delivery; ${this.haraka.log.slice(-3000)}`,
    })
  }

  /** Goes on when all mail that waited has bounced. */
  async assertGoesOn(): Promise<void> {
    await this.haraka.waitForEmptyQueue()
    this.assertNothingInTheClear()
  }

  assertNothingInTheClear(): void {
    const clinic = this.open.received.filter(({ acceptedFor }) => acceptedFor.includes('lab@clinic.example'))
    assert.equal(clinic.length, 0, 'covered mail left in the clear')
  }

  /** How many lines of the log an expression fits. */
  lines(pattern: RegExp): number {
    return this.haraka.log.split('\n').filter((line) => pattern.test(line)).length
  }

  /** Other lines in enforce-tls.ini, with a restart. */
  async reconfigure(ini: string): Promise<void> {
    this.haraka.writeConfig({ 'enforce-tls.ini': iniOf(ini) })
    await this.haraka.restart()
  }

  /** Runs the command on the settings of this Haraka; gives what it prints, errors too. */
  async command(...words: readonly string[]): Promise<string> {
    const { bin } = await installedPackage()
    return await runToEnd(process.execPath, [bin, ...words, '--config', this.haraka.folder])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.haraka.close()
    await Promise.all([this.open.close(), this.acme.close()])
  }

  async #send(from = 'ann@acme.example'): Promise<void> {
    const { code } = await this.haraka.send({ from, to: 'lab@clinic.example' })
    assert.equal(code, 250)
  }

  /** Ends at once where covered mail arrives. */
  async #until(condition: () => boolean, what: string): Promise<void> {
    await this.haraka.until(() => {
      this.assertNothingInTheClear()
      return condition()
    }, what)
  }
}
