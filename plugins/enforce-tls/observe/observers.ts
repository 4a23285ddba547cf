/** The observers of deliveries in one process: log, delivery log, report mode, metrics, alerts. */
import { Alerts } from './alerts/alerts.js'
import { DeliveryEvents } from '../delivery/delivery-events.js'
import { queueMail } from '../haraka/queue-mail.js'
import { DeliveryLogObserver } from './delivery-log/evidence.js'
import type { HarakaPlugin, HarakaServer } from '../haraka/types.js'
import type { Decision, Metrics } from './metrics/metrics.js'
import type { MetricsSources } from './metrics/sources.js'
import { openMetrics, type OpenedMetrics } from './metrics/open-metrics.js'
import { answerScrape, METRICS_PATH } from './metrics/page.js'
import { PackageMissing } from '../settings/optional-package.js'
import { TrustWatch } from './trust-watch.js'
import { ObservedJudge, type JudgingContext } from './observed-judge.js'
import { PartnerChecks, type CheckHost } from './partner-checks.js'
import { PartnerNotes } from './partner-notes.js'
import { Reports } from './report-mode.js'
import { UncoveredDeliveries } from './uncovered-deliveries.js'
import { WaivedMail } from './waived-mail.js'
import type { Settings } from '../settings/types.js'
import { openDeliveryLog, openAlertState, openPartnerFacts } from '../store/open-store.js'
import type { ReadStore } from '../store/rule-store.js'
import type { HarakaRuntime } from '../haraka/runtime.js'

/** What they need of the process. */
export interface ObserversOptions {
  readonly plugin: HarakaPlugin
  readonly haraka: HarakaRuntime
  /** Those in force now. */
  readonly settings: () => Settings
  /** Where the delivery log is, as at start. */
  readonly storePlace: Parameters<typeof openDeliveryLog>[0]
  readonly queueFolder: string
  /** Whether the store has never had rules, as far as is known. */
  readonly isStoreNew: () => boolean
  readonly sources: Omit<MetricsSources, 'evidenceDropped' | 'evidenceAvailable'>
  /** Called when a named trust that could not be used can be used again. */
  readonly trustsMended: () => void
  /** What deliveries are judged by that rules only report on. */
  readonly judging: JudgingContext
  /** Which domains' message rules are on. */
  readonly services: ReadStore['services']
  /** Asks a partner's server what levels it fulfils. */
  readonly checkHost: CheckHost
}

/** In milliseconds. */
const FIRST_LOOK = 2000

/** The observers of one process. */
export class Observers {
  readonly events: DeliveryEvents
  readonly reports: Reports
  readonly uncovered: UncoveredDeliveries
  readonly waived: WaivedMail
  readonly #partnerNotes: PartnerNotes
  readonly #partnerChecks: PartnerChecks
  readonly #plugin: HarakaPlugin
  readonly #settings: () => Settings
  readonly #deliveryLog: DeliveryLogObserver
  readonly #alerts: Alerts
  readonly #trusts: TrustWatch
  readonly #sources: MetricsSources
  #opened: OpenedMetrics | null = null
  #handlesMail = false

  constructor({
    plugin,
    haraka,
    settings,
    storePlace,
    queueFolder,
    isStoreNew,
    sources,
    judging,
    trustsMended,
    services,
    checkHost,
  }: ObserversOptions) {
    this.#plugin = plugin
    this.#settings = settings
    this.events = new DeliveryEvents((error) =>
      plugin.logerror(`an observer failed: ${error instanceof Error ? (error.stack ?? '') : String(error)}`),
    )
    const judge = new ObservedJudge(judging)
    this.reports = new Reports({ judge, emit: (event) => this.events.emit(event) })
    this.waived = new WaivedMail((event) => this.events.emit(event))
    this.#partnerNotes = new PartnerNotes({
      logger: plugin,
      settings: () => settings().suggest,
      services,
      open: () => openPartnerFacts(storePlace),
    })
    this.#partnerChecks = new PartnerChecks({
      enabled: () => settings().suggest.enabled,
      check: checkHost,
      notes: this.#partnerNotes,
    })
    this.uncovered = new UncoveredDeliveries({
      logger: plugin,
      enabled: () => settings().suggest.enabled,
      judge,
      notes: this.#partnerNotes,
      checks: this.#partnerChecks,
    })
    this.#deliveryLog = new DeliveryLogObserver({
      logger: plugin,
      settings: () => settings().evidence,
      open: () => openDeliveryLog(storePlace),
      me: () => haraka.name,
      queueFolder,
      isStoreNew,
    })
    this.#sources = {
      ...sources,
      evidenceDropped: () => this.#deliveryLog.dropped,
      evidenceAvailable: () => this.#deliveryLog.available,
    }
    this.#alerts = new Alerts({
      logger: plugin,
      settings: () => settings().alert,
      open: () => openAlertState(storePlace),
      me: () => haraka.name,
      // An alert goes the way of all mail: rules hold for it, too.
      queue: (to, contents) => queueMail(haraka, to, contents),
    })
    this.#trusts = new TrustWatch({
      logger: plugin,
      settings: () => settings().alert,
      facts: sources.trusts,
      mended: trustsMended,
      open: () => openAlertState(storePlace),
      me: () => haraka.name,
      queue: (to, contents) => queueMail(haraka, to, contents),
    })
    this.events.observe((event) => this.#deliveryLog.take(event))
    this.events.observe((event) => this.#opened?.metrics.observe(event))
    this.events.observe((event) => this.#alerts.take(event))
    this.#readyMetrics()
  }

  /** A message goes as usual though its rules are unknown. @param message its queue item or transaction */
  readonly unruled = (message: object): void => this.#deliveryLog.unruled.delivered(message)

  /** Since when the delivery log is switched off, in ISO 8601; `null` while it is on. */
  get logOffSince(): string | null {
    return this.#deliveryLog.offSince
  }

  /** Begins what goes on beside mail; for a process that handles some. */
  begin(): void {
    this.#handlesMail = true
    this.#deliveryLog.begin()
  }

  /** Tells what a change of the settings means. Opens metrics where they are switched on; once open, they count on, so that no count ever falls. */
  settingsChanged(): void {
    if (this.#handlesMail) this.#deliveryLog.settingsChanged()
    this.#readyMetrics()
  }

  #readyMetrics(): void {
    if (!this.#settings().metrics.enabled || this.#opened) return
    try {
      this.#opened = openMetrics(this.#sources)
    } catch (error) {
      if (!(error instanceof PackageMissing)) throw error
      this.#plugin.logwarn(`${error.message}; without it, set [metrics] enabled=false`)
    }
  }

  /** Looks at the named trusts from now on, and soon where the settings have changed: Haraka's queue has to be ready. */
  watchTrusts(): void {
    this.#trusts.begin(FIRST_LOOK)
  }

  /** A message that another plugin hands on was looked at. */
  readonly forwarded: Metrics['forwarded'] = (...seen) => this.#opened?.metrics.forwarded(...seen)

  /** A decision was made. */
  readonly decided = (result: Decision): void => this.#opened?.metrics.decided(result)

  /** Adds the page with the metrics to Haraka's HTTP server. */
  addPages({ http }: HarakaServer): void {
    const context = {
      settings: () => this.#settings().metrics,
      text: () => this.#scrape(),
    }
    http.app.get(METRICS_PATH, (request, response) => void answerScrape(context, request, response))
  }

  async #scrape(): Promise<string> {
    if (!this.#opened) throw new Error('they could not be opened; see the log of its start')
    return await this.#opened.allProcesses.text()
  }

  /** Writes what waits to be written, and gives connections back. */
  async close(): Promise<void> {
    this.#partnerChecks.close()
    await Promise.all([
      this.#deliveryLog.close(),
      this.#alerts.close(),
      this.#trusts.close(),
      this.#partnerNotes.close(),
    ])
  }
}
