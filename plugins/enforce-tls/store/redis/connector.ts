/**
 * Makes the streams to Redis. ioredis listens to the first error of a stream only, but a TLS stream that is
 * closed during its handshake can have two - its certificate is not trusted, and the server complains about the
 * end - and an error that nobody listens to ends the process. Here somebody always does.
 */
import { createConnection, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { AbstractConnector, SentinelConnector } from 'ioredis'

/** The part of a client's options that says where. */
interface Where {
  readonly host?: string
  readonly port?: number
  readonly path?: string
  readonly tls?: ConnectionOptions
  readonly disconnectTimeout: number
}

/** To one address. */
export class DirectConnector extends AbstractConnector {
  readonly #where: Where

  constructor(options: unknown) {
    super((options as Where).disconnectTimeout)
    this.#where = options as Where
  }

  override connect(): Promise<Socket> {
    const { host, port = 0, path, tls } = this.#where
    const where = path ? { path } : { port, ...(host === undefined ? {} : { host }) }
    this.connecting = true
    this.stream = tls ? connectTls({ ...where, ...tls }) : createConnection(where)
    this.stream.once('error', (error: Error) => (this.firstError = error))
    return Promise.resolve(guarded(this.stream))
  }
}

/** To one address, and reports why a stream failed: of the nodes of a Cluster the client itself does not. */
export function reportingConnector(onError: (error: Error) => void): typeof DirectConnector {
  return class extends DirectConnector {
    override async connect(): Promise<Socket> {
      const stream = await super.connect()
      return stream.once('error', onError)
    }
  }
}

/** To the master that Sentinels name. */
export class MasterConnector extends SentinelConnector {
  constructor(options: unknown) {
    super(options as ConstructorParameters<typeof SentinelConnector>[0])
  }

  override async connect(...args: Parameters<SentinelConnector['connect']>): Promise<Socket> {
    return guarded(await super.connect(...args))
  }
}

function guarded(stream: Socket): Socket {
  return stream.on('error', () => undefined)
}
