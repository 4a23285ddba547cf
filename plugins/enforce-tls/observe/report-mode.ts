/**
 * Reports what rules in mode `report`, and all rules with `[main] report_only`, would have done. It observes, it
 * never changes a delivery.
 */
import { addressText } from '../haraka/address.js'
import { aboutItem, type DeliveryEvent } from '../delivery/delivery-events.js'
import { Authorities } from '../delivery/tls/chain.js'
import type { PublishedSources } from '../published/domain-facts.js'
import { judgeObserved, notDelivered, type ObservedTerms, type ObservedVerdict } from './judge-observed.js'
import { logVerdict, rulesOf } from './report-log.js'
import { ObservedHosts, type ObservedHostTerms } from './observed-terms.js'
import { observe, seenOf, type ObservedDelivery } from '../delivery/observed-session.js'
import { oneLine } from '../text/one-line.js'
import type { HarakaAddress, HarakaMailItem, HarakaMx } from '../haraka/types.js'
import { tlsFailure } from '../delivery/outcome.js'
import type { Requirement } from '../rules/requirement.js'
import type { OnFailure } from '../rules/levels.js'
import { inPieces } from '../work/turns.js'

/** What a rule would have required for one recipient. */
export interface ReportedRecipient {
  readonly recipient: HarakaAddress
  readonly requirement: Requirement
}

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
export interface ReportsContext {
  /** Reports to the observers. Total. */
  readonly emit: (event: DeliveryEvent) => void
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
}

/** What is known of the messages that such rules cover; it goes with the message. */
export class Reports {
  readonly #ofItem = new WeakMap<HarakaMailItem, readonly ReportedRecipient[]>()
  readonly #authorities = new WeakMap<readonly string[], Promise<Authorities>>()
  readonly #context: ReportsContext
  readonly #hosts: ObservedHosts

  constructor(context: ReportsContext) {
    this.#context = context
    this.#hosts = new ObservedHosts(context.published)
  }

  /** Remembers, and logs once, what would be required of an item; none where nothing would. */
  note(item: HarakaMailItem, reported: readonly ReportedRecipient[]): void {
    const before = new Set(sentences(this.#ofItem.get(item) ?? []))
    this.#ofItem.set(item, reported)
    for (const sentence of sentences(reported))
      if (!before.has(sentence)) item.lognotice(`enforce-tls: report: ${sentence}`)
  }

  /** The item is Haraka's own from now on: where something is noted of it, its delivery is looked at. */
  released(item: HarakaMailItem): void {
    if ((this.#ofItem.get(item) ?? []).length > 0) observe(item)
  }

  /** Reports what the rules would have made of a message that was delivered. Nobody waits for it; total. */
  delivered(item: HarakaMailItem, handover: Handover): void {
    const took = new Set(handover.recipients.map(addressText))
    const covered = (this.#ofItem.get(item) ?? []).filter(({ recipient }) => took.has(addressText(recipient)))
    if (covered.length === 0) return
    this.#judge(item, handover, covered).catch((error: unknown) =>
      item.logerror(`enforce-tls: report: a delivery could not be checked: ${String(error)}`),
    )
  }

  async #judge(
    item: HarakaMailItem,
    handover: Handover,
    covered: readonly ReportedRecipient[],
  ): Promise<void> {
    const seen = handover.seen ?? seenOf(item)
    const limited = seen?.mx ? this.#context.limitsVersions(seen.mx) : false
    const groups = grouped(covered).map((group) => ({ group, about: aboutItem(item, group[2]) }))
    const authorities = await this.#read(this.#context.anchors())
    const terms = {
      minVersion: this.#context.minVersion(),
      limited,
      authorities,
      defers: this.#context.failureAction() === 'defer',
      now: Date.now(),
    }
    const session = seen?.tls?.session ?? null
    const host = handover.to
    await Promise.all(
      groups.map(async ({ group: [required, addresses], about }) => {
        const atHost: ObservedHostTerms = handover.trusted
          ? { is: 'required', requirement: required }
          : await this.#hosts.termsOf(required, about.domain, seen)
        const requirement = 'requirement' in atHost ? atHost.requirement : required
        const verdict: ObservedVerdict = handover.trusted
          ? { result: 'would-deliver' }
          : judge(atHost, required, { seen, secured: handover.secured, terms })
        const { result } = verdict
        const failure = 'failure' in verdict ? verdict.failure : null
        this.#context.emit({ kind: 'report', ...about, requirement, result, host, session, failure })
        logVerdict(item, handover, verdict, addresses, requirement)
      }),
    )
  }

  /** The authorities, read when first needed. */
  #read(anchors: readonly string[]): Promise<Authorities> {
    const read = this.#authorities.get(anchors) ?? inPieces(Authorities.reading(anchors))
    this.#authorities.set(anchors, read)
    return read
  }
}

function judge(
  atHost: ObservedHostTerms,
  required: Requirement,
  {
    seen,
    secured,
    terms,
  }: {
    readonly seen: ObservedDelivery | null
    readonly secured: boolean
    readonly terms: ObservedTerms
  },
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

function sentences(reported: readonly ReportedRecipient[]): string[] {
  return grouped(reported).map(
    ([requirement, addresses]) =>
      `${requirement.level} would be required for ${addresses}, by rule ${rulesOf(requirement)}`,
  )
}

/** Recipients of one domain and the same demand by the same rules, together. */
function grouped(
  reported: readonly ReportedRecipient[],
): [Requirement, addresses: string, recipients: HarakaAddress[]][] {
  const groups = new Map<string, [Requirement, HarakaAddress[]]>()
  const texts = new Map<HarakaAddress, string>()
  for (const { requirement, recipient } of reported) {
    // Of one decision, so the same rules demand the same of the same domain; hundreds of rules may cover each of
    // hundreds of recipients, which is too much for the whole requirement as a key.
    const rules = requirement.decidedBy.map(({ owner, id }) => `${owner} ${id}`).join('\n')
    const key = `${rules}\n${String(recipient.host)}`
    const group = groups.get(key)
    if (group) group[1].push(recipient)
    else groups.set(key, [requirement, [recipient]])
    if (!texts.has(recipient)) texts.set(recipient, oneLine(addressText(recipient)))
  }
  return [...groups.values()].map(([requirement, recipients]) => [
    requirement,
    recipients.map((recipient) => texts.get(recipient)).join(', '),
    recipients,
  ])
}
