/**
 * What one process does about mail that waits: tells it to all, carries out what administrators order for it, and has it
 * tried at once where its partner works again. Deliveries wait for nothing of this; while the store is away, orders wait
 * there and what is known here is told later.
 */
import { itemIdOf } from '../delivery/queue-name.js'
import type { Ending, GivingUp, Release, Wait, WaitingList } from '../delivery/waiting.js'
import type { HarakaLogger, HarakaMailItem, HarakaOutbound } from '../haraka/types.js'
import type { Requirement } from '../rules/requirement.js'
import type { Settings } from '../settings/types.js'
import type { SharedHashes } from '../store/shared-hashes.js'
import { errorMessage } from '../text/error-message.js'
import { removeLeftOver } from './left-over.js'
import { BEAT_PAUSE, nodeOf, type Heartbeat } from './node-heartbeat.js'
import { OrdersHere, type RecordLapse, type RecordRelease } from './orders-here.js'
import { HASHES } from './orders.js'
import { Paced } from './paced.js'
import { SharedWrites } from './shared-writes.js'
import { UntriedItems } from './untried-items.js'
import { WaitingItems } from './waiting-items.js'
import { gatewayKey, partnerKey, termsOf } from './record.js'
import { WorkingPartners } from './working-partners.js'

/** Between two looks for orders, in milliseconds. */
const LOOK_PAUSE = 1000
/** Between two comparisons with the queue folder, and from the start to the first one, in milliseconds. */
const COMPARE_PAUSE = 30_000
const FIRST_COMPARISON = 1000

/** What it needs of the process. */
export interface WaitingMailContext {
  readonly logger: Pick<HarakaLogger, 'logwarn' | 'lognotice'>
  readonly settings: () => Settings['failure']
  /** Opens the shared hashes. */
  readonly open: () => SharedHashes
  /** This server's name. */
  readonly me: () => string
  /** Since when the delivery log is switched off here, in ISO 8601; `null` while it is on. */
  readonly logOffSince: () => string | null
  readonly queueFolder: string
  readonly outbound: () => HarakaOutbound
  /** How many items Haraka delivers at a time. */
  readonly concurrency: () => number
  /** Writes into history and delivery log that a message is released. */
  readonly recordRelease: RecordRelease
  /** Writes into the delivery log that leave has ended unused. */
  readonly recordLapse: RecordLapse
}

/** Mail that waits, in one process. */
export class WaitingMail implements WaitingList {
  readonly #context: WaitingMailContext
  readonly #writes: SharedWrites
  readonly #items: WaitingItems
  readonly #untried = new UntriedItems()
  readonly #paced: Paced
  readonly #orders: OrdersHere
  readonly #partners: WorkingPartners
  #hashes: SharedHashes | null = null
  #node: string | null = null
  #timers: NodeJS.Timeout[] = []
  #looking: Promise<void> | null = null
  #comparedAt = -Infinity
  #beatAt = -Infinity
  /** Whether the store has a count of what is untried here. */
  #hasTold = false
  /** Why the last look failed. */
  #problem: string | null = null

  constructor(context: WaitingMailContext) {
    this.#context = context
    const { logger } = context
    const hashes = () => (this.#hashes ??= context.open())
    this.#writes = new SharedWrites({ hashes, logger })
    this.#items = new WaitingItems(this.#writes)
    this.#paced = new Paced({
      outbound: context.outbound,
      concurrency: context.concurrency,
      fileOf: (id) => this.#items.fileOf(id),
      isRead: (id) => this.#items.get(id)?.item != null,
    })
    this.#orders = new OrdersHere({
      logger,
      hashes,
      settings: context.settings,
      items: this.#items,
      paced: this.#paced,
      writes: this.#writes,
      recordRelease: context.recordRelease,
      recordLapse: context.recordLapse,
    })
    this.#partners = new WorkingPartners({
      hashes,
      items: this.#items,
      paced: this.#paced,
      writes: this.#writes,
    })
  }

  /** Begins to look for orders; for a process that has a queue. */
  start(): void {
    const begin = performance.now()
    this.#comparedAt = begin - COMPARE_PAUSE + FIRST_COMPARISON
    this.#timers = [setInterval(() => this.#look(), LOOK_PAUSE).unref()]
  }

  waits(item: HarakaMailItem, wait: Wait): void {
    this.#safely(item, (node) => {
      const record = this.#items.put(node, item, wait)
      if (!record) return
      this.#partners.waits(record)
      this.#orders.waitsAgain(record)
    })
  }

  ended(item: HarakaMailItem, result: Ending): void {
    // Ordinary mail comes by here, too.
    if (this.#items.size === 0 && this.#orders.size === 0) return
    this.#safely(item, (node) => {
      const id = itemIdOf(item.filename)
      if (id === null) return
      this.#items.remove(node, id)
      this.#paced.ended(id)
      this.#orders.ended(node, id, result)
    })
  }

  /** An item is tried. Total. */
  tried({ filename }: HarakaMailItem): void {
    this.#untried.tried(filename)
  }

  givingUp(item: HarakaMailItem, requirement: Requirement | null): GivingUp | null {
    const id = this.#orders.size === 0 ? null : itemIdOf(item.filename)
    return id === null ? null : this.#orders.givingUp(id, item, requirement)
  }

  release(item: HarakaMailItem, requirement: Requirement): Release | null {
    const id = this.#orders.size === 0 ? null : itemIdOf(item.filename)
    return id === null || this.#node === null ? null : this.#orders.release(this.#node, id, item, requirement)
  }

  works(domain: string, requirement: Requirement): void {
    this.#partners.works(partnerKey(domain, termsOf(requirement)))
  }

  gatewayWorks(name: string): void {
    this.#partners.works(gatewayKey(name))
  }

  /** Trusts or gateways are set up otherwise than before: what waits for them here is tried now. Total. */
  settingsMended(): void {
    this.#paced.add(this.#items.ofSettings())
  }

  aheadOf(item: HarakaMailItem): number | null {
    const id = this.#items.size === 0 ? null : itemIdOf(item.filename)
    return id === null ? null : this.#paced.aheadOf(id)
  }

  /** Writes what waits to be written, and gives timers and connections back. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    this.#paced.close()
    await this.#looking
    await this.#writes.close()
    await this.#hashes?.close()
  }

  #look(): void {
    this.#looking ??= this.#lookOnce().then(() => {
      this.#looking = null
    })
  }

  /** Never rejects. */
  async #lookOnce(): Promise<void> {
    try {
      const node = this.#ownNode()
      const now = performance.now()
      const beats = now - this.#beatAt >= BEAT_PAUSE
      if (beats) {
        this.#beatAt = now
        this.#beat(node)
        await this.#partners.learn()
      }
      if (now - this.#comparedAt >= COMPARE_PAUSE) {
        await this.#compare(node)
        this.#comparedAt = now
      }
      // Where nothing waits, nothing comes either but orders for what is gone.
      if (!beats && this.#items.size === 0 && this.#orders.size === 0) return
      await this.#orders.look(node)
      await this.#partners.look()
      this.#problem = null
    } catch (error) {
      const problem = errorMessage(error)
      if (this.#problem === null)
        this.#context.logger.logwarn(`orders for waiting mail are not looked for: ${problem}`)
      this.#problem = problem
    }
  }

  async #compare(node: string): Promise<void> {
    const { open, queueFolder } = this.#context
    try {
      this.#hashes ??= open()
      const compared = await this.#items.compare(node, this.#hashes, queueFolder)
      await this.#orders.compare(node, compared)
      await removeLeftOver(this.#hashes, this.#writes)
    } finally {
      // Also of what the store does not say.
      await this.#untried.compare(queueFolder, (id) => this.#items.get(id) !== undefined)
      this.#tellUntried(node)
    }
  }

  /** By process, since a node may have several. */
  #tellUntried(node: string): void {
    const { count } = this.#untried
    if (count === null || (count === 0 && !this.#hasTold)) return
    this.#hasTold = count > 0
    const told = count === 0 ? null : JSON.stringify({ count, at: new Date().toISOString() })
    this.#writes.put(HASHES.untried(node), String(process.pid), told)
  }

  #beat(node: string): void {
    this.#tellUntried(node)
    const { me, logOffSince } = this.#context
    const logOff = logOffSince()
    const beat: Heartbeat = {
      ...{ name: me(), at: new Date().toISOString(), more: this.#items.more },
      ...(logOff === null ? {} : { logOff }),
    }
    this.#writes.put(HASHES.nodes, node, JSON.stringify(beat))
  }

  #ownNode(): string {
    return (this.#node ??= nodeOf(this.#context.queueFolder))
  }

  /** A message goes its way whatever becomes of what is said about it. */
  #safely(item: HarakaMailItem, work: (node: string) => void): void {
    try {
      work(this.#ownNode())
    } catch (error) {
      item.logwarn(`enforce-tls: it is not told that this message waits: ${errorMessage(error)}`)
    }
  }
}
