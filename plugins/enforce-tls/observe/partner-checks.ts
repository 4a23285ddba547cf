/**
 * Asks servers of partners which levels they fulfil, where Haraka's own deliveries do not say: it did without the TLS
 * that was offered, or resumed a session whose certificate it did not see. Only the very server that has just taken mail,
 * each partner once a day, one at a time with a pause between; apart from all deliveries. What finds no room is not asked.
 */
import { LRUCache } from 'lru-cache'
import type { ObservedDelivery } from '../delivery/observed-session.js'
import { ofCheck, type DeliverySeen, type LevelSeen, type Pair } from '../suggest/record.js'
import type { PartnerNotes } from './partner-notes.js'

/** Between two checks of a process, and of a partner, in milliseconds. */
const PAUSE = 10_000
const PARTNER_PAUSE = 24 * 3_600_000
/** How long a check may take, in milliseconds. */
const TIME_MAX = 60_000
/** Partners that wait for their check, and that are remembered. */
const WAITING_MAX = 100
const REMEMBERED_MAX = 10_000
const SMTP_PORT = 25

/** What a check has found out. */
export type CheckedLevels = Pick<DeliverySeen, 'levels' | 'server'> & { readonly published: LevelSeen }

/** Checks one server; `null` where nothing could be found out. Never rejects. */
export type CheckHost = (
  domain: string,
  mx: { readonly host: string; readonly port: number },
  signal: AbortSignal,
) => Promise<CheckedLevels | null>

/** What it needs of the process. */
export interface PartnerChecksContext {
  readonly enabled: () => boolean
  readonly check: CheckHost
  readonly notes: Pick<PartnerNotes, 'take'>
  /** @default 10 seconds */
  readonly pause?: number
}

interface Due {
  readonly pair: Pair
  readonly mx: { readonly host: string; readonly port: number }
}

/** The checks of one process. */
export class PartnerChecks {
  readonly #context: PartnerChecksContext
  readonly #asked = new LRUCache<string, true>({ max: REMEMBERED_MAX, ttl: PARTNER_PAUSE })
  readonly #due: Due[] = []
  readonly #end = new AbortController()
  #timer: NodeJS.Timeout | null = null

  constructor(context: PartnerChecksContext) {
    this.#context = context
  }

  /** A delivery to a partner did not say enough. Total. */
  ask(pair: Pair, seen: ObservedDelivery | null): void {
    // A socket of the operator's own is no partner's server.
    if (!seen || seen.isGateway || seen.port === null || seen.mx?.path !== undefined) return
    if (this.#due.length >= WAITING_MAX || this.#asked.has(pair.partner)) return
    this.#asked.set(pair.partner, true)
    this.#due.push({ pair, mx: { host: seen.host, port: seen.port || SMTP_PORT } })
    this.#schedule()
  }

  /** Ends the check that is under way; none comes after it. */
  close(): void {
    this.#end.abort()
    if (this.#timer) clearTimeout(this.#timer)
  }

  #schedule(): void {
    if (this.#timer || this.#due.length === 0 || this.#end.signal.aborted) return
    this.#timer = setTimeout(() => {
      void this.#next().finally(() => {
        this.#timer = null
        this.#schedule()
      })
    }, this.#context.pause ?? PAUSE).unref()
  }

  async #next(): Promise<void> {
    const due = this.#due.shift()
    if (!due || !this.#context.enabled()) return
    const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(TIME_MAX)])
    const found = await this.#context.check(due.pair.partner, due.mx, signal)
    if (found && !signal.aborted) this.#context.notes.take(due.pair, ofCheck({ at: Date.now(), ...found }))
  }
}
