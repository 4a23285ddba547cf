/**
 * The TLS of outgoing sessions as settings and a requirement say it, for deliveries and checks alike. Contexts are
 * shared by all sessions that are alike: a new one for every connection would cost more than the handshake's own
 * arithmetic.
 */
import { errorMessage } from '../../text/error-message.js'
import path from 'node:path'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { later, type TlsVersion } from '../../rules/levels.js'
import type { HostRequirement, NamedTrust } from '../../published/host-requirement.js'
import { SETTINGS_FILE, SettingsError } from '../../settings/error.js'
import type { Settings } from '../../settings/types.js'
import { SessionCache } from './session-cache.js'
import { trustAnchors } from './trust-anchors.js'
import type { TrustMaterial } from './trust-material.js'
import { Trusts } from './trusts.js'

/** What Haraka's `tls.ini [outbound]` says about outgoing sessions, and this plugin heeds. */
const HEEDED = ['key', 'cert', 'ciphers', 'ecdhCurve'] as const

/** What makes contexts different for this plugin. */
export interface ContextKey {
  readonly minVersion: TlsVersion
  /** Whether chains are checked. */
  readonly trusted: boolean
}

type Heeded = Pick<SecureContextOptions, (typeof HEEDED)[number]>

/** Makes each context once; those of a named trust are made apart, so that no session of one is ever another's. */
export class TlsContexts {
  readonly #anchors: () => readonly string[]
  readonly #own: TrustMaterial['own']
  readonly #sessions = new WeakMap<SecureContext, SessionCache>()
  readonly #made: { key: ContextKey; heeded: Heeded; context: SecureContext }[] = []

  /**
   * @param anchors the trusted authorities, asked for when first needed
   * @param own what comes before the operator's options
   */
  constructor(anchors: () => readonly string[], own: TrustMaterial['own'] = {}) {
    this.#anchors = anchors
    this.#own = own
  }

  /**
   * The context for a minimum version, with or without trusted authorities, and the operator's own options.
   *
   * @param options of `tls.ini [outbound]`; verification settings in it are not heeded, a requirement has its own
   * @throws when OpenSSL refuses the operator's key, certificate or cipher list.
   */
  get(key: ContextKey, options: Readonly<Record<string, unknown>>): SecureContext {
    const heeded: Heeded = Object.fromEntries(
      HEEDED.map((name): [string, unknown] => [name, this.#own[name] ?? options[name]]).filter(
        ([, value]) => value !== undefined,
      ),
    )
    const known = this.#made.find(
      (made) =>
        made.key.minVersion === key.minVersion &&
        made.key.trusted === key.trusted &&
        HEEDED.every((name) => made.heeded[name] === heeded[name]),
    )
    if (known) return known.context
    // Where no chain is checked, an empty list spares OpenSSL a look at all the world's authorities.
    const ca = key.trusted ? [...this.#anchors()] : []
    const context = createSecureContext({ ...heeded, minVersion: key.minVersion, ca })
    this.#made.push({ key, heeded, context })
    // Reloads of tls.ini bring new key objects each time; the oldest are not asked for any more.
    if (this.#made.length > 32) this.#made.shift()
    return context
  }

  /** The trusted authorities, as PEM texts; the same list as long as the settings are the same. */
  get anchors(): readonly string[] {
    return this.#anchors()
  }

  /** Whether sessions have a certificate, ciphers or groups of their own. */
  get hasOwn(): boolean {
    return Object.keys(this.#own).length > 0
  }

  /** The sessions made with a context: whatever it trusts or shows of itself, no session outlives it. */
  sessions(context: SecureContext): SessionCache {
    const sessions = this.#sessions.get(context) ?? new SessionCache()
    this.#sessions.set(context, sessions)
    return sessions
  }
}

/** The contexts of all mail, and those of each named trust. */
export interface AllContexts {
  readonly plain: TlsContexts
  readonly trusts: Trusts<TlsContexts>
}

/**
 * The authorities of a named trust whose sessions differ from others in nothing else, as PEM texts, so that a session that
 * was made without it can be judged by it; `null` for another trust.
 */
export function authoritiesOnly({ trusts }: AllContexts, trust: NamedTrust): readonly string[] | null {
  if (!trust.hasAuthorities || trust.serverName !== '' || !trusts.has(trust)) return null
  const contexts = trusts.madeOf(trust)
  return contexts.hasOwn ? null : contexts.anchors
}

/** The contexts that sessions of a requirement are made of. @throws {TypeError} where its trust was not looked up. */
function contextsOf(
  { plain, trusts }: AllContexts,
  requirement: Pick<HostRequirement, 'trusts' | 'trust'>,
): TlsContexts {
  if (requirement.trust) return trusts.madeOf(requirement.trust)
  if (requirement.trusts) throw new TypeError('a session without the trust that its rule names')
  return plain
}

/**
 * The sessions made with a context; `null` where the settings have been read again since the context was made: sessions
 * of its trust have no place any more.
 */
export function sessionsOf(
  { plain, trusts }: AllContexts,
  { trust }: Pick<HostRequirement, 'trust'>,
  context: SecureContext,
): SessionCache | null {
  if (!trust) return plain.sessions(context)
  return trusts.has(trust) ? trusts.madeOf(trust).sessions(context) : null
}

/**
 * Contexts that trust the authorities of the settings.
 *
 * @param configFolder where a relative `[tls] ca` counts from
 * @throws {SettingsError} when `[tls] ca` is no file of certificates.
 */
export function contextsFor(
  { tls, trusts }: Pick<Settings, 'tls' | 'trusts'>,
  configFolder: string,
): AllContexts {
  const file = tls.ca === '' ? '' : path.resolve(configFolder, tls.ca)
  try {
    const anchors = trustAnchors(file)
    return {
      plain: new TlsContexts(() => anchors),
      trusts: new Trusts(
        trusts,
        configFolder,
        (material) => new TlsContexts(() => material.anchors ?? anchors, material.own),
      ),
    }
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
  contexts: AllContexts,
  { tls }: Pick<Settings, 'tls'>,
  requirement: Pick<HostRequirement, 'minVersion' | 'trusted' | 'held' | 'trusts' | 'trust'>,
  options: Readonly<Record<string, unknown>>,
): SecureContext {
  const { minVersion, trusted, held } = requirement
  const lowest = later(tls.minVersion, minVersion ?? tls.minVersion)
  // By a policy of mode `testing` the chain is looked at, and what is wrong with it is reported.
  return contextsOf(contexts, requirement).get(
    { minVersion: lowest, trusted: trusted || Boolean(held?.testing) },
    options,
  )
}

/** Whether options of `tls.ini` keep Haraka's own sessions from a version that a server may speak. */
export function limitsVersions(options: Readonly<Record<string, unknown>>): boolean {
  return options['maxVersion'] !== undefined || options['secureProtocol'] !== undefined
}
