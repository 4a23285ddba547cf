/**
 * What requirements would have made of deliveries that they had no say in: with the authorities of this Haraka, and
 * with what the partner publishes where a requirement looks at that, which is looked up after the delivery.
 */
import type { ObservedDelivery } from '../delivery/observed-session.js'
import { withTrust, type Terms, type TrustLookUp } from '../delivery/named-trust.js'
import { tlsFailure } from '../delivery/outcome.js'
import { Authorities } from '../delivery/tls/chain.js'
import type { HarakaAddress, HarakaMx } from '../haraka/types.js'
import type { PublishedSources } from '../published/domain-facts.js'
import type { HostRequirement, HostTerms, NamedTrust } from '../published/host-requirement.js'
import type { OnFailure } from '../rules/levels.js'
import type { Requirement } from '../rules/requirement.js'
import { inPieces } from '../work/turns.js'
import { judgeObserved, notDelivered, type ObservedTerms, type ObservedVerdict } from './judge-observed.js'
import { ObservedHosts, type ObservedHostTerms } from './observed-terms.js'

/** How Haraka handed a message on, from its hook `delivered`. */
export interface Handover {
  /** Host and place in words. */
  readonly to: string
  readonly secured: boolean
  /** Whether the operator counts the next hop as secure without TLS. */
  readonly trusted: boolean
  /** The recipients that the server took. */
  readonly recipients: readonly HarakaAddress[]
  /** What the guard has seen of it; `null` where the delivery was Haraka's own. */
  readonly seen: ObservedDelivery | null
}

/** What judging needs of the process. */
export interface JudgingContext {
  /** `[tls] min_version`. */
  readonly minVersion: () => string
  /** The trusted authorities as PEM texts: the same list until they change. */
  readonly anchors: () => readonly string[]
  /** Whether `tls.ini` says which versions Haraka speaks. */
  readonly limitsVersions: (mx: HarakaMx) => boolean
  /** `[failure] action`. */
  readonly failureAction: () => OnFailure
  /** Where it is asked what partners publish. */
  readonly published: () => PublishedSources
  /** The named trusts of the settings in force. */
  readonly trusts: () => TrustLookUp
  /** The authorities of one whose sessions differ from others in nothing else; `null` for another one. */
  readonly authoritiesOf: (trust: NamedTrust) => readonly string[] | null
}

/** A delivery and what it is judged by. */
export interface Judged {
  readonly handover: Handover
  readonly seen: ObservedDelivery | null
  readonly terms: ObservedTerms
}

/** Judges for one process. */
export class ObservedJudge {
  readonly #context: JudgingContext
  readonly #authorities = new WeakMap<readonly string[], Promise<Authorities>>()
  readonly #hosts: ObservedHosts

  constructor(context: JudgingContext) {
    this.#context = context
    this.#hosts = new ObservedHosts(context.published)
  }

  /** A delivery with the settings of now. @param seen the last connection; `null` where nothing was seen of it */
  async prepare(handover: Handover, seen: ObservedDelivery | null): Promise<Judged> {
    const terms = {
      minVersion: this.#context.minVersion(),
      limited: seen?.mx ? this.#context.limitsVersions(seen.mx) : false,
      authorities: await this.#read(this.#context.anchors()),
      defers: this.#context.failureAction() === 'defer',
      now: Date.now(),
    }
    return { handover, seen, terms }
  }

  /**
   * What a requirement would have made of it, and the requirement as it holds at the host. Never rejects.
   *
   * @param domain of the recipients
   */
  async verdictOn(
    { handover, seen, terms }: Judged,
    required: Requirement,
    domain: string,
  ): Promise<{ readonly requirement: HostRequirement; readonly verdict: ObservedVerdict }> {
    if (handover.trusted) return { requirement: required, verdict: { result: 'would-deliver' } }
    const atHost = await this.#hosts.termsOf(required, domain, seen)
    const byTrust = atHost.is === 'required' ? await this.#byTrust(atHost, terms) : { atHost, terms }
    return {
      requirement: 'requirement' in atHost ? atHost.requirement : required,
      verdict: judge(byTrust.atHost, required, { seen, secured: handover.secured, terms: byTrust.terms }),
    }
  }

  /**
   * What a named trust makes of the terms. One that only replaces the authorities is held against the chain that was
   * shown; of another one it is unknown how its own session would have gone.
   */
  async #byTrust(
    atHost: HostTerms & { readonly is: 'required' },
    terms: ObservedTerms,
  ): Promise<{ readonly atHost: JudgedTerms; readonly terms: ObservedTerms }> {
    const held = withTrust(atHost, this.#context.trusts())
    if (held.is !== 'required' || !held.requirement.trust) return { atHost: held, terms }
    const anchors = this.#context.authoritiesOf(held.requirement.trust)
    if (anchors === null) return { atHost, terms }
    const requirement = { ...held.requirement }
    // It has had its say.
    Reflect.deleteProperty(requirement, 'trusts')
    return {
      atHost: { is: 'required', requirement },
      terms: { ...terms, authorities: await this.#read(anchors) },
    }
  }

  /** The authorities, read when first needed. */
  #read(anchors: readonly string[]): Promise<Authorities> {
    const read = this.#authorities.get(anchors) ?? inPieces(Authorities.reading(anchors))
    this.#authorities.set(anchors, read)
    return read
  }
}

type JudgedTerms = ObservedHostTerms | Terms

function judge(
  atHost: JudgedTerms,
  required: Requirement,
  { seen, secured, terms }: Pick<Judged, 'seen' | 'terms'> & Pick<Handover, 'secured'>,
): ObservedVerdict {
  if (seen?.isGateway) return { result: 'unknown', why: 'it went through a gateway, as another rule says' }
  switch (atHost.is) {
    case 'unknown':
      return { result: 'unknown', why: atHost.why }
    case 'failed':
      return notDelivered(tlsFailure(atHost.class, atHost.why), required, terms)
    case 'free':
      return { result: 'would-deliver-as-usual', why: atHost.requirement.held?.nothing ?? '' }
    case 'required':
      return judgeObserved(atHost.requirement, seen, secured, terms)
  }
}
