/**
 * Sends reports on TLS once a day, beside mail. All processes look; whoever has the lease sends. What fails is tried
 * again until the next day's reports are due, and dropped then. Switched off, it has no timer and asks nothing.
 */
import { randomBytes } from 'node:crypto'
import type { HarakaLogger } from '../../haraka/types.js'
import type { PublishedSources } from '../../published/domain-facts.js'
import { lookUpFacts } from '../../published/domain-facts.js'
import { publishes } from '../../published/nothing-published.js'
import type { Settings } from '../../settings/types.js'
import type { DeliveryLog } from '../../store/delivery-log.js'
import type { SentReports } from '../../store/sent-reports.js'
import { Looks } from '../looks.js'
import { DAY, dayAfter, entriesFor } from '../report-query.js'
import { dropUnsent } from './drop-unsent.js'
import type { PostOptions } from './post.js'
import { DONE, progressText, readProgress, RETRY_AT, type DayProgress } from './progress.js'
import { dueDay, dueTime, nextDue } from './schedule.js'
import { sendDay } from './send-day.js'

export interface TlsRptSenderContext {
  readonly logger: Pick<HarakaLogger, 'lognotice' | 'logwarn'>
  /** Those in force now. */
  readonly settings: () => Pick<Settings, 'tlsRpt'>
  /** Opens what is known of reports. */
  readonly openState: () => SentReports
  readonly openLog: () => Pick<DeliveryLog, 'read' | 'close'>
  /** What partners publish. */
  readonly published: () => PublishedSources
  /** What the reports are limited to: this node's own mail, where nodes share no delivery log; else `null`. */
  readonly limitedTo: () => string | null
  /** Puts a mail from the null sender into the queue, which no rule is about; rejects where that can't be done. */
  readonly queue: (to: string, contents: string) => Promise<void>
  /** Posts a compressed report; rejects where the server does not take it. */
  readonly post: (url: URL, body: Buffer, options: PostOptions) => Promise<void>
  /** In milliseconds since the epoch. @default `Date.now` */
  readonly now?: () => number
}

/** After which the lease ends by itself, in milliseconds: a report that is posted takes a minute at most. */
const LEASE = 120_000
/** What has failed is tried again after as long as it has been tried for, between these, in milliseconds. */
const [RETRY_MIN, RETRY_MAX] = [15 * 60_000, 4 * 3_600_000]

/** The sender of one process. */
export class TlsRptSender extends Looks {
  readonly #context: TlsRptSenderContext
  readonly #now: () => number
  readonly #holder = randomBytes(12).toString('base64url')
  #state: SentReports | null = null
  #log: Pick<DeliveryLog, 'read' | 'close'> | null = null
  /** The day whose work is known to be done. */
  #done = ''
  #unwanted: { readonly day: string; readonly domains: Set<string> } = { day: '', domains: new Set() }

  constructor(context: TlsRptSenderContext) {
    super('TLS reports', context.logger)
    this.#context = context
    this.#now = context.now ?? Date.now
  }

  /** Stops before the next report, and gives connections back. */
  override async close(): Promise<void> {
    await super.close()
    await this.#state?.close()
    await this.#log?.close()
  }

  protected isOn(): boolean {
    return this.#context.settings().tlsRpt.enabled
  }

  /** Sends what is due, if nobody else does. */
  protected async work(): Promise<number> {
    const { settings, logger, openState } = this.#context
    const { contact } = settings().tlsRpt
    const now = new Date(this.#now())
    const after = dueTime(contact)
    const [day, next] = [dueDay(now, after), nextDue(now, after).getTime() - now.getTime()]
    const name = nameOf(day)
    if (this.#done === name) return next
    this.#state ??= openState()
    const state = this.#state
    const waits = await this.#waits(state, name, now)
    if (waits !== null) return waits === 'done' ? next : waits
    if (!(await state.takeLease(this.#holder, LEASE))) return LEASE
    try {
      // Whoever had the lease before may have done it.
      const progress = readProgress(await state.readPeriod(name))
      if (progress.has(DONE)) return 0
      await dropUnsent(nameOf(new Date(day.getTime() - DAY)), { state, logger, now: this.#now })
      const result = await this.#send(state, day, progress)
      if (result === 'stopped') return LEASE
      if (result === 'done') {
        await state.write(name, DONE, progressText('settled', this.#now()))
        this.#done = name
        return next
      }
      const tried = now.getTime() - (day.getTime() + DAY + after)
      const retry = Math.min(RETRY_MAX, Math.max(RETRY_MIN, tried))
      await state.write(name, RETRY_AT, progressText('settled', this.#now() + retry))
      return Math.min(retry, next)
    } finally {
      await state.endLease(this.#holder)
    }
  }

  /** How long there is nothing to do for a day; `null` where there is something now. */
  async #waits(state: SentReports, name: string, now: Date): Promise<number | 'done' | null> {
    const progress = readProgress(await state.readPeriod(name))
    if (progress.has(DONE)) {
      this.#done = name
      return 'done'
    }
    const retryAt = progress.get(RETRY_AT)?.at ?? 0
    // A clock that was set back must not put it off for ever.
    return retryAt > now.getTime() && retryAt <= now.getTime() + RETRY_MAX ? retryAt - now.getTime() : null
  }

  async #send(state: SentReports, day: Date, progress: DayProgress): ReturnType<typeof sendDay> {
    const { logger, settings, published, queue, post, limitedTo } = this.#context
    const { organization, contact, privateAddresses } = settings().tlsRpt
    const name = nameOf(day)
    this.#log ??= this.#context.openLog()
    const log = this.#log
    const sources = published()
    if (this.#unwanted.day !== name) this.#unwanted = { day: name, domains: new Set() }
    return await sendDay({
      day: name,
      reporter: { organization, contact, owner: limitedTo() },
      logger,
      state,
      progress,
      entries: () =>
        entriesFor(log.read(day), {
          since: day,
          until: dayAfter(day),
          owner: null,
          domain: null,
          now: new Date(this.#now()),
        }),
      dns: sources.dns,
      publishes: async (domain) =>
        publishes(
          await lookUpFacts(sources, {
            domain,
            demands: [{ by: 'published', otherwise: 'none' }],
            named: null,
            urgent: false,
          }),
        ),
      unwanted: this.#unwanted.domains,
      mayGoOn: async () =>
        !this.closed && settings().tlsRpt.enabled && (await state.takeLease(this.#holder, LEASE)),
      mail: queue,
      post: (url, body) => post(url, body, { dns: sources.dns, allowPrivate: privateAddresses }),
      now: this.#now,
    })
  }
}

function nameOf(day: Date): string {
  return day.toISOString().slice(0, 10)
}
