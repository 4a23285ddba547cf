/**
 * What this process counts, for Prometheus. Labels are the plugin's own few words only: a domain, a host or a rule
 * as a label would make a time series of every partner, and would show who writes to whom to all who may read
 * metrics. Which partner it is, logs and alerts tell.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { DeliveryEvent } from '../../delivery/delivery-events.js'
import { LEVELS } from '../../rules/levels.js'
import type { RuleCounts } from './rule-states.js'
import type { PolicyCacheCounts } from '../../policy/cache.js'

/** What came of the question what a message requires, asked before each attempt. */
export type Decision = 'required' | 'not-required' | 'deferred' | 'failed'

/** What came of a message for local recipients that an outgoing rule matches, where another plugin would hand it on. */
export type ForwardedResult = 'not-covered' | 'queued' | 'refused' | 'deferred'

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
  /** Entries of the delivery log that were dropped. */
  readonly evidenceDropped: () => number
  /** Whether the delivery log took the last entries; `null` before the first. */
  readonly evidenceAvailable: () => boolean | null
}

/** In seconds; a handshake over a long way with a slow server is still told from a timeout. */
const HANDSHAKE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** The metrics of one process. */
export class Metrics {
  readonly registry = new Registry()
  readonly #attempts = this.#counter('attempts_total', 'Attempts at one host of messages held to TLS', [
    'level',
    'result',
    'tls_version',
  ])
  readonly #outcomes = this.#counter(
    'outcomes_total',
    'What became of messages held to TLS; deferred is not final, all others are',
    ['level', 'result'],
  )
  readonly #reports = this.#counter('reports_total', 'What rules that only report would have done', [
    'level',
    'result',
  ])
  readonly #refusals = this.#counter(
    'incoming_refusals_total',
    'Recipients of incoming mail refused on a session without TLS, or that would have been',
    ['result'],
  )
  readonly #decisions = this.#counter(
    'decisions_total',
    'Decisions before an attempt; deferred: the rules could not be told',
    ['result'],
  )
  readonly #forwarded = this.#counter(
    'forwarded_messages_total',
    'Messages for local recipients that an outgoing rule matches and that another plugin would hand on; deferred: the rules were unknown',
    ['result'],
  )
  readonly #handshakes = new Histogram({
    name: 'enforce_tls_handshake_duration_seconds',
    help: 'TLS handshakes of messages held to TLS, from ClientHello to end',
    labelNames: ['resumed'],
    buckets: HANDSHAKE_BUCKETS,
    registers: [this.registry],
  })

  constructor(sources: MetricsSources) {
    // A series that begins with its first failure has no rate at the moment that counts.
    for (const { name: level } of LEVELS) {
      if (level === 'none') continue
      for (const result of ['delivered', 'deferred', 'bounced', 'kept'])
        this.#outcomes.inc({ level, result }, 0)
      for (const result of ['would-bounce', 'would-deliver', 'unknown'])
        this.#reports.inc({ level, result }, 0)
    }
    for (const result of ['refused', 'would-refuse']) this.#refusals.inc({ result }, 0)
    for (const result of ['required', 'not-required', 'deferred', 'failed'])
      this.#decisions.inc({ result }, 0)
    for (const result of ['not-covered', 'queued', 'refused', 'deferred']) this.#forwarded.inc({ result }, 0)
    this.#addStore(sources)
    this.#addCache(sources)
    this.#addRules(sources)
    this.#addEvidence(sources)
  }

  /** To be told of deliveries. */
  readonly observe = (event: DeliveryEvent): void => {
    const { level } = event.requirement
    if (event.kind === 'attempt') {
      const { session, failure } = event
      const result = failure ? (failure.class ?? 'other') : 'fulfilled'
      this.#attempts.inc({ level, result, tls_version: session?.protocol ?? 'none' })
      if (session)
        this.#handshakes.observe({ resumed: String(session.resumed) }, session.handshakeTime / 1000)
    } else if (event.kind === 'outcome') this.#outcomes.inc({ level, result: event.result })
    else if (event.kind === 'report') this.#reports.inc({ level, result: event.result })
    else this.#refusals.inc({ result: event.result })
  }

  /** A decision was made. */
  readonly decided = (result: Decision): void => this.#decisions.inc({ result })

  /** A message that another plugin would hand on was looked at. */
  readonly forwarded = (result: ForwardedResult): void => this.#forwarded.inc({ result })

  #counter<T extends string>(name: string, help: string, labelNames: T[]): Counter<T> {
    return new Counter({ name: `enforce_tls_${name}`, help, labelNames, registers: [this.registry] })
  }

  #addStore({ storeAvailable, storeGone, storeUnremembered, storeAtRisk }: MetricsSources): void {
    this.#state('store_gone', 'Whether the rule store has lost its rules, so that mail waits', storeGone)
    this.#state(
      'store_unremembered',
      'Whether a store with rules is in use that this Haraka could not note, so that a loss of all rules while it is stopped goes unnoticed',
      storeUnremembered,
    )
    this.#state(
      'store_at_risk',
      'Whether the rule store may lose rules: it removes keys when its memory is full, or one expires',
      storeAtRisk,
    )
    new Gauge({
      name: 'enforce_tls_store_available',
      help: 'Whether the rule store answers: 1 or 0; with several processes, 1 where it answers all of them',
      registers: [this.registry],
      aggregator: 'min',
      collect() {
        const available = storeAvailable()
        this.remove()
        if (available !== null) this.set(Number(available))
      },
    })
  }

  #addCache({ cache }: MetricsSources): void {
    this.#copied('cache_lookups_total', 'Rules of owners looked up in memory', () => {
      const counts = cache()
      return counts && { hit: counts.hits, miss: counts.misses }
    })
    this.#copied('cache_reads_total', 'Reads of rules of owners from the store', () => {
      const counts = cache()
      return counts && { read: counts.reads - counts.failedReads, failed: counts.failedReads }
    })
    new Gauge({
      name: 'enforce_tls_cache_owners',
      help: 'Owners whose rules are kept in memory',
      registers: [this.registry],
      collect() {
        this.set(cache()?.owners ?? 0)
      },
    })
    new Gauge({
      name: 'enforce_tls_cache_stale',
      help: 'Whether changes of rules are not heard of at once: 1 or 0; with several processes, 1 where it is so in one',
      registers: [this.registry],
      aggregator: 'max',
      collect() {
        this.set(Number(cache()?.subscribed === false))
      },
    })
  }

  #addEvidence({ evidenceDropped, evidenceAvailable }: MetricsSources): void {
    new Gauge({
      name: 'enforce_tls_evidence_available',
      help: 'Whether the delivery log is written: 1 or 0; with several processes, 1 where all of them write it',
      registers: [this.registry],
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
      registers: [this.registry],
      collect() {
        this.reset()
        this.inc(evidenceDropped())
      },
    })
  }

  #addRules({ rules }: MetricsSources): void {
    new Gauge({
      name: 'enforce_tls_rules',
      help: 'Rules of the whole store by state, counted now and then',
      labelNames: ['state'],
      registers: [this.registry],
      // All processes count the same rules, each at its own time.
      aggregator: 'max',
      collect() {
        this.reset()
        for (const [state, count] of Object.entries(rules() ?? {}))
          this.set({ state: state.replace(' ', '-') }, count)
      },
    })
  }

  #state(name: string, help: string, is: () => boolean): void {
    new Gauge({
      name: `enforce_tls_${name}`,
      help: `${help}: 1 or 0; with several processes, 1 where it is so in one`,
      registers: [this.registry],
      aggregator: 'max',
      collect() {
        this.set(Number(is()))
      },
    })
  }

  /** A counter of what is counted elsewhere. */
  #copied(name: string, help: string, results: () => Readonly<Record<string, number>> | null): void {
    new Counter({
      name: `enforce_tls_${name}`,
      help,
      labelNames: ['result'],
      registers: [this.registry],
      collect() {
        this.reset()
        for (const [result, count] of Object.entries(results() ?? {})) this.inc({ result }, count)
      },
    })
  }
}
