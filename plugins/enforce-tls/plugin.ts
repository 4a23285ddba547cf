/** Puts it all together for one Haraka process: settings, rules in force, and what each hook answers. */
import path from 'node:path'
import constants from 'haraka-constants'
import { Observers } from './observe/observers.js'
import { ConsoleHost } from './console/console-host.js'
import { checkedLevels } from './check/checked-levels.js'
import { checkInHaraka } from './check/check-in-haraka.js'
import type { PartnerCheck, CheckRequest } from './check/types.js'
import { EXEMPT } from './delivery/exempt-note.js'
import type { GuardContext } from './delivery/guard-context.js'
import { Guard } from './delivery/guard.js'
import { PartnerSources } from './check/partner-sources.js'
import { bounceOptionsIn, guardContextIn } from './delivery/in-haraka.js'
import { reportDelivery } from './hooks/delivered.js'
import { Decisions } from './hooks/send-email.js'
import type {
  HarakaAddress,
  HarakaConnection,
  HarakaDelivered,
  HarakaMailItem,
  HarakaPlugin,
  HarakaServer,
  Next,
} from './haraka/types.js'
import { answerRecipient } from './hooks/rcpt.js'
import { announce, carryThroughFilters, takeParameter } from './requiretls/incoming.js'
import { takeForwardedMail } from './hooks/queue.js'
import { keepFromOtherQueues, type QueueContext } from './hooks/queue-outbound.js'
import { NO_RULE, requirementOf } from './rules/requirement.js'
import { RuleStates } from './observe/metrics/rule-states.js'
import { Policy } from './policy/policy.js'
import { readSettings, storeIn, type SettingsRead } from './settings/settings.js'
import type { Settings } from './settings/types.js'
import { listed } from './text/list.js'
import { KnownStore } from './store/known-store.js'
import { openDeliveryLog, openSharedHashes, openStore, openSentReports } from './store/open-store.js'
import type { RuleStore } from './store/rule-store.js'
import { forwardedMailProblem, startProblem, startRemarks } from './hooks/init.js'
import { SharedKey } from './store/shared-key.js'
import { queueFolderOf, SeenStores } from './store/seen-stores.js'
import { queueMail } from './haraka/queue-mail.js'
import { HarakaRuntime } from './haraka/runtime.js'
import { ReportSender } from './report/mailed/sender.js'
import { postReport } from './report/tls-rpt/post.js'
import { TlsRptSender } from './report/tls-rpt/sender.js'
import { errorMessage } from './text/error-message.js'
import { recordRelease, releaseEvent } from './waiting/record-release.js'
import { WaitingMail } from './waiting/waiting-mail.js'
import { UncoveredNotes } from './observe/uncovered-mail.js'
import {
  authoritiesOnly,
  contextOf,
  contextsFor,
  limitsVersions,
  type AllContexts,
} from './delivery/tls/contexts.js'

/** What a check asks for that is to find out which levels hold. */
const ANY_TLS = requirementOf({ level: 'encrypt' }, '', NO_RULE)

/** Readings so close to each other may be of one edit, in milliseconds. */
const SAME_EDIT = 5000
/** So many changed settings are named in one line. */
const CHANGED_MAX = 20

/** The plugin in one Haraka process. */
export class Enforcer {
  readonly #plugin: HarakaPlugin
  readonly #haraka: HarakaRuntime
  /** Where rules are, as at start: a change of these settings asks for a restart. */
  readonly #storePlace: Pick<Settings, 'store' | 'redis'>
  readonly #store: RuleStore
  /** The same, as far as its answers count. */
  readonly #memory: SeenStores
  readonly #known: KnownStore
  readonly #rules: Policy
  readonly #observers: Observers
  readonly #configFolder: string
  readonly #guardContext: GuardContext
  readonly #published: PartnerSources
  readonly #waiting: WaitingMail
  readonly #decisions: Decisions
  readonly #tlsRpt: TlsRptSender
  readonly #reports: ReportSender
  readonly #uncovered: UncoveredNotes
  readonly #unruled: QueueContext['unruled'] = {
    isLost: () => this.#known.emptied,
    delivered: (message) => this.#observers.unruled(message),
  }
  #console: ConsoleHost | null = null
  #storeAvailable: boolean | null = null
  #settings: Settings
  #contexts: AllContexts
  /** When the settings were read last, by a clock that nobody sets. */
  #readAt = -Infinity

  /**
   * @throws {SettingsError} for a bad `enforce-tls.ini`.
   */
  constructor(plugin: HarakaPlugin, configFolder: string) {
    this.#plugin = plugin
    this.#haraka = new HarakaRuntime(plugin)
    this.#configFolder = configFolder
    this.#settings = readSettings(plugin.config, configFolder, (result) => this.#onSettingsChange(result))
    this.#contexts = contextsFor(this.#settings, configFolder)
    const where = storeIn(this.#settings, configFolder)
    this.#storePlace = where
    this.#store = openStore(where, {
      onStateChange: (state, detail) => {
        this.#storeAvailable = state === 'available'
        if (state === 'available') plugin.lognotice(`rule store is available: ${detail}`)
        else plugin.logerror(`rule store is unavailable: ${detail}`)
      },
    })
    const { maxOwners } = this.#settings.cache
    const queueFolder = queueFolderOf(path.dirname(configFolder), plugin.config.get('queue_dir', 'value'))
    this.#memory = new SeenStores(
      { configFolder, queueFolder },
      (problem) => plugin.logwarn(problem),
      (sentence) => plugin.lognotice(sentence),
    )
    this.#known = new KnownStore(this.#store, {
      log: plugin,
      memory: this.#memory,
      onEmptyStore: () => this.#settings.main.onEmptyStore,
      maxOwners,
    })
    this.#rules = new Policy(this.#known, {
      log: plugin,
      maxOwners,
      timeout: this.#settings.redis.commandTimeout,
    })
    const ruleStates = new RuleStates(this.#store)
    this.#observers = new Observers({
      plugin,
      haraka: this.#haraka,
      settings: () => this.#settings,
      storePlace: where,
      queueFolder,
      isStoreNew: () => this.#known.isNew,
      sources: {
        storeAvailable: () => this.#storeAvailable,
        storeGone: () => this.#known.gone,
        storeUnremembered: () => this.#known.unremembered,
        storeAtRisk: () => this.#known.atRisk,
        cache: () => this.#rules.counts,
        idleConnections: () => this.#guardContext.connections.idle,
        rules: () => ruleStates.latest(),
        trusts: () => this.#contexts.trusts.facts(),
      },
      trustsMended: () => this.#waiting.settingsMended(),
      judging: {
        minVersion: () => this.#settings.tls.minVersion,
        anchors: () => this.#contexts.plain.anchors,
        limitsVersions: (mx) => limitsVersions(this.#haraka.tlsOptions(mx)),
        failureAction: () => this.#settings.failure.action,
        published: () => this.#published.get(),
        trusts: () => this.#contexts.trusts,
        authoritiesOf: (trust) => authoritiesOnly(this.#contexts, trust),
      },
      services: () => this.#store.services(),
      checkHost: async (domain, mx, signal) =>
        checkedLevels(await this.checkPartner({ domain, mx, signal, published: true, requirement: ANY_TLS })),
    })
    this.#published = new PartnerSources({
      settings: () => this.#settings,
      storePlace: where,
      anchors: () => this.#contexts.plain.anchors,
      onStoreFailure: (why) => plugin.logerror(`MTA-STS policies are in this process's memory only: ${why}`),
    })
    this.#waiting = new WaitingMail({
      logger: plugin,
      settings: () => this.#settings.failure,
      open: () => openSharedHashes(where),
      me: () => this.#haraka.name,
      logOffSince: () => this.#observers.logOffSince,
      queueFolder,
      outbound: () => this.#haraka.outbound,
      concurrency: () => this.#haraka.outboundConfig.concurrency_max ?? 100,
      recordRelease: (record, order) =>
        recordRelease(this.#store, (event) => this.#observers.events.emit(event), record, order),
      recordLapse: (record, order) => this.#observers.events.emit(releaseEvent('lapsed', record, order)),
    })
    const markKey = new SharedKey(() => openDeliveryLog(where))
    this.#guardContext = guardContextIn(this.#haraka, {
      settings: () => this.#settings,
      contexts: () => this.#contexts,
      published: () => this.#published.get(),
      waiting: this.#waiting,
      markKey: () => markKey.get(),
      readService: (domain) => this.#store.readService(domain),
      emit: (event) => this.#observers.events.emit(event),
    })
    this.#decisions = new Decisions({
      settings: () => this.#settings.main,
      rules: this.#rules,
      words: () => ({ settings: this.#settings.requiretls, own: this.#haraka.ownDomains }),
      reports: this.#observers.reports,
      divide: this.#guardContext.divide,
      retriesLast: () => this.#haraka.retriesLast,
      namesMessages: () => {
        const { stream, addresses } = this.#settings.evidence
        return stream && addresses !== 'none'
      },
      waiting: this.#waiting,
      uncovered: this.#observers.uncovered,
      waived: this.#observers.waived,
      unruled: this.#unruled,
      decided: this.#observers.decided,
    })
    this.#tlsRpt = new TlsRptSender({
      logger: plugin,
      settings: () => this.#settings,
      openState: () => openSentReports(where, 'tls-rpt'),
      openLog: () => openDeliveryLog(where),
      published: () => this.#published.get(),
      // Each node with a rules file has a delivery log of its own.
      limitedTo: () => (where.store.type === 'file' ? this.#haraka.name : null),
      queue: (to, contents) => queueMail(this.#haraka, [to], contents, EXEMPT),
      post: postReport,
    })
    this.#reports = new ReportSender({
      logger: plugin,
      settings: () => this.#settings,
      openState: () => openSentReports(where, 'report'),
      openLog: () => openDeliveryLog(where),
      openNodes: () => openSharedHashes(where),
      store: this.#store,
      me: () => this.#haraka.name,
      // Each node with a rules file has a delivery log of its own.
      isAlone: where.store.type === 'file',
      // A report goes the way of all mail, as alerts do: rules hold for it, too.
      queue: (to, contents) => queueMail(this.#haraka, to, contents),
    })
    this.#uncovered = new UncoveredNotes(plugin)
    const { inherited = [] } = where.redis
    const origin =
      where.store.type === 'redis' && inherited.length > 0 ? ` (from redis.ini: ${inherited.join(', ')})` : ''
    plugin.loginfo(`rules are in ${this.#store.description}${origin}`)
  }

  #onSettingsChange(result: SettingsRead | { readonly error: Error }): void {
    try {
      if ('error' in result) throw result.error
      const { main } = result.settings
      const problem = forwardedMailProblem(this.#plugin, main)
      if (problem !== null) throw new Error(problem)
      this.#contexts = contextsFor(result.settings, this.#configFolder)
      const before = this.#settings
      this.#settings = result.settings
      this.#guardContext.connections.renew()
      this.#waiting.settingsMended()
      this.#published.renew()
      this.#observers.settingsChanged()
      this.#observers.watchTrusts()
      this.#tlsRpt.settingsChanged()
      this.#reports.settingsChanged()
      this.#noteReading(result.changed)
      if (
        main.forwardedMail !== before.main.forwardedMail ||
        result.settings.requiretls.announce !== before.requiretls.announce
      )
        this.#remark()
    } catch (error) {
      const problem = errorMessage(error)
      this.#readAt = -Infinity
      this.#plugin.logerror(`${problem}; the settings before this change stay in force`)
    }
  }

  /** One edit of a file can be several events of it, and so several readings. @param changed as `[section] key` */
  #noteReading(changed: readonly string[]): void {
    const isSameEdit = changed.length === 0 && performance.now() - this.#readAt < SAME_EDIT
    this.#readAt = performance.now()
    if (isSameEdit) return
    const what =
      changed.length === 0 ? 'nothing has changed in it' : `changed: ${listed(changed, CHANGED_MAX)}`
    this.#plugin.lognotice(`enforce-tls.ini was read again; ${what}`)
  }

  /** Hook `send_email`: runs before every attempt of every item, also after a restart. Total. */
  beforeAttempt(next: Next, item: HarakaMailItem): void {
    // Synchronous and first: from here on, a throw, a time-out or another plugin's answer can't let mail out.
    const guard = Guard.attach(item, this.#guardContext)
    this.#waiting.tried(item)
    this.#decisions.on(guard, item).then(
      (code) => (typeof code === 'object' ? next(code.code, code.argument) : next(code)),
      (error: unknown) => {
        this.#observers.decided('failed')
        item.logcrit(
          `enforce-tls: no decision, the message waits: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
        )
        next(constants.delay, String(this.#settings.main.deferSeconds))
      },
    )
  }

  /** Hook `queue_outbound`. Total. */
  beforeQueue(next: Next, connection: HarakaConnection): void {
    keepFromOtherQueues(this.#queueContext(), next, connection)
  }

  /** Hook `queue`. Total. */
  beforeForward(next: Next, connection: HarakaConnection): void {
    const context = {
      ...this.#queueContext(),
      route: (client: HarakaConnection) => this.#haraka.routeContext(client),
      notes: this.#uncovered,
      count: this.#observers.forwarded,
    }
    takeForwardedMail(context, next, connection)
  }

  /** Hook `rcpt`. Total. */
  beforeRecipient(next: Next, connection: HarakaConnection, recipient: HarakaAddress): void {
    void answerRecipient(
      {
        plugin: this.#plugin,
        rules: this.#rules,
        settings: this.#settings.main,
        emit: (event) => this.#observers.events.emit(event),
      },
      next,
      connection,
      recipient,
    )
  }

  /** Hook `capabilities`. Total. */
  beforeHello(connection: HarakaConnection): void {
    announce(this.#settings.requiretls, connection)
  }

  /** Hook `mail`. Total. */
  beforeSender(
    next: Next,
    connection: HarakaConnection,
    params: Readonly<Record<string, unknown>> | undefined,
  ): void {
    takeParameter(this.#settings.requiretls, next, connection, params)
  }

  /** Hook `data_post`: carries REQUIRETLS through content filters, and observes mail from outside. Total. */
  afterData(connection: HarakaConnection): void {
    carryThroughFilters(this.#settings.requiretls, connection)
    const { relaying, tls, transaction } = connection
    if (relaying || !transaction) return
    this.#observers.uncovered.incoming(transaction.mail_from, transaction.rcpt_to, tls.enabled)
  }

  /** Hook `delivered`: only observes. Total. */
  afterDelivery(next: Next, item: HarakaMailItem, params: HarakaDelivered): void {
    reportDelivery(this.#observers, this.#settings.main, item, params)
    next()
  }

  /** Why the guard would not hold in this Haraka, or `null`; where it holds, says in the log what is worth knowing. */
  checkStart(): string | null {
    const problem = startProblem(this.#plugin, this.#settings.main)
    if (problem !== null) return problem
    this.#remark()
    return null
  }

  #remark(): void {
    for (const { text, isWarning } of startRemarks(this.#plugin, this.#settings))
      this.#plugin[isWarning ? 'logwarn' : 'lognotice'](text)
  }

  #queueContext(): QueueContext {
    return { plugin: this.#plugin, rules: this.#rules, settings: this.#settings.main, unruled: this.#unruled }
  }

  /**
   * Begins what goes on beside mail, and warns where the settings ask for a console that can't be had. When Haraka is
   * the user that it stays: what is written before would be root's.
   */
  begin({ cluster }: Pick<HarakaServer, 'cluster'>): void {
    // The master of workers stays root, and handles no mail.
    if (!cluster?.isPrimary) {
      this.#known.start()
      this.#observers.begin()
      this.#waiting.start()
      this.#readyTls()
      void this.#askResolvers()
      this.#tlsRpt.begin()
      this.#reports.begin()
      this.#observers.watchTrusts()
    }
    if (this.#settings.console.enabled && !this.#haraka.hasHttp)
      this.#plugin.logwarn(
        "[console] enabled=true, but Haraka's HTTP server is off; set listen in config/http.ini",
      )
  }

  /** Says whether the resolvers of the settings validate; nobody waits for it. Total. */
  async #askResolvers(): Promise<void> {
    const { dns, tlsRpt } = this.#settings
    // Without either, a rule may still need one; then the first message says so, and `status`.
    if (dns.resolver.length === 0 && !tlsRpt.enabled) return
    try {
      for (const { resolver, validates, why } of await this.#published.get().dns.validation()) {
        if (validates === true) this.#plugin.loginfo(`DNS resolver ${resolver} validates DNSSEC`)
        else
          this.#plugin.logwarn(
            `${resolver === '' ? '' : `DNS resolver ${resolver} `}${why}; mail that rules hold to DANE or MTA-STS waits where no resolver validates DNSSEC`,
          )
      }
    } catch (error) {
      // Such as a socket that cannot be made.
      this.#plugin.logwarn(`whether the DNS resolvers validate DNSSEC is unknown: ${errorMessage(error)}`)
    }
  }

  /** Reading all authorities takes long enough for mail to notice: at the start nothing waits for it. */
  #readyTls(): void {
    for (const trusted of [false, true]) contextOf(this.#contexts, this.#settings, { trusted }, {})
  }

  /** Hook `init_http`: puts the console into Haraka's HTTP server; it answers while the settings have it on. */
  serveConsole(next: Next, server: HarakaServer): void {
    this.#console ??= new ConsoleHost({
      plugin: this.#plugin,
      store: this.#store,
      settings: () => this.#settings,
      storePlace: this.#storePlace,
      bounceOptions: () => bounceOptionsIn(this.#haraka, this.#settings),
      checkPartner: (request) => this.checkPartner(request),
      seen: () => this.#memory.read(),
    })
    this.#console.serve(next, server)
  }

  /** Whether a partner's mail servers fulfil a requirement, as a delivery of this Haraka would find them. Total. */
  async checkPartner(request: CheckRequest): Promise<PartnerCheck> {
    const check = await checkInHaraka(
      request,
      this.#haraka,
      this.#settings,
      this.#guardContext,
      this.#published.get(),
    )
    if (check.verdict === 'delivered') this.#waiting.works(check.domain, request.requirement)
    return check
  }

  /** Hook `init_http`: adds pages to Haraka's HTTP server. */
  addPages(server: HarakaServer): void {
    this.#observers.addPages(server)
  }

  /** Gives connections, watchers and timers back. */
  async close(): Promise<void> {
    this.#guardContext.connections.close()
    await this.#console?.close()
    await this.#waiting.close()
    await this.#tlsRpt.close()
    await this.#reports.close()
    this.#rules.close()
    this.#known.close()
    await this.#observers.close()
    await this.#published.close()
    await this.#store.close()
  }
}
