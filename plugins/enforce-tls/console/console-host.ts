/**
 * The console in a Haraka: below `/enforce-tls/` of its HTTP server. Made with the first request that finds it
 * switched on, so that a Haraka without a console carries nothing of it.
 */
import type { BounceOptions } from '../delivery/bounce.js'
import type { HarakaPlugin, HarakaServer, Next } from '../haraka/types.js'
import { isLoaded } from '../other-plugins.js'
import type { Settings } from '../settings.js'
import type { DeliveryLog } from '../store/delivery-log.js'
import { openDeliveryLog } from '../store/open-store.js'
import type { RuleStore } from '../store/rule-store.js'
import type { ConsoleOptions } from './console-context.js'
import type { Vault } from './auth/vault.js'
import type { MountedConsole } from './mount.js'
import { isBelowMount } from './mount-path.js'

/** What the console gets from its Haraka. */
export interface ConsoleHostOptions {
  readonly plugin: HarakaPlugin
  readonly store: RuleStore
  readonly settings: () => Settings
  /** Where the rules are; accounts and sessions are kept there too. */
  readonly storePlace: Pick<Settings, 'store' | 'redis'>
  readonly bounceOptions: () => BounceOptions
  readonly checkPartner: ConsoleOptions['checkPartner']
}

/** The console of one Haraka process. */
export class ConsoleHost {
  readonly #options: ConsoleHostOptions
  #made: Promise<{
    readonly vault: Vault
    readonly deliveries: DeliveryLog
    readonly answer: MountedConsole
  }> | null = null

  constructor(options: ConsoleHostOptions) {
    this.#options = options
  }

  /** Puts it into the server. Total. */
  serve(next: Next, { http: { app } }: HarakaServer): void {
    const { plugin, settings } = this.#options
    app.use((request, response, pass) => {
      if (!settings().console.enabled || !isBelowMount(request.url)) return pass()
      this.#make().then(
        ({ answer }) => answer(request, response, pass),
        (error: unknown) => {
          plugin.logerror(`no console: ${error instanceof Error ? String(error.stack) : String(error)}`)
          this.#made = null
          pass()
        },
      )
    })
    if (settings().console.enabled) plugin.loginfo('the console is at /enforce-tls/ of the HTTP server')
    next()
  }

  async close(): Promise<void> {
    const made = await this.#made?.catch(() => null)
    await made?.vault.close()
    await made?.deliveries.close()
  }

  #make() {
    this.#made ??= this.#build()
    return this.#made
  }

  async #build() {
    const { plugin, store, settings, storePlace, bounceOptions, checkPartner } = this.#options
    const [{ openVault }, { mountConsole }, { previewBounce }] = await Promise.all([
      import('./auth/open-vault.js'),
      import('./mount.js'),
      import('./preview-bounce.js'),
    ])
    const vault = openVault(storePlace)
    const deliveries = openDeliveryLog(storePlace)
    const answer = mountConsole({
      store,
      vault,
      settings,
      previewBounce: (request) => previewBounce(request, bounceOptions()),
      deliveries,
      checkPartner,
      offersTls: () => isLoaded(plugin, 'tls'),
      logError: (sentence) => plugin.logerror(sentence),
    })
    return { vault, deliveries, answer }
  }
}
