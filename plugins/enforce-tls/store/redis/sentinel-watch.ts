/**
 * Subscribes to Sentinels, which report that another server is the master now. A server that was one goes on as if it were for
 * seconds; who stays connected to it reads yesterday's rules. Total: what fails is tried again.
 */
import Redis from 'ioredis'
import type { ServerOptions } from './options.js'
import type { Endpoint } from '../../settings/network.js'

const CHANNEL = '+switch-master'
/** How long a Sentinel that refuses is left in peace, in milliseconds. */
const REFUSED_PAUSE = 2000

/** The Sentinels of one master. */
export class SentinelWatch {
  readonly #clients: readonly Redis[]
  readonly #pauses = new Set<NodeJS.Timeout>()
  /** The last change that was reported: each Sentinel reports it. */
  #last = ''

  /**
   * @param options how to connect to each of them
   * @param onSwitch called once for each change of the master called `name`
   */
  constructor(sentinels: readonly Endpoint[], options: ServerOptions, name: string, onSwitch: () => void) {
    this.#clients = sentinels.map(({ host, port }) => {
      const client = new Redis({ ...options, host, port })
      client
        .on('error', () => undefined)
        .on('ready', () => client.subscribe(CHANNEL).catch(() => this.#tryLater(client)))
        .on('message', (_channel: string, change: string) => {
          // "<name> <old host> <old port> <new host> <new port>"
          if (!change.startsWith(`${name} `) || change === this.#last) return
          this.#last = change
          onSwitch()
        })
      return client
    })
  }

  close(): void {
    for (const pause of this.#pauses) clearTimeout(pause)
    for (const client of this.#clients) client.disconnect()
  }

  #tryLater(client: Redis): void {
    const pause = setTimeout(() => {
      this.#pauses.delete(pause)
      client.disconnect(true)
    }, REFUSED_PAUSE).unref()
    this.#pauses.add(pause)
  }
}
