/**
 * Orders of administrators, as one process carries them out for its items. An order is taken out of the store before it
 * is carried out, which only one process can, once: what is lost with a process that dies is not done, and the message
 * waits on. Leave to go without what is required is kept in the store as long as the item exists, names this very item,
 * and counts only while the same is required of the same recipients. What an order to release or to give up comes to is
 * decided at the try that follows it, by what is required then, and answered then.
 */
import type { Ending, GivingUp, Release } from '../delivery/waiting.js'
import { definitionOf, FAILURE_CLASS_NAMES } from '../delivery/failure-classes.js'
import { otherFailure, tlsFailure } from '../delivery/outcome.js'
import type { HarakaLogger, HarakaMailItem } from '../haraka/types.js'
import type { Requirement } from '../rules/requirement.js'
import type { Settings } from '../settings/types.js'
import type { SharedHashes } from '../store/shared-hashes.js'
import { errorMessage } from '../text/error-message.js'
import {
  ASKED_FOR,
  CHANGED,
  FAIL_ENDINGS,
  OFF,
  RELEASED,
  RELEASED_UNKNOWN,
  RELEASE_ENDINGS,
} from './order-answers.js'
import { HASHES, isStale, parseGrant, parseOrder, type Answer, type Grant, type Order } from './orders.js'
import type { Paced } from './paced.js'
import { demandOf, type WaitingRecord } from './record.js'
import type { SharedWrites } from './shared-writes.js'
import type { WaitingItem, WaitingItems } from './waiting-items.js'

/** Writes into history and delivery log that a message is released; rejects where the history does not take it. */
export type RecordRelease = (record: WaitingRecord, order: Order) => Promise<void>

/** Writes into the delivery log that the leave of a release has ended unused. Total. */
export type RecordLapse = (record: WaitingRecord, order: Order) => void

/** RFC 3463 X.0.0: other undefined status. Nothing says that a server did not answer. */
const UNDEFINED_STATUS = '0.0'

/** So many looks, a second apart, an order for an item that is being tried just now waits for it. */
const UNDER_WAY_LOOKS = 5

/** What it works on. */
export interface OrdersHereContext {
  readonly logger: Pick<HarakaLogger, 'lognotice' | 'logwarn'>
  readonly hashes: () => SharedHashes
  readonly settings: () => Settings['failure']
  readonly items: WaitingItems
  readonly paced: Paced
  readonly writes: SharedWrites
  readonly recordRelease: RecordRelease
  readonly recordLapse: RecordLapse
}

/** Leave, and the message as it was when it was given. */
interface Held {
  readonly grant: Grant
  readonly record: WaitingRecord
}

/** The orders of one process. */
export class OrdersHere {
  readonly #context: OrdersHereContext
  /** Items to be given up at their next try. */
  readonly #failing = new Map<string, { readonly order: Order; readonly record: WaitingRecord }>()
  readonly #grants = new Map<string, Held>()
  /** Releases that are not answered yet: their items have not been tried since. */
  readonly #releasing = new Map<string, Order>()
  /** Whether the grants of before the start are known. */
  #hasCompared = false
  /** Orders for items that are being tried just now, and how often they were found so. */
  #underWay: ReadonlyMap<string, number> = new Map()
  /** Items of grants that had no file at the last comparison. */
  #missing: ReadonlySet<string> = new Set()

  constructor(context: OrdersHereContext) {
    this.#context = context
  }

  /** How many items have orders under way. */
  get size(): number {
    return this.#failing.size + this.#grants.size
  }

  /** Takes new orders, and carries them out. Rejects where the store does not answer. */
  async look(node: string): Promise<void> {
    const { hashes, items, paced, settings } = this.#context
    if (!settings().allowRelease) this.#revokeAll(node)
    const orders = await hashes().read(HASHES.orders(node))
    const underWay = new Map<string, number>()
    for (const [id, json] of orders) {
      const item = items.get(id)
      const order = parseOrder(json, id)
      if (item) {
        const looks = this.#underWay.get(json) ?? 0
        if (order && !isStale(order) && looks < UNDER_WAY_LOOKS && !paced.isWaiting(id)) {
          underWay.set(json, looks + 1)
          continue
        }
        if (!(await hashes().take(HASHES.orders(node), id))) continue
        if (order) await this.#carryOut(node, order, item)
      } else if (!order || isStale(order)) {
        if ((await hashes().take(HASHES.orders(node), id)) && order)
          this.#answer(order, false, 'it waits no more')
      }
    }
    this.#underWay = underWay
  }

  /**
   * Takes over the grants of items that waited before a restart, and gives those back whose items are gone. For an item that
   * this process has seen itself, leave comes with an order that it has carried out, and in no other way.
   *
   * @param gone items that have gone without a word
   * @param present all that have a file
   */
  async compare(
    node: string,
    { gone, present }: { readonly gone: readonly string[]; readonly present: { has(id: string): boolean } },
  ): Promise<void> {
    const { hashes, items, paced, settings } = this.#context
    const missing = new Set<string>()
    const grants = await hashes().read(HASHES.grants(node))
    for (const [id, json] of grants) {
      const grant = parseGrant(json, id)
      const item = items.get(id)
      const held = grant && item && this.#isOfBefore(item) ? { grant, record: item.record } : undefined
      if (!grant || (!present.has(id) && this.#missing.has(id))) this.#dropGrant(node, id)
      else if (!settings().allowRelease) this.#lapse(node, id, OFF, this.#grants.get(id) ?? held)
      else if (!present.has(id)) missing.add(id)
      else if (!this.#grants.has(id) && held) {
        this.#grants.set(id, held)
        paced.add([id])
      }
    }
    this.#missing = missing
    this.#hasCompared = true
    for (const id of gone) {
      const failing = this.#failing.get(id)
      this.#failing.delete(id)
      if (failing) this.#answer(failing.order, false, 'its file is gone')
      this.#answerRelease(id, false, 'its file is gone')
    }
  }

  /** How an item is to be given up now. @param requirement `null` while it is unknown */
  givingUp(id: string, item: HarakaMailItem, requirement: Requirement | null): GivingUp | null {
    const failing = this.#failing.get(id)
    if (!failing) return null
    const { record, order } = failing
    const demand = requirement ? demandOf(item.todo.rcpt_to, requirement) : ''
    if (demand !== order.demand) {
      this.#failing.delete(id)
      this.#answer(order, false, CHANGED)
      item.lognotice(
        'enforce-tls: not given up as ordered, because its rules or recipients have changed since',
      )
      return null
    }
    const { detail, host, gateway } = record
    const name = FAILURE_CLASS_NAMES.find((each) => each === record.class)
    return {
      failure: name ? tlsFailure(name, detail) : otherFailure(detail, { status: UNDEFINED_STATUS }),
      ...{ host, by: order.by, reason: order.reason },
      ...(gateway === undefined ? {} : { gateway }),
    }
  }

  /** The leave that an item has now. */
  release(node: string, id: string, item: HarakaMailItem, requirement: Requirement): Release | null {
    const grant = this.#grants.get(id)?.grant
    if (!grant) return null
    const { allowRelease } = this.#context.settings()
    const holds =
      allowRelease &&
      grant.uuid === item.todo.uuid &&
      grant.demand === demandOf(item.todo.rcpt_to, requirement)
    if (holds) {
      this.#answerRelease(id, true, RELEASED)
      return { order: grant.id, by: grant.by, reason: grant.reason, encrypted: grant.encrypted }
    }
    this.#lapse(node, id, allowRelease ? CHANGED : OFF)
    item.logwarn(
      'enforce-tls: the message was released under other rules, recipients or settings than those of now, so it is not',
    )
    return null
  }

  /** An item that was to go waits again. */
  waitsAgain({ id, level }: WaitingRecord): void {
    if (level === '') this.#answerRelease(id, true, RELEASED_UNKNOWN)
    // It was under way when it was to be given up.
    if (this.#failing.has(id)) this.#context.paced.add([id])
  }

  /** An item is gone, or nothing is required of it. */
  ended(node: string, id: string, result: Ending): void {
    const [isReleased, words] = RELEASE_ENDINGS[result]
    // The parts of a message need leave of their own, and what no rule covers goes without any.
    if (result === 'divided' || result === 'free') this.#lapse(node, id, words)
    else if (this.#grants.has(id) && result !== 'other') this.#dropGrant(node, id)
    this.#answerRelease(id, isReleased, words)
    const failing = this.#failing.get(id)
    if (!failing) return
    this.#failing.delete(id)
    const [done, says] = FAIL_ENDINGS[result]
    this.#answer(failing.order, done, says)
  }

  #isOfBefore(item: WaitingItem): boolean {
    return !this.#hasCompared || item.item === null
  }

  #revokeAll(node: string): void {
    for (const id of this.#grants.keys()) this.#lapse(node, id, OFF)
  }

  /** Leave ends before the message is gone, which the log says, and so does the answer that is still due. */
  #lapse(node: string, id: string, says: string, held = this.#grants.get(id)): void {
    this.#dropGrant(node, id)
    if (held) this.#context.recordLapse(held.record, held.grant)
    this.#answerRelease(id, false, says)
  }

  #answerRelease(id: string, done: boolean, says: string): void {
    const order = this.#releasing.get(id)
    if (!order) return
    this.#releasing.delete(id)
    this.#answer(order, done, says)
  }

  #dropGrant(node: string, id: string): void {
    this.#grants.delete(id)
    this.#context.writes.put(HASHES.grants(node), id, null)
  }

  async #carryOut(node: string, order: Order, item: WaitingItem): Promise<void> {
    const { paced, logger } = this.#context
    const { item: id, action, by } = order
    if (isStale(order)) {
      const says = `it was ordered at ${order.at}, and it is ${new Date().toISOString()} here: order it again, and compare the clocks if that comes again`
      return this.#answer(order, false, says)
    }
    const failing = this.#failing.get(id)
    if (failing) return this.#answer(order, false, `it is being given up, as ${failing.order.by} has ordered`)
    const told = `${action} of ${id} (${item.record.uuid}) by ${JSON.stringify(by)}`
    if (!paced.isWaiting(id)) {
      return this.#answer(order, false, 'it is being tried right now; look again in a moment')
    }
    const changed = action === 'retry' ? null : changedSince(order, item.record)
    if (changed !== null) return this.#answer(order, false, changed)
    switch (action) {
      case 'retry':
        logger.lognotice(`waiting mail: ${told}`)
        this.#answer(order, true, 'it is tried now')
        return paced.add([id])
      case 'fail':
        logger.lognotice(`waiting mail: ${told}`)
        this.#failing.set(id, { order, record: item.record })
        return paced.add([id])
      case 'release': {
        const refusal = await this.#grant(node, order, item)
        logger.lognotice(`waiting mail: ${told}${refusal === null ? '' : ` is refused: ${refusal}`}`)
        if (refusal !== null) return this.#answer(order, false, refusal)
        this.#releasing.set(id, order)
        paced.add([id])
      }
    }
  }

  /** @returns why it is not granted; `null` where it is, and written down */
  async #grant(node: string, order: Order, { record }: WaitingItem): Promise<string | null> {
    const { settings, hashes, recordRelease } = this.#context
    const { item: id, reason } = order
    if (!settings().allowRelease) return OFF
    if (reason.trim() === '') return 'a release needs a reason'
    if (record.askedFor) return ASKED_FOR
    if (record.level === '' || record.demand === '') return 'what its rules require is unknown'
    const cls = FAILURE_CLASS_NAMES.find((name) => name === record.class)
    const { isCertificate, isOurs, isGateway, isOnward } = cls === undefined ? {} : definitionOf(cls)
    // Nothing says that the server has no TLS.
    const encrypted = [isCertificate, isOurs, isGateway, isOnward].includes(true)
    const before = this.#grants.get(id)?.grant
    // Leave to go over TLS that is not as required is none to go in the clear.
    if (before && (encrypted || !before.encrypted)) return 'it has been released before'
    const grant: Grant = { ...order, uuid: record.uuid, encrypted }
    let held: Held | undefined
    try {
      await recordRelease(record, order)
      held = { grant, record }
      await hashes().write(HASHES.grants(node), new Map([[id, JSON.stringify(grant)]]))
    } catch (error) {
      // A Redis that did not answer in time may have taken it.
      this.#lapse(node, id, CHANGED, held)
      return `it could not be written down: ${errorMessage(error)}`
    }
    this.#grants.set(id, held)
    return null
  }

  #answer({ id, item }: Order, done: boolean, says: string): void {
    const answer: Answer = { order: id, item, done, says, at: new Date().toISOString() }
    this.#context.writes.put(HASHES.answers, id, JSON.stringify(answer))
  }
}

/** Nobody's word counts for what they were not shown. */
function changedSince(order: Order, record: WaitingRecord): string | null {
  if (order.demand !== record.demand) return CHANGED
  return order.class === undefined || order.class === record.class
    ? null
    : 'it waits for another reason by now; look at it again'
}
