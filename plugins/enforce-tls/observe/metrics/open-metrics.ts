/** Opens the metrics of one process, whose package an install may leave out. */
import { createRequire } from 'node:module'
import { assertInstalled, METRICS } from '../../settings/optional-package.js'
import type { AllProcesses } from './all-processes.js'
import type { Metrics } from './metrics.js'
import type { MetricsSources } from './sources.js'

/** Counts of this process, and the answer for all. */
export interface OpenedMetrics {
  readonly metrics: Metrics
  readonly allProcesses: AllProcesses
}

/**
 * At once, because the first message may come before anything loaded later.
 *
 * @throws {PackageMissing} without prom-client.
 */
export function openMetrics(sources: MetricsSources): OpenedMetrics {
  assertInstalled(METRICS)
  const load = createRequire(__filename)
  const { Metrics: Counts } = load('./metrics.js') as typeof import('./metrics.js')
  const { AllProcesses: Processes } = load('./all-processes.js') as typeof import('./all-processes.js')
  const metrics = new Counts(sources)
  return { metrics, allProcesses: new Processes(metrics.registry) }
}
