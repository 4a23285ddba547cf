/** Those who look on at deliveries and keep the books of one process: log and evidence, reports, metrics. */
import { DeliveryEvents } from './delivery/delivery-events.js'
import { Evidence } from './evidence/evidence.js'
import type { HarakaPlugin, HarakaServer } from './haraka/types.js'
import { AllProcesses } from './metrics/all-processes.js'
import { Metrics, type MetricsSources } from './metrics/metrics.js'
import { answerScrape, METRICS_PATH } from './metrics/page.js'
import { Reports } from './report-only.js'
import type { Settings } from './settings.js'
import { openDeliveryLog } from './store/open-store.js'

/** What they need of the process. */
export interface BooksOptions {
  readonly plugin: HarakaPlugin
  /** Those in force now. */
  readonly settings: () => Settings
  /** Where the delivery log is, as at start. */
  readonly storePlace: Parameters<typeof openDeliveryLog>[0]
  readonly sources: MetricsSources
}

/** The books of one process. */
export class Books {
  readonly events: DeliveryEvents
  readonly reports: Reports
  readonly metrics: Metrics
  readonly #settings: () => Settings
  readonly #evidence: Evidence
  readonly #allProcesses: AllProcesses

  constructor({ plugin, settings, storePlace, sources }: BooksOptions) {
    this.#settings = settings
    this.events = new DeliveryEvents((error) =>
      plugin.logerror(
        `somebody who looks on failed: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
      ),
    )
    this.reports = new Reports((event) => this.events.emit(event))
    this.#evidence = new Evidence({
      logger: plugin,
      settings: () => settings().evidence,
      open: () => openDeliveryLog(storePlace),
    })
    this.metrics = new Metrics(sources)
    this.#allProcesses = new AllProcesses(this.metrics.registry)
    this.events.observe((event) => this.#evidence.take(event))
    this.events.observe(this.metrics.observe)
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
    await this.#evidence.close()
  }
}
