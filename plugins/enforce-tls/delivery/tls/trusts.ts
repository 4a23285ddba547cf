/**
 * The named trusts of the settings, each with what its sessions are made with. Files are looked at again after a second:
 * one that was replaced makes another trust, whose sessions and connections have nothing to do with those before. What
 * cannot be used throws a `TrustProblem`; the last version that could be used is none, since it may trust what its owner
 * has taken back.
 */
import type { NamedTrust } from '../../published/host-requirement.js'
import type { TrustSettings } from '../../settings/trust.js'
import { nearest } from '../../text/nearest.js'
import { materialOf, type TrustMaterial } from './trust-material.js'
import { trustFacts, type TrustFacts } from './trust-facts.js'
import { digestOf, outOfDate, readTrustFiles, stampOf, TrustProblem, type TrustFiles } from './trust-files.js'

/** How long files are taken for unchanged, in milliseconds. */
const FRESH = 1000

interface Loaded {
  readonly stamp: string
  readonly result: { readonly trust: NamedTrust; readonly files: TrustFiles } | TrustProblem
  at: number
}

/** @typeParam C what is made of each trust, once for each content */
export class Trusts<C> {
  readonly #settings: Readonly<Record<string, TrustSettings>>
  readonly #configFolder: string
  readonly #make: (material: TrustMaterial) => C
  readonly #loaded = new Map<string, Loaded>()
  readonly #made = new WeakMap<NamedTrust, C>()

  constructor(
    settings: Readonly<Record<string, TrustSettings>>,
    configFolder: string,
    make: (material: TrustMaterial) => C,
  ) {
    this.#settings = settings
    this.#configFolder = configFolder
    this.#make = make
  }

  /**
   * The trust as its files are now.
   *
   * @throws {TrustProblem} where there is none of that name, or it cannot be used.
   */
  get(name: string): NamedTrust {
    const { result } = this.#load(name)
    const problem = result instanceof TrustProblem ? result : outOfDate(result.files, Date.now())
    if (problem) throw problem
    return (result as Exclude<typeof result, TrustProblem>).trust
  }

  /** All of them as they are now, whether or not they can be used. */
  facts(): TrustFacts[] {
    const now = Date.now()
    return Object.entries(this.#settings).map(([name, settings]) => {
      const { result } = this.#load(name)
      const found =
        result instanceof TrustProblem
          ? { files: null, problem: result }
          : { files: result.files, problem: outOfDate(result.files, now) }
      return trustFacts(name, settings, found, this.#configFolder, now)
    })
  }

  /** Whether a trust is from here. */
  has(trust: NamedTrust): boolean {
    return this.#made.has(trust)
  }

  /** What was made of a trust. @throws {TypeError} for one that is not from here: nothing else will do in its place. */
  madeOf(trust: NamedTrust): C {
    const made = this.#made.get(trust)
    if (made === undefined) throw new TypeError(`trust ${trust.name} was read by other settings`)
    return made
  }

  #load(name: string): Loaded {
    const settings = this.#settingsOf(name)
    const now = performance.now()
    const before = this.#loaded.get(name)
    if (before && now - before.at < FRESH) return before
    const stamp = stampOf(settings, this.#configFolder)
    if (before?.stamp === stamp && isSettled(before)) {
      before.at = now
      return before
    }
    const loaded = { stamp, result: this.#read(name, settings, before), at: now }
    this.#loaded.set(name, loaded)
    return loaded
  }

  #settingsOf(name: string): TrustSettings {
    const settings = Object.hasOwn(this.#settings, name) ? this.#settings[name] : undefined
    if (settings) return settings
    const near = nearest(name, Object.keys(this.#settings))
    throw new TrustProblem(
      `does not exist${near === null ? '' : ` (did you mean ${near}?)`}; add the section [trust:${name}] to enforce-tls.ini, or give the rule another trust`,
    )
  }

  #read(name: string, settings: TrustSettings, before: Loaded | undefined): Loaded['result'] {
    try {
      const files = readTrustFiles(settings, this.#configFolder)
      const digest = digestOf(settings, files)
      // Written again with what was there: sessions go on.
      if (before && !(before.result instanceof TrustProblem) && before.result.trust.digest === digest)
        return before.result
      const trust = {
        name,
        digest,
        serverName: settings.serverName,
        hasAuthorities: files.ca.length > 0,
      }
      this.#made.set(trust, this.#make(materialOf(settings, files)))
      return { trust, files }
    } catch (error) {
      if (error instanceof TrustProblem) return error
      // Whatever nobody expects makes this trust unusable, and no other one.
      const name = error instanceof Error ? error.name : 'unknown error'
      return new TrustProblem(`its files cannot be used (${name}); look at them again`)
    }
  }
}

/** What could not be read may be readable by now, without a trace in what was looked at (an ACL, a mount). */
function isSettled({ result }: Loaded): boolean {
  return !(result instanceof TrustProblem)
}
