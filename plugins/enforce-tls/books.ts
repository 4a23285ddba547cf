/** Those who look on at deliveries and keep the books of one process: log and evidence, reports, metrics, alerts. */
import constants from 'haraka-constants'
import { Alerts } from './alerts/alerts.js'
import { DeliveryEvents } from './delivery/delivery-events.js'
import { oneLine } from './delivery/printable.js'
import { Evidence } from './evidence/evidence.js'
import type { HarakaPlugin, HarakaServer } from './haraka/types.js'
import { AllProcesses } from './metrics/all-processes.js'
import { Metrics, type MetricsSources } from './metrics/metrics.js'
import { answerScrape, METRICS_PATH } from './metrics/page.js'
import { Reports, type ReportsContext } from './report-only.js'
import type { Settings } from './settings.js'
import { openDeliveryLog, openPartnerBook } from './store/open-store.js'
import type { ThisHaraka } from './this-haraka.js'

/** What they need of the process. */
export interface BooksOptions {
  readonly plugin: HarakaPlugin
  readonly haraka: ThisHaraka
  /** Those in force now. */
  readonly settings: () => Settings
  /** Where the delivery log is, as at start. */
  readonly storePlace: Parameters<typeof openDeliveryLog>[0]
  readonly sources: Omit<MetricsSources, 'evidenceDropped'>
  /** What deliveries are judged by that rules only report on. */
  readonly judging: Omit<ReportsContext, 'tell'>
}

/** The books of one process. */
export class Books {
  readonly events: DeliveryEvents
  readonly reports: Reports
  readonly metrics: Metrics
  readonly #settings: () => Settings
  readonly #evidence: Evidence
  readonly #alerts: Alerts
  readonly #allProcesses: AllProcesses

  constructor({ plugin, haraka, settings, storePlace, sources, judging }: BooksOptions) {
    this.#settings = settings
    this.events = new DeliveryEvents((error) =>
      plugin.logerror(
        `somebody who looks on failed: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
      ),
    )
    this.reports = new Reports({ ...judging, tell: (event) => this.events.emit(event) })
    this.#evidence = new Evidence({
      logger: plugin,
      settings: () => settings().evidence,
      open: () => openDeliveryLog(storePlace),
    })
    this.metrics = new Metrics({ ...sources, evidenceDropped: () => this.#evidence.dropped })
    this.#allProcesses = new AllProcesses(this.metrics.registry)
    this.#alerts = new Alerts({
      logger: plugin,
      settings: () => settings().alert,
      open: () => openPartnerBook(storePlace),
      me: () => haraka.name,
      queue: (to, contents) => queued(haraka, to, contents),
    })
    this.events.observe((event) => this.#evidence.take(event))
    this.events.observe(this.metrics.observe)
    this.events.observe((event) => this.#alerts.take(event))
  }

  /** Adds the page with the metrics to Haraka's HTTP server. */
  addPages({ http }: HarakaServer): void {
    const context = {
      settings: () => this.#settings().metrics,
      text: () => this.#allProcesses.text(),
    }
    http.app.get(METRICS_PATH, (request, response) => void answerScrape(context, request, response))
  }

  /** Writes what waits to be written, and gives connections back. */
  async close(): Promise<void> {
    await Promise.all([this.#evidence.close(), this.#alerts.close()])
  }
}

/** A mail of ours goes the way of all mail: rules hold for it, too. From the null sender, so that it makes no bounces. */
function queued({ outbound }: ThisHaraka, to: readonly string[], contents: string): Promise<void> {
  return new Promise((resolve, reject) => {
    outbound.send_email(
      '<>',
      to.map((address) => `<${address}>`),
      contents,
      (code, message) => {
        if (code === constants.ok) resolve()
        else reject(new Error(`the mail could not be queued: ${oneLine(String(message))}`))
      },
    )
  })
}
