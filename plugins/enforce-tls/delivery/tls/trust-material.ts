/** What a named trust brings into its sessions, in the form that OpenSSL takes; what it does not take is a `TrustProblem`. */
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { TrustSettings } from '../../settings/trust.js'
import { errorMessage } from '../../text/error-message.js'
import { TrustProblem, type TrustFiles } from './trust-files.js'

/** What is absent is as for all others. */
export interface TrustMaterial {
  /** The only authorities that count, as PEM texts. */
  readonly anchors?: readonly string[]
  readonly own: {
    readonly cert?: string
    readonly key?: string
    readonly ciphers?: string
    readonly ecdhCurve?: string
  }
}

/** @throws {TrustProblem} for the first part that OpenSSL refuses. */
export function materialOf(settings: TrustSettings, { ca, own }: TrustFiles): TrustMaterial {
  const { ciphers, groups } = settings
  const pair = own ? { cert: own.cert.pem, key: own.keyPem } : {}
  const parts: readonly (readonly [what: string, part: SecureContextOptions, expected: string])[] = [
    [
      `ciphers=${ciphers}`,
      ciphers === '' ? {} : { ciphers },
      'ciphers as OpenSSL names them, with colons between',
    ],
    [
      `groups=${groups}`,
      groups === '' ? {} : { ecdhCurve: groups },
      'groups as OpenSSL names them, with colons between, such as X25519:P-256',
    ],
    [`cert=${settings.cert}`, pair, 'a certificate that is strong enough for it'],
  ]
  for (const [what, part, expected] of parts) {
    try {
      createSecureContext({ ...part, ca: [] })
    } catch (error) {
      // OpenSSL writes "error:<number>:<library>::<reason>".
      const reason = errorMessage(error).split('::').at(-1) ?? ''
      throw new TrustProblem(`${what} is not accepted by OpenSSL here (${reason}); expected: ${expected}`)
    }
  }
  return {
    ...(ca.length > 0 ? { anchors: ca.map(({ pem }) => pem) } : {}),
    own: {
      ...pair,
      ...(ciphers === '' ? {} : { ciphers }),
      ...(groups === '' ? {} : { ecdhCurve: groups }),
    },
  }
}
