/**
 * Tells what rules that only report would have done: rules in mode `report`, and all of them with
 * `[main] report_only`. It looks on, it never changes a delivery.
 */
import type { DeliveryEvent } from './delivery/delivery-events.js'
import { aboutItem } from './delivery/item-events.js'
import { oneLine } from './delivery/printable.js'
import type { HarakaAddress, HarakaLogger, HarakaMailItem } from './haraka/types.js'
import { requirementKey, type Requirement } from './rules/requirement.js'

/** What a rule would have required for one recipient. */
export interface Reported {
  readonly recipient: HarakaAddress
  readonly requirement: Requirement
}

/** How Haraka handed a message on, from its hook `delivered`. */
export interface Handover {
  /** Host and place in words. */
  readonly to: string
  readonly secured: boolean
  /** The recipients that the server took. */
  readonly recipients: readonly HarakaAddress[]
}

/** What is known of the messages that such rules cover; it goes with the message. */
export class Reports {
  readonly #ofItem = new WeakMap<HarakaMailItem, readonly Reported[]>()
  readonly #tell: (event: DeliveryEvent) => void

  /** @param tell tells those who look on; total */
  constructor(tell: (event: DeliveryEvent) => void) {
    this.#tell = tell
  }

  /** Keeps, and tells once, what would be required of an item; none where nothing would. */
  note(item: HarakaMailItem, reported: readonly Reported[]): void {
    const before = new Set(sentences(this.#ofItem.get(item) ?? []))
    this.#ofItem.set(item, reported)
    for (const sentence of sentences(reported))
      if (!before.has(sentence)) item.lognotice(`enforce-tls: report: ${sentence}`)
  }

  /** Tells what the rules would have made of a message that Haraka delivered in its own way. */
  delivered(item: HarakaMailItem, { to, secured, recipients }: Handover): void {
    const took = new Set(recipients.map(({ address }) => address))
    const covered = (this.#ofItem.get(item) ?? []).filter(({ recipient }) => took.has(recipient.address))
    for (const [requirement, addresses, recipients] of grouped(covered)) {
      const rules = `by rule ${rulesOf(requirement)}`
      const enough = requirement.level === 'encrypt' && requirement.minVersion === undefined
      const result = !secured ? 'would-bounce' : enough ? 'would-deliver' : 'unknown'
      this.#tell({ kind: 'report', ...aboutItem(item, recipients), requirement, result, host: to })
      if (!secured)
        item.lognotice(
          `enforce-tls: report: would have bounced: ${to} took the message for ${addresses} without TLS, ${rules}`,
        )
      else if (enough)
        item.loginfo(
          `enforce-tls: report: would have been delivered: ${to} took the message for ${addresses} over TLS, ${rules}`,
        )
      else
        item.lognotice(
          `enforce-tls: report: ${to} took the message for ${addresses} over TLS; whether that is all that level ${requirement.level} asks for was not looked at, ${rules}`,
        )
    }
  }
}

/** Tells that mail which came in the clear would have been refused. */
export function reportRefusal(
  log: Pick<HarakaLogger, 'lognotice'>,
  sender: HarakaAddress,
  recipient: HarakaAddress,
  requirement: Requirement,
): void {
  log.lognotice(
    `enforce-tls: report: would have been refused: mail of ${oneLine(sender.address) || '<>'} for ${oneLine(recipient.address)} without TLS, by rule ${rulesOf(requirement)}`,
  )
}

/** The rules behind a requirement, for a log line. */
export function rulesOf({ decidedBy }: Requirement): string {
  return decidedBy.map(({ owner, id, name }) => `${id} of ${owner} (${JSON.stringify(name)})`).join(' and ')
}

function sentences(reported: readonly Reported[]): string[] {
  return grouped(reported).map(
    ([requirement, addresses]) =>
      `${requirement.level} would be required for ${addresses}, by rule ${rulesOf(requirement)}`,
  )
}

/** Recipients of the same demand by the same rules, together. */
function grouped(
  reported: readonly Reported[],
): [Requirement, addresses: string, recipients: HarakaAddress[]][] {
  const groups = new Map<string, [Requirement, HarakaAddress[]]>()
  for (const { requirement, recipient } of reported) {
    const key = requirementKey(requirement)
    const group = groups.get(key) ?? [requirement, []]
    group[1].push(recipient)
    groups.set(key, group)
  }
  return [...groups.values()].map(([requirement, recipients]) => [
    requirement,
    recipients.map(({ address }) => oneLine(address)).join(', '),
    recipients,
  ])
}
