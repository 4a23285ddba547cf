/**
 * The delivery log beside a rules file: JSON lines in two files, of which the newer one is added to. When it
 * holds half of what is kept, it takes the place of the older one; what was there is forgotten.
 */
import { constants, existsSync, renameSync, statSync } from 'node:fs'
import { access, appendFile } from 'node:fs/promises'
import path from 'node:path'
import pLimit from 'p-limit'
import type { DeliveryLog, DeliveryRecord, MayBeWanted } from '../delivery-log.js'
import { recordOf } from '../delivery-record.js'
import { makeAddressKey, readAddressKey } from './address-key.js'
import { dropOldLines, firstLineOf, linesOf } from './dated-lines.js'
import { fileProblem } from './errors.js'
import { StoreError } from '../rule-store.js'

/** As the rules file: the owner writes, the group reads. */
const MODE = 0o640
/** Between two looks for entries that are too old, in milliseconds. */
const AGE_PAUSE = 60_000

/** Where the newer entries are. */
export function deliveryFileOf(rulesFile: string): string {
  return `${rulesFile}.deliveries.jsonl`
}

/** A delivery log in files. */
export class FileDeliveryLog implements DeliveryLog {
  readonly description: string
  readonly #file: string
  readonly #older: string
  readonly #keyFile: string
  /** What this process has added, for the size of an entry. */
  readonly #added = { bytes: 0, entries: 0 }
  readonly #oneByOne = pLimit(1)
  #agedAt = -Infinity

  /** @param rulesFile that the log is kept beside */
  constructor(rulesFile: string) {
    this.#file = deliveryFileOf(rulesFile)
    this.#older = `${rulesFile}.deliveries.older.jsonl`
    this.#keyFile = `${rulesFile}.address-key`
    this.description = `file ${this.#file}`
  }

  append(records: readonly DeliveryRecord[], max: number, maxAge = Infinity): Promise<void> {
    return this.#oneByOne(async () => {
      const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('')
      this.#added.bytes += Buffer.byteLength(lines)
      this.#added.entries += records.length
      try {
        this.#makeRoom(max)
        await this.#dropOld(maxAge)
        // One write at the end of the file: other processes of this Haraka write there, too.
        await appendFile(this.#file, lines, { mode: MODE })
      } catch (error) {
        throw this.#explained(error)
      }
    })
  }

  async check(): Promise<void> {
    const file = existsSync(this.#file) ? this.#file : path.dirname(this.#file)
    await access(file, constants.W_OK).catch((error: unknown) => {
      throw this.#explained(error)
    })
  }

  async *read(since: Date, mayBeWanted: MayBeWanted = () => true): AsyncGenerator<DeliveryRecord> {
    const from = since.toISOString()
    try {
      for (const file of [this.#older, this.#file])
        for await (const line of linesOf(file)) {
          const record = mayBeWanted(line) ? recordOf(line) : null
          if (record && (record['at'] ?? '') >= from) yield record
        }
    } catch (error) {
      throw this.#explained(error)
    }
  }

  async begins(): Promise<string | null> {
    try {
      const first = (await firstLineOf(this.#older)) ?? (await firstLineOf(this.#file))
      return first === null ? null : (recordOf(first)?.['at'] ?? null)
    } catch (error) {
      throw this.#explained(error)
    }
  }

  async readKey(): Promise<string | null> {
    return await readAddressKey(this.#keyFile).catch((error: unknown) => {
      throw this.#explained(error, this.#keyFile)
    })
  }

  async makeKey(candidate: string): Promise<string> {
    return await makeAddressKey(this.#keyFile, candidate).catch((error: unknown) => {
      throw this.#explained(error, this.#keyFile)
    })
  }

  async close(): Promise<void> {
    await this.#oneByOne(() => undefined)
  }

  /** Looks and renames in one go, so that hardly another process can have renamed in between. */
  #makeRoom(max: number): void {
    const size = statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0
    const entries = (size / this.#added.bytes) * this.#added.entries
    if (entries >= max / 2) renameSync(this.#file, this.#older)
  }

  /** What is too old at the beginning of the older file goes; the newer one becomes the older one when it begins so. */
  async #dropOld(maxAge: number): Promise<void> {
    if (maxAge === Infinity || performance.now() - this.#agedAt < AGE_PAUSE) return
    this.#agedAt = performance.now()
    const oldest = new Date(Date.now() - maxAge).toISOString()
    const first = recordOf((await firstLineOf(this.#file)) ?? '')?.['at']
    // All that is in the older file is older still.
    if (first !== undefined && first < oldest) renameSync(this.#file, this.#older)
    await dropOldLines(this.#older, (line) => (recordOf(line)?.['at'] ?? '') < oldest, MODE)
  }

  #explained(error: unknown, file = this.#file): StoreError {
    if (error instanceof StoreError) return error
    return new StoreError('STORE_UNAVAILABLE', `file ${file} ${fileProblem(error)}`, { cause: error })
  }
}
