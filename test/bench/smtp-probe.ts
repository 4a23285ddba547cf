/**
 * A mail client that only asks Haraka whether it would take a message for a recipient; what an incoming rule
 * says shows there at once, as 530 or 250. Rejects when Haraka closes the connection.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

/** The partner whose mail the probed rule is about. */
export const PROBE_PARTNER = 'probe-partner.example'

/** The rule for it: off, it takes the mail in the clear; on, it refuses it. */
export function probeRule(enabled: boolean): string {
  return JSON.stringify({
    name: 'Probe partner only over TLS',
    direction: 'incoming',
    enabled,
    position: 1,
    criteria: { from: { matchesAny: [PROBE_PARTNER] } },
    actions: { relayWithTls: { level: 'encrypt' } },
  })
}

/** The plugin that takes what no rule refuses, for `extraPlugins`. */
export const TAKE_ALL = { 'take-all': 'exports.hook_rcpt = (next) => next(OK)\n' }

/** A session with a Haraka. */
export class SmtpProbe implements Disposable {
  readonly #socket: Socket
  readonly #replies: AsyncIterator<string>

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#replies = createInterface({ input: socket })[Symbol.asyncIterator]()
  }

  static async open(port: number): Promise<SmtpProbe> {
    const socket = connect(port, '127.0.0.1').setNoDelay()
    await once(socket, 'connect')
    const probe = new SmtpProbe(socket)
    await probe.#reply()
    await probe.#say('EHLO probe.test.example')
    return probe
  }

  /** Whether mail of the probe partner for this recipient's domain is refused now. */
  async isRefused(domain: string): Promise<boolean> {
    await this.#say('RSET')
    await this.#say(`MAIL FROM:<cfo@${PROBE_PARTNER}>`)
    const reply = await this.#say(`RCPT TO:<ann@${domain}>`)
    if (reply.startsWith('530')) return true
    if (reply.startsWith('250')) return false
    throw new Error(`Haraka said ${reply} to RCPT`)
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  /** One command at a time: replies to several would wait for each other's TCP acknowledgement, about 40 ms. */
  async #say(command: string): Promise<string> {
    this.#socket.write(`${command}\r\n`)
    return await this.#reply()
  }

  /** The last line of the next reply. */
  async #reply(): Promise<string> {
    for (;;) {
      const line = await this.#replies.next()
      if (line.done === true) throw new Error('Haraka closed the connection')
      if (line.value[3] !== '-') return line.value
    }
  }
}
