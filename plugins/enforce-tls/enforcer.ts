/** Puts it all together for one Haraka process: settings, rules in force, and what each hook answers. */
import path from 'node:path'
import { readFileSync } from 'node:fs'
import constants from 'haraka-constants'
import { ConsoleHost } from './console/console-host.js'
import { checkPartner } from './check/partner-check.js'
import type { PartnerCheck, PartnerQuestion } from './check/types.js'
import { composeBounce, type BounceOptions } from './delivery/bounce.js'
import type { GuardContext } from './delivery/guard-context.js'
import { DeliveryEvents } from './delivery/delivery-events.js'
import { Guard } from './delivery/guard.js'
import { divide, keepAsError, splitOff } from './delivery/queue-files.js'
import { otherSenders } from './other-plugins.js'
import type { TlsContexts } from './delivery/tls-contexts.js'
import { hostOf, isTrustedHop, placeOf } from './delivery/next-hop.js'
import { Decisions } from './decisions.js'
import { Evidence } from './evidence/evidence.js'
import { comparable } from './envelope.js'
import type {
  HarakaAddress,
  HarakaConnection,
  HarakaDelivered,
  HarakaMailItem,
  HarakaMx,
  HarakaOutbound,
  HarakaOutboundConfig,
  HarakaOutboundTls,
  HarakaPlugin,
  HarakaServer,
  Next,
} from './haraka/types.js'
import { answerRecipient } from './incoming.js'
import { AllProcesses } from './metrics/all-processes.js'
import { Metrics } from './metrics/metrics.js'
import { answerScrape, METRICS_PATH } from './metrics/page.js'
import { Reports } from './report-only.js'
import { RuleBook, RulesUnknown } from './rule-book.js'
import { HeaderBlock } from './rules/header-block.js'
import type { Requirement } from './rules/requirement.js'
import { readSettings, storeIn, type Settings } from './settings.js'
import { openDeliveryLog, openStore } from './store/open-store.js'
import type { RuleStore } from './store/rule-store.js'
import { contextOf, contextsFor } from './tls-settings.js'

/** The plugin in one Haraka process. */
export class Enforcer {
  readonly #plugin: HarakaPlugin
  /** Where rules are, as at start: a change of these settings asks for a restart. */
  readonly #storePlace: Pick<Settings, 'store' | 'redis'>
  readonly #store: RuleStore
  readonly #rules: RuleBook
  readonly #events: DeliveryEvents
  readonly #reports: Reports
  readonly #evidence: Evidence
  readonly #configFolder: string
  readonly #guardContext: GuardContext
  readonly #decisions: Decisions
  #console: ConsoleHost | null = null
  readonly #metrics: Metrics
  readonly #allProcesses: AllProcesses
  #storeAvailable: boolean | null = null
  #settings: Settings
  #contexts: TlsContexts

  /**
   * @throws {SettingsError} for a bad `enforce-tls.ini`.
   */
  constructor(plugin: HarakaPlugin, configFolder: string) {
    this.#plugin = plugin
    this.#configFolder = configFolder
    this.#events = new DeliveryEvents((error) =>
      plugin.logerror(
        `somebody who looks on failed: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
      ),
    )
    this.#reports = new Reports((event) => this.#events.emit(event))
    this.#settings = readSettings(plugin.config, (result) => this.#onSettingsChange(result))
    this.#contexts = contextsFor(this.#settings, configFolder)
    const where = storeIn(this.#settings, configFolder)
    this.#storePlace = where
    this.#evidence = new Evidence({
      logger: plugin,
      settings: () => this.#settings.evidence,
      open: () => openDeliveryLog(where),
    })
    this.#events.observe((event) => this.#evidence.take(event))
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
    this.#metrics = new Metrics({
      storeAvailable: () => this.#storeAvailable,
      cache: () => this.#rules.counts,
    })
    this.#allProcesses = new AllProcesses(this.#metrics.registry)
    this.#events.observe(this.#metrics.observe)
    this.#guardContext = this.#makeGuardContext()
    this.#decisions = new Decisions({
      settings: () => this.#settings.main,
      rules: this.#rules,
      reports: this.#reports,
      divide: this.#guardContext.divide,
      retriesLast: () => retriesLast(plugin),
      decided: this.#metrics.decided,
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
        this.#metrics.decided('failed')
        item.logcrit(
          `enforce-tls: no decision, the message waits: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
        )
        next(constants.delay, String(this.#settings.main.deferSeconds))
      },
    )
  }

  /**
   * Hook `queue_outbound`: other queue plugins would send a message in their own way, so one that is covered
   * is kept from them and goes into Haraka's outbound queue. Total.
   */
  beforeQueue(next: Next, { transaction }: HarakaConnection): void {
    const senders = otherSenders(this.#plugin)
    if (!transaction || senders.length === 0 || this.#settings.main.reportOnly) return next()
    const { mail_from, rcpt_to } = transaction
    Promise.resolve(
      this.#rules.verdictsOn(
        comparable(mail_from),
        rcpt_to.map(comparable),
        () => new HeaderBlock(transaction.header.toString()),
      ),
    )
      .then(
        (verdicts) => verdicts.some(({ requirement }) => requirement !== null),
        (error: unknown) =>
          !(
            error instanceof RulesUnknown &&
            !error.invalid &&
            this.#settings.main.onStoreFailure === 'deliver'
          ),
      )
      .then(
        (covered) => {
          if (covered)
            transaction.notes.skip_plugins = [...(transaction.notes.skip_plugins ?? []), ...senders]
          next()
        },
        (error: unknown) => {
          this.#plugin.logcrit(`no decision at queue_outbound: ${String(error)}`)
          next(constants.denysoft, 'The rules for this message can not be told now, try again later')
        },
      )
  }

  /** Hook `rcpt`. Total. */
  beforeRecipient(next: Next, connection: HarakaConnection, recipient: HarakaAddress): void {
    void answerRecipient(
      {
        plugin: this.#plugin,
        rules: this.#rules,
        settings: this.#settings.main,
        tell: (event) => this.#events.emit(event),
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
    this.#reports.delivered(item, { to: host, secured: secured || trusted, recipients })
    next()
  }

  /** Tells, at start, where the settings ask for a console that can't be had. */
  checkConsole(): void {
    const { main = {} } = this.#plugin.config.get('http.ini', 'ini')
    if (this.#settings.console.enabled && !main['listen'])
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
    const { cfg } = this.#plugin.haraka_require('outbound/config') as HarakaOutboundConfig
    const { me, outbound, isTrusted, secureContext } = this.#guardContext
    const { net_utils } = outbound()
    return checkPartner(question, {
      network: { hostsOf: net_utils.get_mx, addressesOf: net_utils.resolve_mx_hosts },
      helo: me(),
      isTrusted,
      secureContext,
      localMxOk: cfg.local_mx_ok,
      connectTimeout: Number(cfg.connect_timeout) * 1000,
      handshakeTimeout: this.#settings.tls.handshakeTimeout,
      failureAction: this.#settings.failure.action,
    })
  }

  /** Hook `init_http`: adds pages to Haraka's HTTP server. */
  addPages({ http }: HarakaServer): void {
    const context = {
      settings: () => this.#settings.metrics,
      text: () => this.#allProcesses.text(),
    }
    http.app.get(METRICS_PATH, (request, response) => void answerScrape(context, request, response))
  }

  /** Gives connections, watchers and timers back. */
  async close(): Promise<void> {
    await this.#console?.close()
    this.#rules.close()
    await this.#evidence.close()
    await this.#store.close()
  }

  #bounceOptions(): BounceOptions {
    return {
      me: ownName(this.#plugin),
      content: this.#settings.failure.bounceContent,
      templates: {
        text: template(this.#plugin, 'enforce-tls.bounce_message'),
        html: template(this.#plugin, 'enforce-tls.bounce_message_html'),
      },
      now: new Date(),
    }
  }

  #makeGuardContext(): GuardContext {
    const plugin = this.#plugin
    const outboundTls = () => plugin.haraka_require('outbound/tls') as HarakaOutboundTls
    const outbound = () => plugin.haraka_require('outbound') as HarakaOutbound
    const me = () => ownName(plugin)
    return {
      settings: () => this.#settings,
      me,
      outbound,
      isTrusted: (mx) => isTrustedHop(mx, this.#settings.main.trustedNextHops),
      secureContext: (mx: HarakaMx, requirement: Requirement) =>
        contextOf(this.#contexts, this.#settings, requirement, outboundTls().get_tls_options(mx)),
      sessions: (context, mx, requirement) =>
        this.#settings.tls.sessionResumption
          ? this.#contexts.sessions(context).slot(hostOf(mx), placeOf(mx), requirement)
          : null,
      composeBounce: (request) => composeBounce(request, this.#bounceOptions()),
      divide: (item, groups) => divide(item, groups, outbound()),
      splitOff: (item, recipients) => splitOff(item, recipients, outbound()),
      keepAsError,
      tell: (event) => this.#events.emit(event),
    }
  }
}

/** Haraka's own way to its name. */
function ownName(plugin: HarakaPlugin): string {
  const { get_primary_host_name } = (plugin.haraka_require('outbound') as HarakaOutbound).net_utils
  return get_primary_host_name()
}

function template(plugin: HarakaPlugin, name: string): readonly string[] {
  const lines = plugin.config.get(name, 'data')
  if (lines.length > 0 || name.endsWith('_html')) return lines
  // An unreadable template must not make a bounce without From and To.
  return readFileSync(path.resolve(__dirname, '..', '..', '..', 'config', name), 'utf8').split('\n')
}

/** As long as Haraka's own retries go on, in milliseconds. */
function retriesLast(plugin: HarakaPlugin): number {
  const { cfg } = plugin.haraka_require('outbound/config') as HarakaOutboundConfig
  return (cfg.temp_fail_intervals ?? []).reduce((sum, interval) => sum + interval * 1000, 0)
}
