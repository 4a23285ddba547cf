/** The TLS of outgoing sessions as settings and a requirement say it, for deliveries and checks alike. */
import path from 'node:path'
import type { SecureContext } from 'node:tls'
import { TlsContexts } from './contexts.js'
import { trustAnchors } from './trust-anchors.js'
import { later } from '../../rules/levels.js'
import type { Requirement } from '../../rules/requirement.js'
import { SETTINGS_FILE, SettingsError } from '../../settings/settings.js'
import type { Settings } from '../../settings/types.js'
import { errorMessage } from '../../text/error-message.js'

/**
 * Contexts that trust the authorities of the settings.
 *
 * @param configFolder where a relative `[tls] ca` counts from
 * @throws {SettingsError} when `[tls] ca` is no file of certificates.
 */
export function contextsFor({ tls }: Settings, configFolder: string): TlsContexts {
  const file = tls.ca === '' ? '' : path.resolve(configFolder, tls.ca)
  try {
    const anchors = trustAnchors(file)
    return new TlsContexts(() => anchors)
  } catch (error) {
    const problem = errorMessage(error)
    throw new SettingsError(
      `${SETTINGS_FILE}: [tls] ca=${tls.ca}: expected a PEM file of CA certificates: ${problem}`,
    )
  }
}

/**
 * The context of a session that has to fulfil a requirement.
 *
 * @param options of `tls.ini [outbound]`
 * @throws when OpenSSL refuses the operator's key, certificate or cipher list.
 */
export function contextOf(
  contexts: TlsContexts,
  { tls }: Settings,
  { minVersion, trusted }: Pick<Requirement, 'minVersion' | 'trusted'>,
  options: Readonly<Record<string, unknown>>,
): SecureContext {
  const lowest = later(tls.minVersion, minVersion ?? tls.minVersion)
  return contexts.get({ minVersion: lowest, trusted }, options)
}

/** Whether options of `tls.ini` keep Haraka's own sessions from a version that a server may speak. */
export function limitsVersions(options: Readonly<Record<string, unknown>>): boolean {
  return options['maxVersion'] !== undefined || options['secureProtocol'] !== undefined
}
