/**
 * Reports what rules in mode `report`, and all rules with `[main] report_only`, would have done. It observes, it
 * never changes a delivery.
 */
import { addressText } from '../haraka/address.js'
import { aboutItem, type DeliveryEvent } from '../delivery/delivery-events.js'
import type { Handover, ObservedJudge } from './observed-judge.js'
import { logVerdict, rulesOf } from './report-log.js'
import { observe, seenOf } from '../delivery/observed-session.js'
import { oneLine } from '../text/one-line.js'
import type { HarakaAddress, HarakaMailItem } from '../haraka/types.js'
import { SAYS_NO } from '../requiretls/waiver.js'
import type { Requirement } from '../rules/requirement.js'
import type { ObservedVerdict } from './judge-observed.js'

/** What a rule would have required for one recipient. */
export interface ReportedRecipient {
  readonly recipient: HarakaAddress
  readonly requirement: Requirement
  /** Whether the message says `TLS-Required: No`, which would free it of that. @default false */
  readonly isWaived?: boolean
}

/** What reports need of the process. */
export interface ReportsContext {
  readonly judge: ObservedJudge
  /** Reports to the observers. Total. */
  readonly emit: (event: DeliveryEvent) => void
}

/** What is known of the messages that such rules cover; it goes with the message. */
export class Reports {
  readonly #ofItem = new WeakMap<HarakaMailItem, readonly ReportedRecipient[]>()
  readonly #context: ReportsContext

  constructor(context: ReportsContext) {
    this.#context = context
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
    const { judge, emit } = this.#context
    const seen = handover.seen ?? seenOf(item)
    const groups = grouped(covered).map((group) => ({ group, about: aboutItem(item, group.recipients) }))
    const judged = await judge.prepare(handover, seen)
    const session = seen?.tls?.session ?? null
    const host = handover.to
    await Promise.all(
      groups.map(async ({ group, about }) => {
        const { requirement, verdict } = group.isWaived
          ? { requirement: group.requirement, verdict: WAIVED }
          : await judge.verdictOn(judged, group.requirement, about.domain)
        const { result } = verdict
        const failure = 'failure' in verdict ? verdict.failure : null
        const waived = group.isWaived ? ({ isWaived: true } as const) : {}
        emit({ kind: 'report', ...about, requirement, result, host, session, failure, ...waived })
        logVerdict(item, handover, verdict, group.addresses, requirement)
      }),
    )
  }
}

/** Of a message that says `TLS-Required: No`. */
const WAIVED: ObservedVerdict = { result: 'would-deliver-as-usual', why: null }

function sentences(reported: readonly ReportedRecipient[]): string[] {
  return grouped(reported).map(({ requirement, addresses, isWaived }) => {
    const but = isWaived ? `, but for this: ${SAYS_NO}` : ''
    return `${requirement.level} would be required for ${addresses}, by rule ${rulesOf(requirement)}${but}`
  })
}

/** Recipients that share what would be required of them. */
interface ReportedGroup {
  readonly requirement: Requirement
  readonly isWaived: boolean
  readonly addresses: string
  readonly recipients: HarakaAddress[]
}

/** Recipients of one domain and the same demand by the same rules, together. */
function grouped(reported: readonly ReportedRecipient[]): ReportedGroup[] {
  const groups = new Map<string, Omit<ReportedGroup, 'addresses'>>()
  const texts = new Map<HarakaAddress, string>()
  for (const { requirement, recipient, isWaived = false } of reported) {
    // Of one decision, so the same rules demand the same of the same domain; hundreds of rules may cover each of
    // hundreds of recipients, which is too much for the whole requirement as a key.
    const rules = requirement.decidedBy.map(({ owner, id }) => `${owner} ${id}`).join('\n')
    const key = `${rules}\n${String(recipient.host)}\n${String(isWaived)}`
    const group = groups.get(key)
    if (group) group.recipients.push(recipient)
    else groups.set(key, { requirement, isWaived, recipients: [recipient] })
    if (!texts.has(recipient)) texts.set(recipient, oneLine(addressText(recipient)))
  }
  return [...groups.values()].map((group) => ({
    ...group,
    addresses: group.recipients.map((recipient) => texts.get(recipient)).join(', '),
  }))
}
