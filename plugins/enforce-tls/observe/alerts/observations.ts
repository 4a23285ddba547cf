/** What a process sees of its partners between two looks at the common state: counts and the last facts, bounded. */
import { createHash } from 'node:crypto'
import {
  isOfNotice,
  type DeliveryEvent,
  type NoticeEvent,
  type Outcome,
  type ReleaseEvent,
  type WaiverEvent,
  type ReportEvent,
} from '../../delivery/delivery-events.js'
import { mayPass, type AttemptFailure } from '../../delivery/outcome.js'
import { isAskedInEarnest } from '../../requiretls/ask.js'
import { definitionOf } from '../../delivery/failure-classes.js'
import { oneLine } from '../../text/one-line.js'
import type { Requirement } from '../../rules/requirement.js'
import { GATEWAY_LEVEL, gatewayName, type FailureFacts, type Observation } from './partner-state.js'

/** Most partners between two looks. */
const PARTNERS_MAX = 5000
const DETAIL_MAX = 200
const RULES_MAX = 5

/** What an event means for a partner. */
type Meaning =
  | { readonly passed: true }
  | { readonly passed: false; readonly bounced: number; readonly facts: FailureFacts }

type OfPartner = Exclude<DeliveryEvent, ReleaseEvent | WaiverEvent | NoticeEvent>

/** Collects observations. */
export class Observations {
  #partners = new Map<string, Observation>()
  #dropped = 0

  /** How many events found no room. */
  get dropped(): number {
    return this.#dropped
  }

  get size(): number {
    return this.#partners.size
  }

  /** Takes an event. Throws nothing. */
  take(event: DeliveryEvent): void {
    // Mail that was released, or whose sender waives TLS, says nothing of its partner's, nor do notices.
    if (isOfNotice(event)) return
    if (event.kind === 'release' || event.kind === 'waiver' || event.kind === 'notice') return
    const meaning = meaningOf(event)
    if (meaning !== null) this.#add({ ...event, requirement: ofPartner(event) }, meaning)
    if (event.kind === 'outcome' && event.via) this.#addGateway(event, event.via.gateway)
  }

  /** All since the last call, by a name that is the same in all processes. */
  drain(): ReadonlyMap<string, Observation> {
    const partners = this.#partners
    this.#partners = new Map()
    return partners
  }

  /** Puts back what could not be said. */
  restore(partners: ReadonlyMap<string, Observation>): void {
    for (const [key, older] of partners) {
      const newer = this.#partners.get(key)
      if (newer || this.#partners.size < PARTNERS_MAX)
        this.#partners.set(key, newer ? together(older, newer) : older)
      else this.#dropped++
    }
  }

  /** A gateway is a partner of its own, whose mail it is or not. */
  #addGateway(event: Outcome, name: string): void {
    const meaning = meaningAtGateway(event)
    const named = gatewayName(name)
    if (meaning !== null) this.#note(named, { at: event.at, domain: named, requires: GATEWAY_LEVEL }, meaning)
  }

  #add({ at, domain, requirement }: OfPartner, meaning: Meaning): void {
    const requires = wordsOf(requirement)
    this.#note(`${domain} ${signatureOf(requirement)}`, { at, domain, requires }, meaning)
  }

  #note(
    key: string,
    { at, domain, requires }: Pick<Observation, 'domain' | 'requires'> & { readonly at: number },
    meaning: Meaning,
  ): void {
    const known = this.#partners.get(key)
    if (!known && this.#partners.size >= PARTNERS_MAX) {
      this.#dropped++
      return
    }
    const seen: Observation = {
      domain,
      requires,
      passes: meaning.passed ? { firstAt: at, lastAt: at } : null,
      failures: meaning.passed
        ? null
        : { firstAt: at, lastAt: at, failures: 1, bounced: meaning.bounced, facts: meaning.facts },
    }
    this.#partners.set(key, known ? together(known, seen) : seen)
  }
}

/** Two observations of the same partner, the older one first. */
function together(older: Observation, newer: Observation): Observation {
  const { passes, failures } = older
  return {
    ...newer,
    passes: passes && newer.passes ? { ...newer.passes, firstAt: passes.firstAt } : (newer.passes ?? passes),
    failures:
      failures && newer.failures
        ? {
            firstAt: failures.firstAt,
            lastAt: newer.failures.lastAt,
            failures: failures.failures + newer.failures.failures,
            bounced: failures.bounced + newer.failures.bounced,
            facts: newer.failures.facts,
          }
        : (newer.failures ?? failures),
  }
}

/**
 * Only final words count, and what is as bad as final: a partner that puts TLS off now and then, or can't be
 * reached or looked up, has not begun to fail.
 */
function meaningOf(event: DeliveryEvent): Meaning | null {
  if (event.kind === 'outcome') return meaningOfOutcome(event)
  return event.kind === 'report' ? meaningOfReport(event) : null
}

/** What was required of the partner's own server, and not of a gateway. */
function ofPartner(event: OfPartner): Requirement {
  const instead = event.kind === 'outcome' ? event.via?.instead : null
  return instead?.requirement ?? event.requirement
}

function meaningOfReport({ result, failure, host, requirement }: ReportEvent): Meaning | null {
  if (result === 'would-deliver') return { passed: true }
  if (result === 'unknown' || result === 'would-deliver-as-usual') return null
  if (result === 'would-wait' && (failure === null || mayPass(failure))) return null
  const why = failure === null ? '' : `: it ${failure.detail}`
  const detail =
    failure?.class && definitionOf(failure.class).isPublished
      ? `accepted a message that a rule in report mode would let wait${why}`
      : `accepted a message without the TLS that a rule in report mode would require${why}`
  return { passed: false, bounced: 0, facts: factsOf(host, null, detail, requirement) }
}

function meaningOfOutcome(outcome: Outcome): Meaning | null {
  const { result, session, host, requirement, via } = outcome
  // What one message asks for is no demand of anybody who is to be told.
  if (isAskedInEarnest(requirement)) return null
  // What a gateway does says nothing of the partner; what went there instead says that the partner fails.
  if (via) return via.instead && failing(via.instead.host, via.instead.failure, result, requirement)
  const { failure } = outcome
  // Without a session it was a next hop that is trusted without TLS.
  if (result === 'delivered') return session === null ? null : { passed: true }
  if (result === 'delivered-as-usual' || failure === null || failure.class === null) return null
  if (result === 'deferred' && mayPass(failure)) return null
  return failing(host, failure, result, requirement)
}

/** What is as bad as final at a gateway: it fails TLS, rejects the login, is not set up, or cannot be reached. */
function meaningAtGateway({ result, session, failure, host, requirement }: Outcome): Meaning | null {
  if (result === 'rerouted' || result === 'via-gateway') return session === null ? null : { passed: true }
  if (!failure?.class || !definitionOf(failure.class).isGateway || failure.class === 'gateway-loop')
    return null
  return failure.isAnswer ? null : failing(host, failure, result, requirement)
}

function failing(
  host: string,
  failure: AttemptFailure,
  result: Outcome['result'],
  requirement: Requirement,
): Meaning {
  const facts = factsOf(host, failure.class, failure.detail, requirement)
  return { passed: false, bounced: result === 'bounced' ? 1 : 0, facts }
}

function factsOf(
  host: string,
  name: AttemptFailure['class'],
  detail: string,
  { decidedBy }: Requirement,
): FailureFacts {
  return {
    class: name,
    host: oneLine(host, DETAIL_MAX),
    detail: oneLine(detail, DETAIL_MAX),
    rules: decidedBy.slice(0, RULES_MAX),
  }
}

function wordsOf({ level, minVersion, published, trusts = [], onward }: Requirement): string {
  const otherwise = new Set(published.map((demand) => demand.otherwise).filter((each) => each !== 'defer'))
  return [
    level,
    ...(minVersion ? [`${minVersion} or later`] : []),
    ...(otherwise.size > 0 ? [`otherwise ${[...otherwise].join(' and ')}`] : []),
    ...trusts.map(({ name }) => `trust ${name}`),
    ...(onward === 'must' ? ['only with REQUIRETLS'] : []),
  ].join(', ')
}

/** The same for requirements that are fulfilled by the same servers. */
function signatureOf(requirement: Requirement): string {
  const { level, minVersion, namesAnyOf, fingerprintsAnyOf, published, trusts, onward } = requirement
  const demands = [
    ...(published.length > 0 ? [published] : []),
    ...(trusts ?? []).map(({ name }) => name),
    ...(onward === 'must' ? [{ onward }] : []),
  ]
  const more = JSON.stringify([minVersion ?? '', namesAnyOf, fingerprintsAnyOf, ...demands])
  return `${level}:${createHash('sha256').update(more).digest('base64url').slice(0, 12)}`
}
