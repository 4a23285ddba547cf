/**
 * What this process counts, for Prometheus. Labels are the plugin's own few words only: a domain, a host or a rule
 * as a label would make a time series of every partner, and would show who writes to whom to all who may read
 * metrics. Which partner it is, logs and alerts say.
 */
import { Counter, Histogram, Registry } from 'prom-client'
import {
  isOfNotice,
  OUTCOME_RESULTS,
  REPORT_RESULTS,
  type DeliveryEvent,
  type WaiverEvent,
} from '../../delivery/delivery-events.js'
import { isUnbound } from '../../published/host-requirement.js'
import { LEVELS } from '../../rules/levels.js'
import { addSources, type MetricsSources } from './sources.js'

/** What came of the question what a message requires, asked before each attempt. */
export type Decision = 'required' | 'not-required' | 'deferred' | 'failed'

/** What came of a message for local recipients that an outgoing rule matches, where another plugin would hand it on. */
export type ForwardedResult = 'not-covered' | 'queued' | 'refused' | 'deferred'

/** In seconds; a handshake over a long way with a slow server is still distinguished from a timeout. */
const HANDSHAKE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** The metrics of one process. */
export class Metrics {
  readonly registry = new Registry()
  readonly #attempts = this.#counter('attempts_total', 'Attempts at one host for messages that require TLS', [
    'level',
    'result',
    'tls_version',
  ])
  readonly #outcomes = this.#counter(
    'outcomes_total',
    'What became of messages that require TLS; deferred is not final, all others are; delivered-as-usual: nothing was required of that server, such as where nothing is published; rerouted, via-gateway: a gateway has taken it, its way on is not known; freed: it was deferred, and then TLS was not required any more',
    ['level', 'result'],
  )
  readonly #reports = this.#counter('reports_total', 'What rules in report mode would have done', [
    'level',
    'result',
  ])
  readonly #refusals = this.#counter(
    'incoming_refusals_total',
    'Recipients of incoming mail that were rejected without TLS, or would have been',
    ['result'],
  )
  readonly #releases = this.#counter(
    'released_messages_total',
    'Messages that an administrator let go without what their rules require; granted: leave was given, begun: MAIL was said to a server, sent: a server took it, lapsed: the leave ended before the message was gone',
    ['result'],
  )
  readonly #waivers = this.#counter(
    'waived_messages_total',
    'Messages whose sender says TLS-Required: No, so that they went without what their partner publishes; waived: decided, before each attempt, waived-begun: MAIL was said to a server, waived-sent: a server took it; connection: whether MAIL was said over tls or in the clear, or that is unknown; none before',
    ['result', 'connection'],
  )
  readonly #decisions = this.#counter(
    'decisions_total',
    'Decisions before an attempt; deferred: the rules were unknown',
    ['result'],
  )
  readonly #forwarded = this.#counter(
    'forwarded_messages_total',
    'Messages for local recipients that an outgoing rule matches and that another plugin would forward; deferred: the rules were unknown',
    ['result'],
  )
  readonly #reused = this.#counter(
    'reused_connections_total',
    'Attempts over an open connection that had served another message',
    [],
  )
  readonly #undelivered = this.#counter(
    'undelivered_notices_total',
    'Bounces and notices of delay that could not be delivered themselves, kept in the queue folder as error.*',
    [],
  )
  readonly #handshakes = new Histogram({
    name: 'enforce_tls_handshake_duration_seconds',
    help: 'TLS handshakes for messages that require TLS, from ClientHello to end',
    labelNames: ['resumed'],
    buckets: HANDSHAKE_BUCKETS,
    registers: [this.registry],
  })

  constructor(sources: MetricsSources) {
    // A series that begins with its first failure has no rate at the moment that counts.
    for (const { name: level, published } of LEVELS) {
      if (level === 'none') continue
      const looksAtPublished = published !== null
      for (const result of OUTCOME_RESULTS)
        if (looksAtPublished || result !== 'delivered-as-usual') this.#outcomes.inc({ level, result }, 0)
      for (const result of REPORT_RESULTS)
        if (looksAtPublished || result !== 'would-deliver-as-usual') this.#reports.inc({ level, result }, 0)
    }
    for (const result of ['refused', 'would-refuse']) this.#refusals.inc({ result }, 0)
    for (const result of ['granted', 'begun', 'sent', 'lapsed']) this.#releases.inc({ result }, 0)
    this.#waivers.inc({ result: 'waived', connection: 'none' }, 0)
    for (const result of ['waived-begun', 'waived-sent'])
      for (const connection of ['tls', 'clear', 'unknown']) this.#waivers.inc({ result, connection }, 0)
    for (const result of ['required', 'not-required', 'deferred', 'failed'])
      this.#decisions.inc({ result }, 0)
    for (const result of ['not-covered', 'queued', 'refused', 'deferred']) this.#forwarded.inc({ result }, 0)
    addSources(this.registry, sources)
  }

  /** Takes an event. */
  readonly observe = (event: DeliveryEvent): void => {
    if (isOfNotice(event)) return
    // What a gateway has to fulfil is not what the rules of its mail require.
    const level = ('ruleLevel' in event && event.ruleLevel) || event.requirement.level
    if (event.kind === 'attempt') {
      const { session, failure } = event
      const met = isUnbound(event.requirement) ? 'as-usual' : 'fulfilled'
      const result = failure ? (failure.class ?? 'other') : met
      this.#attempts.inc({ level, result, tls_version: session?.protocol ?? 'none' })
      if (session?.reused) this.#reused.inc()
      else if (session)
        this.#handshakes.observe({ resumed: String(session.resumed) }, session.handshakeTime / 1000)
    } else if (event.kind === 'outcome') this.#outcomes.inc({ level, result: event.result })
    else if (event.kind === 'report') this.#reports.inc({ level, result: event.result })
    else if (event.kind === 'release') this.#releases.inc({ result: event.result })
    else if (event.kind === 'waiver')
      this.#waivers.inc({ result: event.result, connection: connectionOf(event) })
    else if (event.kind === 'refusal') this.#refusals.inc({ result: event.result })
    else if (event.result === 'undelivered') this.#undelivered.inc()
  }

  /** A decision was made. */
  readonly decided = (result: Decision): void => this.#decisions.inc({ result })

  /** A message that another plugin would hand on was looked at. */
  readonly forwarded = (result: ForwardedResult): void => this.#forwarded.inc({ result })

  #counter<T extends string>(name: string, help: string, labelNames: T[]): Counter<T> {
    return new Counter({ name: `enforce_tls_${name}`, help, labelNames, registers: [this.registry] })
  }
}

function connectionOf({ result, departure }: WaiverEvent): string {
  if (result === 'waived') return 'none'
  const encrypted = departure?.encrypted ?? null
  return encrypted === null ? 'unknown' : encrypted ? 'tls' : 'clear'
}
