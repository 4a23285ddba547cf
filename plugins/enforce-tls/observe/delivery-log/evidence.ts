/**
 * Writes, for one process, a log line for each attempt and outcome of a message that requires TLS, and an entry of
 * the delivery log for every event. Never stands in a delivery's way.
 */
import { randomBytes } from 'node:crypto'
import type { DeliveryEvent } from '../../delivery/delivery-events.js'
import type { HarakaLogger } from '../../haraka/types.js'
import type { Settings } from '../../settings/types.js'
import type { DeliveryLog, DeliveryRecord } from '../../store/delivery-log.js'
import { oneLine } from '../../text/one-line.js'
import { entryOf, toRecord, logLine } from './entry.js'
import { inPieces } from '../../work/turns.js'
import { newKey } from '../../store/shared-key.js'
import { gapRecord, type LogGap } from './gap.js'
import { GapMarks } from './gap-marks.js'
import { naming, withoutAddresses } from './names.js'
import type { DeliveryLogEntry } from './schema.js'
import { isAsked } from '../../requiretls/ask.js'
import { UnruledMail } from './unruled-mail.js'
import { DeliveryLogWriter, PendingEntry } from './writer.js'

/** What it needs of the process. */
export interface DeliveryLogContext {
  readonly logger: Pick<HarakaLogger, 'logerror' | 'logwarn' | 'lognotice'>
  /** Those in force now. */
  readonly settings: () => Settings['evidence']
  /** Opens the delivery log. */
  readonly open: () => DeliveryLog
  /** This server's name. */
  readonly me: () => string
  readonly queueFolder: string
  /** Whether the store has never had rules, as far as is known. */
  readonly isStoreNew: () => boolean
}

/** Between two looks for what processes that are gone have not written, in milliseconds. */
const LOOK_PAUSE = 60_000

/** Others have sentences of their own in the log. */
const LOGGED: readonly DeliveryEvent['kind'][] = ['attempt', 'outcome', 'release', 'waiver', 'notice']

/** Writes down what it observes. */
export class DeliveryLogObserver {
  /** Mail whose rules are unknown, and that goes all the same. */
  readonly unruled: UnruledMail
  readonly #context: DeliveryLogContext
  readonly #writer: DeliveryLogWriter
  /** What the names of this process's entries begin with. */
  readonly #process = randomBytes(6).toString('base64url')
  readonly #marks: GapMarks
  #written = 0
  #offSince: string | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(context: DeliveryLogContext) {
    this.#context = context
    this.#marks = new GapMarks(context.queueFolder)
    this.unruled = new UnruledMail((gap) => {
      if (context.settings().stream) this.#writer.write(this.#gapRecord(gap))
    })
    this.#writer = new DeliveryLogWriter({
      open: context.open,
      maxEntries: () => context.settings().maxEntries,
      maxAge: () => context.settings().maxAge,
      newKey,
      marks: this.#marks,
      gapOf: (gap) => this.#gapRecord(gap),
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

  /** Since when the log is switched off, in ISO 8601; `null` while it is on. */
  get offSince(): string | null {
    return this.#offSince
  }

  /** Looks now, and now and then, for what the log does not have; for a process that handles mail. */
  begin(): void {
    this.settingsChanged()
    const look = () => void this.#lookForLeftOver()
    look()
    this.#timer ??= setInterval(look, LOOK_PAUSE).unref()
  }

  /** The log may have been switched on or off. */
  settingsChanged(): void {
    if (!this.#context.settings().stream) {
      this.#offSince = this.#marks.off()
      return
    }
    this.#offSince = null
    const gap = this.#marks.on()
    if (gap) this.#writer.write(this.#gapRecord(gap))
  }

  /** Takes an event. What rules in mode `report` saw, and refusals, have sentences of their own in the log. */
  take(event: DeliveryEvent): void {
    const entry = entryOf(event, this.#nextId())
    if (LOGGED.includes(event.kind)) this.#context.logger.lognotice(logLine(entry))
    const { stream, addresses } = this.#context.settings()
    if (!stream) return
    // A delivery log is what is left of a store whose rules are lost; one that never had any must not look like that.
    if (this.#context.isStoreNew() && entry.rules.every(isAsked)) return
    if (addresses === 'full') this.#writer.write(pending(entry, event, false))
    else {
      const nameless = namelessOf(entry)
      this.#writer.write(addresses === 'none' ? toRecord(nameless) : pending(nameless, event, true))
    }
  }

  /** Writes what waits, if that goes at once, and gives connections back. */
  close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    this.unruled.close()
    return this.#writer.close()
  }

  /** While the log is off, it is told later. */
  async #lookForLeftOver(): Promise<void> {
    if (this.#offSince !== null) return
    for (const gap of await this.#marks.leftOver()) this.#writer.write(this.#gapRecord(gap))
  }

  #gapRecord(gap: Omit<LogGap, 'node'>): DeliveryRecord {
    return gapRecord({ ...gap, node: oneLine(this.#context.me(), 200) }, this.#nextId())
  }

  #nextId(): string {
    return `${this.#process}.${++this.#written}`
  }
}

/** What a server answers may repeat the address that it was asked about. */
function namelessOf(entry: DeliveryLogEntry): DeliveryLogEntry {
  const { detail } = entry
  return detail === undefined ? entry : { ...entry, detail: withoutAddresses(detail) }
}

/** Of a message that requires TLS: that it says `TLS-Required: No`, which does not count. */
async function ignoredIn({
  kind,
  ignoredNo,
  result,
}: DeliveryEvent & { readonly result?: string }): Promise<Pick<DeliveryLogEntry, 'ignoredNo'>> {
  const requires = kind === 'attempt' || (kind === 'outcome' && result !== 'freed')
  return requires && ignoredNo && (await ignoredNo.isSaid) ? { ignoredNo: ignoredNo.why } : {}
}

/** Names are added when the entry is written: hashes take time, and the Message-ID is in a file. */
function pending(entry: DeliveryLogEntry, event: DeliveryEvent, hashed: boolean): PendingEntry {
  const { sender, recipients, messageId } = event
  return new PendingEntry(async (key) => {
    const hashKey = hashed ? await key() : null
    const ignored = await ignoredIn(event)
    if (hashed && hashKey === null) return toRecord({ ...entry, ...ignored })
    const envelope = { sender, recipients, messageId: (await messageId) ?? null }
    return toRecord({ ...entry, ...ignored, ...(await inPieces(naming(envelope, hashKey))) })
  })
}
