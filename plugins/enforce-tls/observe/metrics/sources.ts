/** What is counted or known elsewhere, looked up at each scrape. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { TrustFacts } from '../../delivery/tls/trust-facts.js'
import type { PolicyCacheCounts } from '../../policy/cache.js'
import type { RuleCounts } from './rule-states.js'

/** What is looked up at each scrape; `null` where it is not known. */
export interface MetricsSources {
  readonly storeAvailable: () => boolean | null
  /** Whether its rules are lost. */
  readonly storeGone: () => boolean
  /** Whether that would go unnoticed after a restart. */
  readonly storeUnremembered: () => boolean
  /** Whether they may be lost by something that can be mended. */
  readonly storeAtRisk: () => boolean
  readonly cache: () => PolicyCacheCounts | null
  /** Rules of the whole store; see `RuleStates`. */
  readonly rules: () => RuleCounts | null
  /** Open connections that have served a message and wait for another. */
  readonly idleConnections: () => number
  /** The named trusts of the settings. */
  readonly trusts: () => readonly TrustFacts[]
  /** Entries of the delivery log that were dropped. */
  readonly evidenceDropped: () => number
  /** Whether the delivery log took the last entries; `null` before the first. */
  readonly evidenceAvailable: () => boolean | null
}

/** Adds a metric for each of them. */
export function addSources(registry: Registry, sources: MetricsSources): void {
  addStore(registry, sources)
  addCache(registry, sources)
  addRules(registry, sources)
  addEvidence(registry, sources)
  addConnections(registry, sources)
  addTrusts(registry, sources)
}

function addStore(
  registry: Registry,
  { storeAvailable, storeGone, storeUnremembered, storeAtRisk }: MetricsSources,
): void {
  addState(registry, 'store_gone', 'Whether the rule store has lost its rules, so that mail waits', storeGone)
  addState(
    registry,
    'store_unremembered',
    'Whether this Haraka could not record the store it uses, so that a loss of all rules while it is stopped goes unnoticed',
    storeUnremembered,
  )
  addState(
    registry,
    'store_at_risk',
    'Whether the rule store may lose rules: it removes keys when its memory is full, or one expires',
    storeAtRisk,
  )
  new Gauge({
    name: 'enforce_tls_store_available',
    help: 'Whether the rule store answers: 1 or 0; with several processes, 1 where it answers all of them',
    registers: [registry],
    aggregator: 'min',
    collect() {
      const available = storeAvailable()
      this.remove()
      if (available !== null) this.set(Number(available))
    },
  })
}

function addCache(registry: Registry, { cache }: MetricsSources): void {
  addCopied(registry, 'cache_lookups_total', 'Lookups of rules of owners in the cache', () => {
    const counts = cache()
    return counts && { hit: counts.hits, miss: counts.misses }
  })
  addCopied(registry, 'cache_reads_total', 'Reads of rules of owners from the store', () => {
    const counts = cache()
    return counts && { read: counts.reads - counts.failedReads, failed: counts.failedReads }
  })
  new Gauge({
    name: 'enforce_tls_cache_owners',
    help: 'Owners whose rules are cached',
    registers: [registry],
    collect() {
      this.set(cache()?.owners ?? 0)
    },
  })
  new Gauge({
    name: 'enforce_tls_cache_stale',
    help: 'Whether changes of rules may take effect late: 1 or 0; with several processes, 1 where it is so in one',
    registers: [registry],
    aggregator: 'max',
    collect() {
      this.set(Number(cache()?.subscribed === false))
    },
  })
}

function addEvidence(registry: Registry, { evidenceDropped, evidenceAvailable }: MetricsSources): void {
  new Gauge({
    name: 'enforce_tls_evidence_available',
    help: 'Whether the delivery log is written: 1 or 0; with several processes, 1 where all of them write it',
    registers: [registry],
    aggregator: 'min',
    collect() {
      const available = evidenceAvailable()
      this.remove()
      if (available !== null) this.set(Number(available))
    },
  })
  new Counter({
    name: 'enforce_tls_evidence_dropped_total',
    help: 'Entries of the delivery log that were dropped',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(evidenceDropped())
    },
  })
}

function addConnections(registry: Registry, { idleConnections }: MetricsSources): void {
  new Gauge({
    name: 'enforce_tls_idle_connections',
    help: 'Open connections that have served a message and wait for another',
    registers: [registry],
    collect() {
      this.set(idleConnections())
    },
  })
}

/** No names as labels: a trust is mostly called after a partner. Which one it is, `status` and the log say. */
function addTrusts(registry: Registry, { trusts }: MetricsSources): void {
  new Gauge({
    name: 'enforce_tls_trusts',
    help: 'Named trusts of the settings; mail of rules with an unusable one waits',
    labelNames: ['state'],
    registers: [registry],
    // All processes have the same.
    aggregator: 'max',
    collect() {
      const all = trusts()
      const unusable = all.filter(({ problem }) => problem !== null).length
      this.set({ state: 'usable' }, all.length - unusable)
      this.set({ state: 'unusable' }, unusable)
    },
  })
  new Gauge({
    name: 'enforce_tls_trust_expires_timestamp_seconds',
    help: 'When the first certificate of all named trusts expires; client: one of our own, ca: an authority',
    labelNames: ['use'],
    registers: [registry],
    aggregator: 'min',
    collect() {
      this.reset()
      const certificates = trusts().flatMap((trust) => trust.certificates)
      for (const use of ['client', 'ca'] as const) {
        const ends = certificates.filter((each) => each.use === use).map(({ validTo }) => Date.parse(validTo))
        if (ends.length > 0) this.set({ use }, Math.min(...ends) / 1000)
      }
    },
  })
}

function addRules(registry: Registry, { rules }: MetricsSources): void {
  new Gauge({
    name: 'enforce_tls_rules',
    help: 'Rules of the whole store by state, counted from time to time',
    labelNames: ['state'],
    registers: [registry],
    // All processes count the same rules, each at its own time.
    aggregator: 'max',
    collect() {
      this.reset()
      for (const [state, count] of Object.entries(rules() ?? {}))
        this.set({ state: state.replace(' ', '-') }, count)
    },
  })
}

function addState(registry: Registry, name: string, help: string, is: () => boolean): void {
  new Gauge({
    name: `enforce_tls_${name}`,
    help: `${help}: 1 or 0; with several processes, 1 where it is so in one`,
    registers: [registry],
    aggregator: 'max',
    collect() {
      this.set(Number(is()))
    },
  })
}

/** A counter of what is counted elsewhere. */
function addCopied(
  registry: Registry,
  name: string,
  help: string,
  results: () => Readonly<Record<string, number>> | null,
): void {
  new Counter({
    name: `enforce_tls_${name}`,
    help,
    labelNames: ['result'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [result, count] of Object.entries(results() ?? {})) this.inc({ result }, count)
    },
  })
}
