/** Puts it all together for one Haraka process: settings, rules in force, and what each hook answers. */
import constants from 'haraka-constants'
import { Books } from './books.js'
import { ConsoleHost } from './console/console-host.js'
import { checkPartner, checkTimeouts } from './check/partner-check.js'
import type { PartnerCheck, PartnerQuestion } from './check/types.js'
import { composeBounce, type BounceOptions } from './delivery/bounce.js'
import type { GuardContext } from './delivery/guard-context.js'
import { Guard } from './delivery/guard.js'
import { divide, keepAsError, splitOff } from './delivery/queue-files.js'
import type { TlsContexts } from './delivery/tls-contexts.js'
import { hostOf, isTrustedHop, placeOf } from './delivery/next-hop.js'
import { Decisions } from './decisions.js'
import type {
  HarakaAddress,
  HarakaConnection,
  HarakaDelivered,
  HarakaMailItem,
  HarakaPlugin,
  HarakaServer,
  Next,
} from './haraka/types.js'
import { answerRecipient } from './incoming.js'
import { keepFromOtherQueues } from './other-queues.js'
import { RuleStates } from './metrics/rule-states.js'
import { RuleBook } from './rule-book.js'
import { readSettings, storeIn, type Settings } from './settings.js'
import { openStore } from './store/open-store.js'
import type { RuleStore } from './store/rule-store.js'
import { ThisHaraka } from './this-haraka.js'
import { contextOf, contextsFor } from './tls-settings.js'

/** The plugin in one Haraka process. */
export class Enforcer {
  readonly #plugin: HarakaPlugin
  readonly #haraka: ThisHaraka
  /** Where rules are, as at start: a change of these settings asks for a restart. */
  readonly #storePlace: Pick<Settings, 'store' | 'redis'>
  readonly #store: RuleStore
  readonly #rules: RuleBook
  readonly #books: Books
  readonly #configFolder: string
  readonly #guardContext: GuardContext
  readonly #decisions: Decisions
  #console: ConsoleHost | null = null
  #storeAvailable: boolean | null = null
  #settings: Settings
  #contexts: TlsContexts

  /**
   * @throws {SettingsError} for a bad `enforce-tls.ini`.
   */
  constructor(plugin: HarakaPlugin, configFolder: string) {
    this.#plugin = plugin
    this.#haraka = new ThisHaraka(plugin)
    this.#configFolder = configFolder
    this.#settings = readSettings(plugin.config, (result) => this.#onSettingsChange(result))
    this.#contexts = contextsFor(this.#settings, configFolder)
    const where = storeIn(this.#settings, configFolder)
    this.#storePlace = where
    this.#store = openStore(where, {
      onStateChange: (state, detail) => {
        this.#storeAvailable = state === 'available'
        if (state === 'available') plugin.lognotice(`rule store is available: ${detail}`)
        else plugin.logerror(`rule store is not available: ${detail}`)
      },
    })
    this.#rules = new RuleBook(this.#store, {
      log: plugin,
      maxOwners: this.#settings.cache.maxOwners,
      patience: this.#settings.redis.commandTimeout,
    })
    const ruleStates = new RuleStates(this.#store)
    this.#books = new Books({
      plugin,
      haraka: this.#haraka,
      settings: () => this.#settings,
      storePlace: where,
      sources: {
        storeAvailable: () => this.#storeAvailable,
        cache: () => this.#rules.counts,
        rules: () => ruleStates.latest(),
      },
    })
    this.#guardContext = this.#makeGuardContext()
    this.#decisions = new Decisions({
      settings: () => this.#settings.main,
      rules: this.#rules,
      reports: this.#books.reports,
      divide: this.#guardContext.divide,
      retriesLast: () => this.#haraka.retriesLast,
      decided: this.#books.metrics.decided,
    })
    plugin.loginfo(`rules are in ${this.#store.description}`)
  }

  #onSettingsChange(result: { readonly settings: Settings } | { readonly error: Error }): void {
    try {
      if ('error' in result) throw result.error
      this.#contexts = contextsFor(result.settings, this.#configFolder)
      this.#settings = result.settings
      this.#plugin.lognotice('enforce-tls.ini was read again')
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      this.#plugin.logerror(`${problem}; the settings before this change stay in force`)
    }
  }

  /** Hook `send_email`: runs before every attempt of every item, also after a restart. Total. */
  beforeAttempt(next: Next, item: HarakaMailItem): void {
    // Synchronous and first: from here on, a throw, a time-out or another plugin's answer can't let mail out.
    const guard = Guard.put(item, this.#guardContext)
    this.#decisions.on(guard, item).then(
      (code) => (typeof code === 'object' ? next(code.code, code.argument) : next(code)),
      (error: unknown) => {
        this.#books.metrics.decided('failed')
        item.logcrit(
          `enforce-tls: no decision, the message waits: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
        )
        next(constants.delay, String(this.#settings.main.deferSeconds))
      },
    )
  }

  /** Hook `queue_outbound`. Total. */
  beforeQueue(next: Next, connection: HarakaConnection): void {
    const context = { plugin: this.#plugin, rules: this.#rules, settings: this.#settings.main }
    keepFromOtherQueues(context, next, connection)
  }

  /** Hook `rcpt`. Total. */
  beforeRecipient(next: Next, connection: HarakaConnection, recipient: HarakaAddress): void {
    void answerRecipient(
      {
        plugin: this.#plugin,
        rules: this.#rules,
        settings: this.#settings.main,
        tell: (event) => this.#books.events.emit(event),
      },
      next,
      connection,
      recipient,
    )
  }

  /** Hook `delivered`: only looks on. Total. */
  afterDelivery(next: Next, item: HarakaMailItem, params: HarakaDelivered): void {
    const [host, ip, , , port, , recipients, secured] = params
    const { trustedNextHops } = this.#settings.main
    const trusted = [{ path: ip }, { exchange: ip, from_dns: host, port }].some((mx) =>
      isTrustedHop(mx, trustedNextHops),
    )
    Guard.delivered(item, recipients)
    this.#books.reports.delivered(item, { to: host, secured: secured || trusted, recipients })
    next()
  }

  /** Tells, at start, where the settings ask for a console that can't be had. */
  checkConsole(): void {
    if (this.#settings.console.enabled && !this.#haraka.hasHttp)
      this.#plugin.logwarn(
        "[console] enabled=true, but Haraka's HTTP server is off; set listen in config/http.ini",
      )
  }

  /** Hook `init_http`: puts the console into Haraka's HTTP server; it answers while the settings have it on. */
  serveConsole(next: Next, server: HarakaServer): void {
    this.#console ??= new ConsoleHost({
      plugin: this.#plugin,
      store: this.#store,
      settings: () => this.#settings,
      storePlace: this.#storePlace,
      bounceOptions: () => this.#bounceOptions(),
      checkPartner: (question) => this.checkPartner(question),
    })
    this.#console.serve(next, server)
  }

  /** Whether a partner's mail servers fulfil a requirement, as a delivery of this Haraka would find them. Total. */
  checkPartner(question: PartnerQuestion): Promise<PartnerCheck> {
    const { outboundConfig, outbound, name } = this.#haraka
    const { isTrusted, secureContext } = this.#guardContext
    return checkPartner(question, {
      network: { hostsOf: outbound.net_utils.get_mx, addressesOf: outbound.net_utils.resolve_mx_hosts },
      helo: name,
      isTrusted,
      secureContext,
      localMxOk: outboundConfig.local_mx_ok,
      connectTimeout: Number(outboundConfig.connect_timeout) * 1000,
      timeouts: checkTimeouts(this.#settings),
      failureAction: this.#settings.failure.action,
    })
  }

  /** Hook `init_http`: adds pages to Haraka's HTTP server. */
  addPages(server: HarakaServer): void {
    this.#books.addPages(server)
  }

  /** Gives connections, watchers and timers back. */
  async close(): Promise<void> {
    await this.#console?.close()
    this.#rules.close()
    await this.#books.close()
    await this.#store.close()
  }

  #bounceOptions(): BounceOptions {
    const { name: me, bounceTemplates: templates } = this.#haraka
    return { me, content: this.#settings.failure.bounceContent, templates, now: new Date() }
  }

  #makeGuardContext(): GuardContext {
    const haraka = this.#haraka
    return {
      settings: () => this.#settings,
      me: () => haraka.name,
      outbound: () => haraka.outbound,
      isTrusted: (mx) => isTrustedHop(mx, this.#settings.main.trustedNextHops),
      secureContext: (mx, requirement) =>
        contextOf(this.#contexts, this.#settings, requirement, haraka.tlsOptions(mx)),
      sessions: (context, mx, requirement) =>
        this.#settings.tls.sessionResumption
          ? this.#contexts.sessions(context).slot(hostOf(mx), placeOf(mx), requirement)
          : null,
      composeBounce: (request) => composeBounce(request, this.#bounceOptions()),
      divide: (item, groups) => divide(item, groups, haraka.outbound),
      splitOff: (item, recipients) => splitOff(item, recipients, haraka.outbound),
      keepAsError,
      tell: (event) => this.#books.events.emit(event),
    }
  }
}
