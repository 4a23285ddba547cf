/**
 * Mails a report on covered mail once a week or month, beside mail. All processes look; whoever has the lease makes the
 * report and queues it. That it was sent is noted right after it was queued: a process that dies in between makes a second
 * one, with the same Message-ID, rather than none. A period that nobody sent while it was the last one is left out.
 * Switched off, it has no timer and asks nothing.
 */
import { randomBytes } from 'node:crypto'
import type { HarakaLogger } from '../../haraka/types.js'
import type { Settings } from '../../settings/types.js'
import type { DeliveryLog, DeliveryRecord } from '../../store/delivery-log.js'
import type { RuleStore } from '../../store/rule-store.js'
import type { SentReports } from '../../store/sent-reports.js'
import type { SharedHashes } from '../../store/shared-hashes.js'
import { readLogScope } from '../log-scope.js'
import { Looks } from '../looks.js'
import { makeReport } from '../make-report.js'
import { withHistory } from '../history-releases.js'
import { withRuleNames } from '../rule-names.js'
import { isEnded, progressText, readProgress } from '../tls-rpt/progress.js'
import { composeReport } from './compose.js'
import { lastPeriod, nextDue, partOf, type Period } from './schedule.js'

export interface ReportSenderContext {
  readonly logger: Pick<HarakaLogger, 'lognotice' | 'logwarn'>
  /** Those in force now. */
  readonly settings: () => Pick<Settings, 'report' | 'main'>
  /** Opens what was sent so far. */
  readonly openState: () => SentReports
  readonly openLog: () => Pick<DeliveryLog, 'read' | 'begins' | 'close'>
  /** Opens what nodes tell of themselves. */
  readonly openNodes: () => Pick<SharedHashes, 'read' | 'close'>
  /** Where the names of rules are, and the history. */
  readonly store: Pick<RuleStore, 'readRules' | 'history'>
  /** This server's name. */
  readonly me: () => string
  /** Whether the delivery log has mail of this machine alone. */
  readonly isAlone: boolean
  /** Puts a mail from the null sender into the queue; rejects where that can't be done. */
  readonly queue: (to: readonly string[], contents: string) => Promise<void>
  /** In milliseconds since the epoch. @default `Date.now` */
  readonly now?: () => number
}

/** After which the lease ends by itself, in milliseconds; whoever reads a long log prolongs it. */
const LEASE = 120_000

/** The sender of one process. */
export class ReportSender extends Looks {
  readonly #context: ReportSenderContext
  readonly #now: () => number
  readonly #holder = randomBytes(12).toString('base64url')
  #state: SentReports | null = null
  #log: Pick<DeliveryLog, 'read' | 'begins' | 'close'> | null = null
  #nodes: Pick<SharedHashes, 'read' | 'close'> | null = null
  /** The report that is known to be sent. */
  #done = ''

  constructor(context: ReportSenderContext) {
    super('reports by mail', context.logger)
    this.#context = context
    this.#now = context.now ?? Date.now
  }

  /** Stops before the report is queued, and gives connections back. */
  override async close(): Promise<void> {
    await super.close()
    await this.#state?.close()
    await this.#log?.close()
    await this.#nodes?.close()
  }

  protected isOn(): boolean {
    return this.#context.settings().report.to.length > 0
  }

  /** Sends what is due, if nobody else does. */
  protected async work(): Promise<number> {
    const { settings, openState } = this.#context
    const { every, owner } = settings().report
    const now = new Date(this.#now())
    const period = lastPeriod(every, now)
    const next = nextDue(every, now).getTime() - now.getTime()
    const part = partOf(owner)
    const name = `${period.name} ${part}`
    if (this.#done === name) return next
    this.#state ??= openState()
    const state = this.#state
    const isSent = async (): Promise<boolean> =>
      isEnded(readProgress(await state.readPeriod(period.name)).get(part))
    if (!(await isSent())) {
      if (!(await state.takeLease(this.#holder, LEASE))) return LEASE
      try {
        // Whoever had the lease before may have sent it.
        if (!(await isSent()) && !(await this.#send(state, period, part))) return LEASE
      } finally {
        await state.endLease(this.#holder)
      }
    }
    this.#done = name
    return next
  }

  /** @returns false where somebody else goes on, or nobody */
  async #send(state: SentReports, period: Period, part: string): Promise<boolean> {
    const { settings, me, queue, logger, store } = this.#context
    const { report: asked, main } = settings()
    const { to, from, every, owner } = asked
    const { since, until } = period
    const now = new Date(this.#now())
    this.#log ??= this.#context.openLog()
    const log = this.#log
    const query = { since, until, owner: owner || null, domain: null, now }
    const made = await makeReport(this.#reading(log.read(since), state), query, await log.begins())
    const report = await withRuleNames(await withHistory(made, store), store)
    const name = me()
    this.#nodes ??= this.#context.openNodes()
    const machine = this.#context.isAlone ? name : null
    const scope = await readLogScope(this.#nodes, { machine, since, now, main })
    const sender = from || `MAILER-DAEMON@${name}`
    const contents = await composeReport({
      ...{ report, period, every, scope, me: name, from: sender, to, now },
    })
    const mayGoOn = !this.closed && (await state.takeLease(this.#holder, LEASE))
    if (!mayGoOn) return false
    await queue(to, contents)
    await state.write(period.name, part, progressText('sent', this.#now()))
    logger.lognotice(`report of ${period.name} queued for ${to.join(', ')}`)
    return true
  }

  /** A long log takes longer than the lease lasts. */
  async *#reading(
    records: AsyncIterable<DeliveryRecord>,
    state: Pick<SentReports, 'takeLease'>,
  ): AsyncGenerator<DeliveryRecord> {
    let prolonged = performance.now()
    for await (const record of records) {
      if (performance.now() - prolonged > LEASE / 4) {
        if (!(await state.takeLease(this.#holder, LEASE))) throw new Error('another process makes the report')
        prolonged = performance.now()
      }
      yield record
    }
  }
}
