/**
 * What a process does beside mail, again and again: a timer, and a trouble that is logged once. Whether it is its turn is
 * for the work itself to find out. Switched off, there is no timer.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { HarakaLogger } from '../haraka/types.js'
import { errorMessage } from '../text/error-message.js'

/** Until the first look, and between two looks, in milliseconds; clocks may be set meanwhile. */
const [FIRST_LOOK, LOOK_PAUSE_MAX] = [2000, 3_600_000]
/** After a look that has failed, in milliseconds. */
const FAILED_PAUSE = 60_000
/** How long the end waits for work under way, in milliseconds. */
const CLOSE_TIMEOUT = 2000

/** The looks of one process. */
export abstract class Looks {
  readonly #what: string
  readonly #logger: Pick<HarakaLogger, 'lognotice' | 'logwarn'>
  #timer: NodeJS.Timeout | null = null
  #looking: Promise<unknown> = Promise.resolve()
  #isLooking = false
  #begun = false
  #closed = false
  #trouble: string | null = null

  /** @param what cannot be done where it fails, such as `TLS reports` */
  constructor(what: string, logger: Pick<HarakaLogger, 'lognotice' | 'logwarn'>) {
    this.#what = what
    this.#logger = logger
  }

  /** Whether the settings ask for it. */
  protected abstract isOn(): boolean

  /** Does what is due, and gives the milliseconds until it should look again; may reject. */
  protected abstract work(): Promise<number>

  /** Whether it has ended: nothing more shall be begun. */
  protected get closed(): boolean {
    return this.#closed
  }

  /** Begins, now or with a change of the settings. */
  begin(): void {
    this.#begun = true
    this.settingsChanged()
  }

  /** Takes new settings. */
  settingsChanged(): void {
    if (!this.#begun || this.#isLooking) return
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    // Not all processes of a machine at the same moment.
    this.#schedule(FIRST_LOOK * (0.5 + Math.random() / 2))
  }

  /** Ends it, and waits a moment for work under way. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    await Promise.race([this.#looking, pause(CLOSE_TIMEOUT, undefined, { ref: false })])
  }

  /** Does what is due. Never rejects; gives the milliseconds until the next look. */
  async look(): Promise<number> {
    try {
      const next = await this.work()
      if (this.#trouble !== null) this.#logger.lognotice(`${this.#what} work again`)
      this.#trouble = null
      return next
    } catch (error) {
      const trouble = errorMessage(error)
      if (trouble !== this.#trouble && !this.#closed)
        this.#logger.logwarn(`${this.#what} cannot be sent now, trying again: ${trouble}`)
      this.#trouble = trouble
      return FAILED_PAUSE
    }
  }

  #schedule(after: number): void {
    if (this.#closed || !this.isOn()) return
    this.#timer = setTimeout(
      () => {
        this.#timer = null
        this.#isLooking = true
        this.#looking = this.look().then((next) => {
          this.#isLooking = false
          this.#schedule(next)
        })
      },
      Math.min(Math.max(0, after), LOOK_PAUSE_MAX),
    ).unref()
  }
}
