/**
 * Writes, for one process, a log line for each attempt and outcome of a message that requires TLS, and an entry of
 * the delivery log for every event. Never stands in a delivery's way.
 */
import { randomBytes } from 'node:crypto'
import type { DeliveryEvent } from '../../delivery/delivery-events.js'
import type { HarakaLogger } from '../../haraka/types.js'
import type { Settings } from '../../settings/types.js'
import type { DeliveryLog } from '../../store/delivery-log.js'
import { entryOf, toRecord, logLine } from './entry.js'
import { DeliveryLogWriter } from './writer.js'

/** What it needs of the process. */
export interface DeliveryLogContext {
  readonly logger: Pick<HarakaLogger, 'logerror' | 'logwarn' | 'lognotice'>
  /** Those in force now. */
  readonly settings: () => Settings['evidence']
  /** Opens the delivery log. */
  readonly open: () => DeliveryLog
}

/** Writes down what it observes. */
export class DeliveryLogObserver {
  readonly #context: DeliveryLogContext
  readonly #writer: DeliveryLogWriter
  /** What the names of this process's entries begin with. */
  readonly #process = randomBytes(6).toString('base64url')
  #written = 0

  constructor(context: DeliveryLogContext) {
    this.#context = context
    this.#writer = new DeliveryLogWriter({
      open: context.open,
      maxEntries: () => context.settings().maxEntries,
      log: context.logger,
    })
  }

  /** How many entries of the delivery log were dropped so far. */
  get dropped(): number {
    return this.#writer.dropped
  }

  /** Whether the delivery log took the last entries; `null` before the first. */
  get available(): boolean | null {
    return this.#writer.available
  }

  /** Takes an event. What rules in mode `report` saw, and refusals, have sentences of their own in the log. */
  take(event: DeliveryEvent): void {
    const entry = entryOf(event, `${this.#process}.${++this.#written}`)
    if (event.kind === 'attempt' || event.kind === 'outcome' || event.kind === 'release')
      this.#context.logger.lognotice(logLine(entry))
    if (this.#context.settings().stream) this.#writer.write(toRecord(entry))
  }

  /** Writes what waits, if that goes at once, and gives connections back. */
  close(): Promise<void> {
    return this.#writer.close()
  }
}
