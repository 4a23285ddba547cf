/**
 * Tells of mail whose sender says `TLS-Required: No` (RFC 8689), so that it goes without what its rules require: that it
 * was decided, that MAIL is said to a server and how, and that a server took it. It observes, it never changes a delivery.
 */
import { aboutItem, type WaiverEvent } from '../delivery/delivery-events.js'
import { watchDepartures, type DepartureAt } from '../delivery/own-socket.js'
import { addressText } from '../haraka/address.js'
import type { HarakaAddress, HarakaMailItem } from '../haraka/types.js'
import { SAYS_NO } from '../requiretls/waiver.js'
import { addUpAll, type Requirement } from '../rules/requirement.js'
import { rulesOf } from './report-log.js'

/** What an item goes without. */
interface Waived {
  readonly requirement: Requirement
  readonly recipients: readonly HarakaAddress[]
  readonly tries: number
  /** The last time that MAIL was said. */
  last: DepartureAt | null
}

/** That of one process. */
export class WaivedMail {
  readonly #emit: (event: WaiverEvent) => void
  readonly #ofItem = new WeakMap<HarakaMailItem, Waived>()

  /** @param emit reports to the observers; must not throw */
  constructor(emit: (event: WaiverEvent) => void) {
    this.#emit = emit
  }

  /**
   * An item is Haraka's own from now on.
   *
   * @param waived what rules would require of each recipient but for the header; `null`, or nothing, for none
   */
  released(item: HarakaMailItem, waived: readonly (Requirement | null)[]): void {
    const requirement = addUpAll(waived.filter((each) => each !== null))
    if (requirement === null) {
      this.#ofItem.delete(item)
      return
    }
    const recipients = item.todo.rcpt_to.filter((_, index) => waived[index] != null)
    const one: Waived = { requirement, recipients, tries: item.num_failures, last: null }
    this.#ofItem.set(item, one)
    item.lognotice(
      `enforce-tls: goes without what rule ${rulesOf(requirement)} requires of what the recipient’s domain publishes, because ${SAYS_NO}`,
    )
    this.#tell(item, one, 'waived')
    watchDepartures(item, (at) => {
      one.last = at
      this.#tell(item, one, 'waived-begun')
    })
  }

  /** A server took an item. @param recipients those that it took */
  delivered(item: HarakaMailItem, recipients: readonly HarakaAddress[]): void {
    const one = this.#ofItem.get(item)
    if (!one) return
    const took = new Set(recipients.map(addressText))
    const freed = one.recipients.filter((recipient) => took.has(addressText(recipient)))
    if (freed.length > 0) this.#tell(item, { ...one, recipients: freed }, 'waived-sent')
  }

  #tell(
    item: HarakaMailItem,
    { requirement, recipients, tries, last }: Waived,
    result: WaiverEvent['result'],
  ): void {
    const where = last ?? { host: '', to: '' }
    this.#emit({ kind: 'waiver', ...aboutItem(item, recipients), tries, requirement, result, ...where })
  }
}
