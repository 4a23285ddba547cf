/** The events of one queue item, in the words of `delivery-events`. */
import { addressText } from '../haraka/address.js'
import type { HarakaAddress, HarakaMailItem } from '../haraka/types.js'
import type { Requirement } from '../rules/requirement.js'
import type { DeliveryEvent, Outcome } from './delivery-events.js'
import { statusOf, type Attempt, type AttemptFailure } from './outcome.js'

/** What became of some or all recipients. */
export interface Ending {
  readonly result: Outcome['result']
  readonly recipients: readonly HarakaAddress[]
  /** The last attempt, if there was one. */
  readonly attempt: Attempt | null
  /** Why it was not delivered, where TLS is to blame. */
  readonly failure: AttemptFailure | null
}

/** Tells of one item. */
export class ItemEvents {
  readonly #item: HarakaMailItem
  readonly #emit: (event: DeliveryEvent) => void

  constructor(item: HarakaMailItem, tell: (event: DeliveryEvent) => void) {
    this.#item = item
    this.#emit = tell
  }

  /** An attempt has ended. */
  attempt(requirement: Requirement, { host, to, source, session, failure }: Attempt): void {
    const about = aboutItem(this.#item, this.#item.todo.rcpt_to)
    this.#emit({ kind: 'attempt', ...about, requirement, host, to, source, session, failure })
  }

  /** The attempts have come to something. */
  outcome(requirement: Requirement, { result, recipients, attempt, failure }: Ending): void {
    this.#emit({
      kind: 'outcome',
      ...aboutItem(this.#item, recipients),
      requirement,
      result,
      host: attempt?.host ?? '',
      to: attempt?.to ?? '',
      session: result === 'delivered' ? (attempt?.session ?? null) : null,
      failure,
      status: failure ? statusOf(failure, result !== 'deferred') : (recipients[0]?.dsn_status ?? null),
    })
  }
}

/** What all events of an item tell. */
export function aboutItem(
  { todo }: HarakaMailItem,
  recipients: readonly HarakaAddress[],
): Pick<DeliveryEvent, 'at' | 'uuid' | 'sender' | 'domain' | 'recipients'> {
  const { uuid, domain, mail_from } = todo
  return {
    at: Date.now(),
    uuid,
    sender: addressText(mail_from),
    domain,
    recipients: recipients.map(addressText),
  }
}
