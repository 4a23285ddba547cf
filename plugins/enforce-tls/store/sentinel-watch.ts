/**
 * Hears from Sentinels that another server is the master now. A server that was one goes on as if it were for
 * seconds; who stays connected to it reads yesterday's rules. Total: what fails is tried again.
 */
import Redis from 'ioredis'
import type { ServerOptions } from './redis-client.js'
import type { Endpoint } from './redis-endpoint.js'

const CHANNEL = '+switch-master'

/** The Sentinels of one master. */
export class SentinelWatch {
  readonly #clients: readonly Redis[]
  /** The last change that was told: each Sentinel tells it. */
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
        .on('ready', () => client.subscribe(CHANNEL).catch(() => client.disconnect(true)))
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
    for (const client of this.#clients) client.disconnect()
  }
}
