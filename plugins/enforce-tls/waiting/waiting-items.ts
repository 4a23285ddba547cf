/**
 * The items of one process that wait for a TLS or policy reason, told to all through the store. At the start, and every
 * half minute, what the store says of this node is compared with the queue folder: what waited before a restart is known
 * again, and what is gone, as a file that a person has removed, goes. Nothing of it stands in a delivery's way.
 */
import cluster from 'node:cluster'
import { readdir } from 'node:fs/promises'
import type { HarakaMailItem } from '../haraka/types.js'
import { itemIdOf } from '../delivery/queue-name.js'
import type { Wait } from '../delivery/waiting.js'
import type { SharedHashes } from '../store/shared-hashes.js'
import type { InPieces } from '../work/pieces.js'
import { inPieces } from '../work/turns.js'
import { HASHES } from './orders.js'
import { awaitedBy, parseRecord, recordOf, type WaitingRecord } from './record.js'
import type { SharedWrites } from './shared-writes.js'

/** Most items of one process that are told; about 20 MB of memory. */
export const ITEMS_MAX = 20_000
/** So many files or records are looked at between two yields. */
const PIECE = 200

/** One that waits. */
export interface WaitingItem {
  readonly record: WaitingRecord
  /** What it waits for, as `awaitedBy` names it. */
  readonly awaits: readonly string[]
  /** The name of its file when it was last looked at. */
  file: string
  /** `null` for one that Haraka has not read since it started. */
  readonly item: HarakaMailItem | null
}

/** What waits in one process. */
export class WaitingItems {
  readonly #writes: SharedWrites
  readonly #items = new Map<string, WaitingItem>()
  /** Items that were not there at the last comparison: a file that is renamed just then may be missed once. */
  #missing = new Set<string>()
  #more = false

  constructor(writes: SharedWrites) {
    this.#writes = writes
  }

  get size(): number {
    return this.#items.size
  }

  /** Whether there are, or were, more than are told. */
  get more(): boolean {
    return this.#more
  }

  get(id: string): WaitingItem | undefined {
    return this.#items.get(id)
  }

  /** The name of an item's file now; `null` for one that does not wait here. */
  fileOf(id: string): string | null {
    const found = this.#items.get(id)
    return found ? (found.item?.filename ?? found.file) : null
  }

  /** Ids of what waits for a partner under one requirement, as `partnerKey` names both, or for a gateway. */
  ofPartner(partner: string): string[] {
    return [...this.#items].filter(([, item]) => item.awaits.includes(partner)).map(([id]) => id)
  }

  /** Ids of what waits for something that is set up here, such as the files of a trust, or for a gateway. */
  ofSettings(): string[] {
    return [...this.#items].filter(([, { record }]) => isSetHere(record.class)).map(([id]) => id)
  }

  /** What mail waits for here. */
  partners(): Set<string> {
    return new Set([...this.#items.values()].flatMap(({ awaits }) => awaits))
  }

  /** An item has begun to wait, or waits on. @returns its record, `null` where it is not told */
  put(node: string, item: HarakaMailItem, wait: Wait): WaitingRecord | null {
    const id = itemIdOf(item.filename)
    if (id === null) return null
    if (this.#items.size >= ITEMS_MAX && !this.#items.has(id)) {
      this.#more = true
      return null
    }
    const record = recordOf(id, item, wait)
    this.#items.set(id, { record, awaits: awaitedBy(record), file: item.filename, item })
    this.#tell(node, record)
    return record
  }

  /** An item waits no more. @returns whether it did */
  remove(node: string, id: string): boolean {
    if (!this.#items.delete(id)) return false
    if (this.#items.size < ITEMS_MAX / 2) this.#more = false
    this.#writes.put(HASHES.items(node), id, null)
    return true
  }

  /**
   * Compares with the queue folder.
   *
   * @returns items that have gone without a word, and all that have a file
   */
  async compare(
    node: string,
    hashes: SharedHashes,
    queueFolder: string,
  ): Promise<{ readonly gone: readonly string[]; readonly present: ReadonlyMap<string, string> }> {
    // In this order: what is told was a file before.
    const told = await hashes.read(HASHES.items(node))
    const names = await readdir(queueFolder)
    const files = await inPieces(filesById(names))
    return { gone: await inPieces(this.#comparing(node, told, files)), present: files }
  }

  *#comparing(
    node: string,
    told: ReadonlyMap<string, string>,
    files: ReadonlyMap<string, string>,
  ): InPieces<string[]> {
    const missing = new Set<string>()
    const gone: string[] = []
    let looked = 0
    for (const id of new Set([...told.keys(), ...this.#items.keys()])) {
      if (++looked % PIECE === 0) yield
      const file = files.get(id)
      const known = this.#items.get(id)
      if (file === undefined) {
        if (this.#missing.has(id)) {
          gone.push(id)
          this.#items.delete(id)
          this.#writes.put(HASHES.items(node), id, null)
        } else missing.add(id)
      } else if (known) {
        known.file = file
        if (!told.has(id)) this.#tell(node, known.record)
      } else if (isOurs(file)) this.#adopt(node, id, file, told.get(id) ?? '')
    }
    this.#missing = missing
    return gone
  }

  /** What the store says of an item of this process that waited before it started. */
  #adopt(node: string, id: string, file: string, json: string): void {
    const record = parseRecord(json)
    if (record?.id !== id) this.#writes.put(HASHES.items(node), id, null)
    else if (this.#items.size < ITEMS_MAX)
      this.#items.set(id, { record, awaits: awaitedBy(record), file, item: null })
  }

  #tell(node: string, record: WaitingRecord): void {
    this.#writes.put(HASHES.items(node), record.id, JSON.stringify(record))
  }
}

function isSetHere(name: string): boolean {
  return name === 'trust-unusable' || name === 'gateway-misconfigured' || name === 'gateway-unavailable'
}

/** Names in the queue folder, by the item. */
function* filesById(names: readonly string[]): InPieces<Map<string, string>> {
  const files = new Map<string, string>()
  for (const [index, name] of names.entries()) {
    if (index % PIECE === PIECE - 1) yield
    const id = itemIdOf(name)
    if (id !== null) files.set(id, name)
  }
  return files
}

/** Of Haraka's workers each has the files with its own number; without workers all are of the one process. */
export function isOurs(file: string): boolean {
  return !cluster.isWorker || file.split('_')[3] === String(process.pid)
}
