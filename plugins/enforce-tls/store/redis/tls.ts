/** Reads the files that TLS to Redis needs; one that can't be used throws with its key and what is expected. */
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { RedisSettings } from '../../settings/redis.js'
import { SETTINGS_FILE, SettingsError } from '../../settings/error.js'
import { errorMessage } from '../../text/error-message.js'

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
