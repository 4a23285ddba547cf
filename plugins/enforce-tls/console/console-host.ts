/**
 * The console in a Haraka: below `/enforce-tls/` of its HTTP server. Its modules are loaded at the start where it is
 * switched on, because loading takes long enough for mail to notice; otherwise with the first request that finds it
 * switched on, so that a Haraka without a console carries nothing of it.
 */
import type { StoreMemory } from '../admin/store-memory.js'
import type { BounceOptions } from '../delivery/bounce/compose.js'
import type { HarakaPlugin, HarakaServer, Next } from '../haraka/types.js'
import { assertInstalled, CONSOLE, PackageMissing } from '../settings/optional-package.js'
import { isLoaded } from '../haraka/queue-plugins.js'
import type { Settings } from '../settings/types.js'
import type { DeliveryLog } from '../store/delivery-log.js'
import { openDeliveryLog, openPartnerFacts, openSharedHashes } from '../store/open-store.js'
import type { PartnerFacts } from '../store/partner-facts.js'
import type { SharedHashes } from '../store/shared-hashes.js'
import type { RuleStore } from '../store/rule-store.js'
import type { ConsoleOptions } from './console-context.js'
import type { AccountStore } from './auth/account-store.js'
import { limitConnections } from './connection-limit.js'
import { isBelowMount, mountConsole, type MountedConsole } from './mount.js'

/** What the console gets from its Haraka. */
export interface ConsoleHostOptions {
  readonly plugin: HarakaPlugin
  readonly store: RuleStore
  readonly settings: () => Settings
  /** Where the rules are; accounts and sessions are stored there too. */
  readonly storePlace: Pick<Settings, 'store' | 'redis'>
  readonly bounceOptions: () => BounceOptions
  readonly checkPartner: ConsoleOptions['checkPartner']
  /** The store that this Haraka has seen last. */
  readonly seen: StoreMemory['seen']
}

/** The most connections to an HTTP server with a console in it, where nobody else has said how many. */
const CONNECTIONS_MAX = 500

/** The console of one Haraka process. */
export class ConsoleHost {
  readonly #options: ConsoleHostOptions
  #installed: boolean | null = null
  #made: Promise<{
    readonly accounts: AccountStore
    readonly deliveries: DeliveryLog
    readonly waiting: SharedHashes
    readonly partnerFacts: PartnerFacts
    readonly answer: MountedConsole
  }> | null = null

  constructor(options: ConsoleHostOptions) {
    this.#options = options
  }

  /** Puts it into the server. Total. */
  serve(next: Next, { http: { app, server } }: HarakaServer): void {
    const { plugin } = this.#options
    app.use((request, response, pass) => {
      if (!this.#isServed || !isBelowMount(request.url)) return pass()
      this.#make().then(
        ({ answer }) => answer(request, response, pass),
        (error: unknown) => {
          plugin.logerror(`no console: ${error instanceof Error ? String(error.stack) : String(error)}`)
          this.#made = null
          pass()
        },
      )
    })
    if (this.#isServed) {
      if (server) limitConnections(server, CONNECTIONS_MAX)
      plugin.loginfo('the console is at /enforce-tls/ on the HTTP server')
      // Not waited for: routes of plugins behind this one must be there before Haraka's own 404. What can't be loaded
      // is logged at the first request.
      loadConsole().catch(() => undefined)
    }
    next()
  }

  async close(): Promise<void> {
    const made = await this.#made?.catch(() => null)
    await made?.accounts.close()
    await made?.deliveries.close()
    await made?.waiting.close()
    await made?.partnerFacts.close()
  }

  /** Switched on, with its packages: what is not installed now is not there at the next request either. */
  get #isServed(): boolean {
    if (!this.#options.settings().console.enabled) return false
    this.#installed ??= this.#areInstalled()
    return this.#installed
  }

  #areInstalled(): boolean {
    try {
      assertInstalled(CONSOLE)
      return true
    } catch (error) {
      if (!(error instanceof PackageMissing)) throw error
      this.#options.plugin.logerror(`no console: ${error.message}`)
      return false
    }
  }

  #make() {
    this.#made ??= this.#build()
    return this.#made
  }

  async #build() {
    const { plugin, store, settings, storePlace, bounceOptions, checkPartner, seen } = this.#options
    const [{ openAccountStore }, { createConsole }, { previewBounce }] = await loadConsole()
    const accounts = openAccountStore(storePlace)
    const deliveries = openDeliveryLog(storePlace)
    const waiting = openSharedHashes(storePlace)
    const partnerFacts = openPartnerFacts(storePlace)
    const answer = mountConsole(createConsole, {
      store,
      accounts,
      settings,
      previewBounce: (request) => previewBounce(request, bounceOptions()),
      deliveries,
      waiting,
      partnerFacts,
      checkPartner,
      offersTls: () => isLoaded(plugin, 'tls'),
      memory: { seen, onEmptyStore: () => settings().main.onEmptyStore },
      logError: (sentence) => plugin.logerror(sentence),
    })
    return { accounts, deliveries, waiting, partnerFacts, answer }
  }
}

function loadConsole() {
  return Promise.all([
    import('./auth/open-account-store.js'),
    import('./console.js'),
    import('./preview-bounce.js'),
  ])
}
