/**
 * The delivery log beside a rules file: JSON lines in two files, of which the newer one is added to. When it
 * holds half of what is kept, it takes the place of the older one; what was there is forgotten.
 */
import { constants, createReadStream, existsSync, renameSync, statSync } from 'node:fs'
import { access, appendFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import pLimit from 'p-limit'
import type { DeliveryLog, DeliveryRecord } from '../delivery-log.js'
import { fileProblem } from './errors.js'
import { parseJson } from '../../rules/json.js'
import { StoreError } from '../rule-store.js'

/** As the rules file: the owner writes, the group reads. */
const MODE = 0o640

/** Where the newer entries are. */
export function deliveryFileOf(rulesFile: string): string {
  return `${rulesFile}.deliveries.jsonl`
}

/** A delivery log in files. */
export class FileDeliveryLog implements DeliveryLog {
  readonly description: string
  readonly #file: string
  readonly #older: string
  /** What this process has added, for the size of an entry. */
  readonly #added = { bytes: 0, entries: 0 }
  readonly #oneByOne = pLimit(1)

  /** @param rulesFile that the log is kept beside */
  constructor(rulesFile: string) {
    this.#file = deliveryFileOf(rulesFile)
    this.#older = `${rulesFile}.deliveries.older.jsonl`
    this.description = `file ${this.#file}`
  }

  append(records: readonly DeliveryRecord[], max: number): Promise<void> {
    return this.#oneByOne(async () => {
      const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('')
      this.#added.bytes += Buffer.byteLength(lines)
      this.#added.entries += records.length
      try {
        this.#makeRoom(max)
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

  async *read(since: Date): AsyncGenerator<DeliveryRecord> {
    const from = since.toISOString()
    for (const file of [this.#older, this.#file]) {
      for await (const line of linesOf(file, (error) => this.#explained(error))) {
        const record = recordOf(line)
        if (record && (record['at'] ?? '') >= from) yield record
      }
    }
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

  #explained(error: unknown): StoreError {
    return new StoreError('STORE_UNAVAILABLE', `${this.description} ${fileProblem(error)}`, { cause: error })
  }
}

/** The lines of a file; none where it is missing. */
async function* linesOf(file: string, explained: (error: unknown) => Error): AsyncGenerator<string> {
  const input = createReadStream(file, 'utf8')
  const opened = new Promise<boolean>((resolve, reject) => {
    input.once('open', () => resolve(true))
    input.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(false)
      else reject(explained(error))
    })
  })
  if (await opened) yield* createInterface({ input, crlfDelay: Infinity })
}

/** A line that is no entry, such as one that a full disk cut off, is passed over. */
function recordOf(line: string): DeliveryRecord | null {
  try {
    const value = parseJson(line)
    if (typeof value !== 'object' || value === null) return null
    return Object.values(value).every((text) => typeof text === 'string') ? (value as DeliveryRecord) : null
  } catch {
    return null
  }
}
