/**
 * TLS settings of outgoing sessions, shared by all that are alike: a new secure context for every
 * connection would cost more than the handshake's own arithmetic.
 */
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { TlsVersion } from '../rules/levels.js'

/** What Haraka's `tls.ini [outbound]` says about outgoing sessions, and this plugin heeds. */
const HEEDED = ['key', 'cert', 'ciphers', 'ecdhCurve'] as const

type Heeded = Pick<SecureContextOptions, (typeof HEEDED)[number]>

/** Makes each context once. */
export class TlsContexts {
  readonly #made: { minVersion: TlsVersion; heeded: Heeded; context: SecureContext }[] = []

  /**
   * The context for a minimum version and the operator's own TLS options.
   *
   * @param options of `tls.ini [outbound]`; verification settings in it are not heeded, a requirement has its own
   * @throws when OpenSSL refuses the operator's key, certificate or cipher list.
   */
  get(minVersion: TlsVersion, options: Readonly<Record<string, unknown>>): SecureContext {
    const heeded: Heeded = Object.fromEntries(
      HEEDED.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
    )
    const known = this.#made.find(
      (made) => made.minVersion === minVersion && HEEDED.every((name) => made.heeded[name] === heeded[name]),
    )
    if (known) return known.context
    const context = createSecureContext({ ...heeded, minVersion })
    this.#made.push({ minVersion, heeded, context })
    // Reloads of tls.ini bring new key objects each time; the oldest are not asked for any more.
    if (this.#made.length > 32) this.#made.shift()
    return context
  }
}
