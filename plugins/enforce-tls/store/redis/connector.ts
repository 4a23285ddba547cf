/**
 * Makes the streams to Redis, and reads the files that TLS needs there; one that can't be used throws with its key and
 * what is expected. ioredis listens to the first error of a stream only, but a TLS stream that is closed during its
 * handshake can have two - its certificate is not trusted, and the server complains about the end - and an error that
 * nobody listens to ends the process. Here somebody always does.
 */
import { createConnection, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions, createSecureContext } from 'node:tls'
import { readFileSync } from 'node:fs'
import { AbstractConnector, SentinelConnector } from 'ioredis'
import type { RedisSettings } from '../../settings/redis.js'
import { SETTINGS_FILE, SettingsError } from '../../settings/error.js'
import { errorMessage } from '../../text/error-message.js'

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

/** The part of the client's TLS options that comes out of files. */
export interface RedisTlsFiles {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/**
 * The authorities and the client certificate of the settings; nothing where they name none.
 *
 * @throws {SettingsError} for a file that can't be read, or is not what it should be.
 */
export function readTlsFiles({ tlsCa, tlsCert, tlsKey }: RedisSettings): RedisTlsFiles {
  const files = {
    ...(tlsCa === undefined ? {} : { ca: pem('tls_ca', tlsCa, 'CERTIFICATE') }),
    ...(tlsCert === undefined ? {} : { cert: pem('tls_cert', tlsCert, 'CERTIFICATE') }),
    ...(tlsKey === undefined ? {} : { key: pem('tls_key', tlsKey, 'PRIVATE KEY') }),
  }
  try {
    createSecureContext(files)
  } catch (error) {
    throw new SettingsError(
      `${SETTINGS_FILE}: [redis] tls_ca, tls_cert and tls_key: expected certificates and the key of tls_cert: ${errorMessage(error)}`,
    )
  }
  return files
}

function pem(key: string, path: string, kind: string): string {
  const refused = (problem: string) =>
    new SettingsError(`${SETTINGS_FILE}: [redis] ${key}=${path}: expected a PEM file: ${problem}`)
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (error) {
    throw refused(errorMessage(error))
  }
  if (!content.includes(`${kind}-----`)) throw refused(`it contains no ${kind}`)
  return content
}
