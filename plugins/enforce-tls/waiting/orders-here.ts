/**
 * Orders of administrators, as one process carries them out for its items. An order is taken out of the store before it
 * is carried out, which only one process can, once: what is lost with a process that dies is not done, and the message
 * waits on. Leave to go without what is required is kept in the store as long as the item exists, names this very item,
 * and counts only while the same is required of the same recipients.
 */
import type { Ending, GivingUp, Release } from '../delivery/waiting.js'
import { definitionOf, FAILURE_CLASS_NAMES } from '../delivery/failure-classes.js'
import { otherFailure, tlsFailure } from '../delivery/outcome.js'
import type { HarakaLogger, HarakaMailItem } from '../haraka/types.js'
import type { Requirement } from '../rules/requirement.js'
import type { Settings } from '../settings/types.js'
import type { SharedHashes } from '../store/shared-hashes.js'
import { errorMessage } from '../text/error-message.js'
import { HASHES, isStale, parseGrant, parseOrder, type Answer, type Grant, type Order } from './orders.js'
import type { Paced } from './paced.js'
import { demandOf, type WaitingRecord } from './record.js'
import type { SharedWrites } from './shared-writes.js'
import type { WaitingItem, WaitingItems } from './waiting-items.js'

/** Writes into history and delivery log that a message is released; rejects where the history does not take it. */
export type RecordRelease = (record: WaitingRecord, order: Order) => Promise<void>

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
}

/** The orders of one process. */
export class OrdersHere {
  readonly #context: OrdersHereContext
  /** Items to be given up at their next try. */
  readonly #failing = new Map<string, { readonly order: Order; readonly record: WaitingRecord }>()
  readonly #grants = new Map<string, Grant>()
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
      if (!grant || !settings().allowRelease || (!present.has(id) && this.#missing.has(id)))
        this.#dropGrant(node, id)
      else if (!present.has(id)) missing.add(id)
      else if (!this.#grants.has(id) && this.#isOfBefore(items.get(id))) {
        this.#grants.set(id, grant)
        paced.add([id])
      }
    }
    this.#missing = missing
    this.#hasCompared = true
    for (const id of gone) {
      const failing = this.#failing.get(id)
      this.#failing.delete(id)
      if (failing) this.#answer(failing.order, false, 'its file is gone')
    }
  }

  /** How an item is to be given up now. */
  givingUp(id: string): GivingUp | null {
    const failing = this.#failing.get(id)
    if (!failing) return null
    const { record, order } = failing
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
    const grant = this.#grants.get(id)
    if (!grant) return null
    const holds =
      this.#context.settings().allowRelease &&
      grant.uuid === item.todo.uuid &&
      grant.demand === demandOf(item.todo.rcpt_to, requirement)
    if (holds) return { order: grant.id, by: grant.by, reason: grant.reason, encrypted: grant.encrypted }
    this.#dropGrant(node, id)
    item.logwarn(
      'enforce-tls: the message was released under other rules, recipients or settings than those of now, so it is not',
    )
    return null
  }

  /** An item that was to go waits again. */
  waitsAgain({ id }: WaitingRecord): void {
    // It was under way when it was to be given up.
    if (this.#failing.has(id)) this.#context.paced.add([id])
  }

  /** An item is gone, or nothing is required of it. */
  ended(node: string, id: string, result: Ending): void {
    if (this.#grants.has(id) && result !== 'other') this.#dropGrant(node, id)
    const failing = this.#failing.get(id)
    if (!failing) return
    this.#failing.delete(id)
    const [done, says] = ENDINGS[result]
    this.#answer(failing.order, done, says)
  }

  #isOfBefore(item: WaitingItem | undefined): boolean {
    return item !== undefined && (!this.#hasCompared || item.item === null)
  }

  #revokeAll(node: string): void {
    for (const id of this.#grants.keys()) this.#dropGrant(node, id)
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
        this.#answer(order, refusal === null, refusal ?? 'it is released, and tried now')
        if (refusal === null) paced.add([id])
      }
    }
  }

  /** @returns why it is not granted; `null` where it is, and written down */
  async #grant(node: string, order: Order, { record }: WaitingItem): Promise<string | null> {
    const { settings, hashes, recordRelease } = this.#context
    const { item: id, reason } = order
    if (!settings().allowRelease) return 'releasing is switched off here ([failure] allow_release)'
    if (reason.trim() === '') return 'a release needs a reason'
    if (record.askedFor) return ASKED_FOR
    if (record.level === '' || record.demand === '') return 'what its rules require is unknown'
    const cls = FAILURE_CLASS_NAMES.find((name) => name === record.class)
    const { isCertificate, isOurs, isGateway, isOnward } = cls === undefined ? {} : definitionOf(cls)
    // Nothing says that the server has no TLS.
    const encrypted = [isCertificate, isOurs, isGateway, isOnward].includes(true)
    const before = this.#grants.get(id)
    // Leave to go over TLS that is not as required is none to go in the clear.
    if (before && (encrypted || !before.encrypted)) return 'it has been released before'
    const grant: Grant = { ...order, uuid: record.uuid, encrypted }
    try {
      await recordRelease(record, order)
      await hashes().write(HASHES.grants(node), new Map([[id, JSON.stringify(grant)]]))
    } catch (error) {
      // A Redis that did not answer in time may have taken it.
      this.#dropGrant(node, id)
      return `it could not be written down: ${errorMessage(error)}`
    }
    this.#grants.set(id, grant)
    return null
  }

  #answer({ id, item }: Order, done: boolean, says: string): void {
    const answer: Answer = { order: id, item, done, says, at: new Date().toISOString() }
    this.#context.writes.put(HASHES.answers, id, JSON.stringify(answer))
  }
}

/** Nobody's word counts for what they were not shown. */
function changedSince(order: Order, record: WaitingRecord): string | null {
  if (order.demand !== record.demand) return 'its rules or recipients have changed since; look at it again'
  return order.class === undefined || order.class === record.class
    ? null
    : 'it waits for another reason by now; look at it again'
}

const ASKED_FOR =
  'its sender asks for REQUIRETLS, which nobody else can waive (RFC 8689): give it up, so that the sender knows'

/** What an order to give an item up has come to. */
const ENDINGS: Readonly<Record<Ending, readonly [done: boolean, says: string]>> = {
  bounced: [true, 'it was given up, and its sender gets a bounce'],
  kept: [true, 'it was given up, and kept in the queue folder as error.*, since it has no sender to notify'],
  delivered: [false, 'it was delivered meanwhile'],
  released: [false, 'it was released meanwhile'],
  divided: [false, 'it was divided among its recipients meanwhile; look at its parts'],
  free: [false, 'no rule covers it any more, so it is delivered as usual'],
  other: [false, 'it waits for another reason now'],
}
