/**
 * The items of one process that were in the queue when it started, and that it has neither tried since nor has a record
 * of: whether they wait for TLS is not known before they are tried. Cheap: nothing is read but names of files.
 */
import { readdir } from 'node:fs/promises'
import type { JSONSchemaType } from 'ajv'
import { itemIdOf } from '../delivery/queue-name.js'
import { parsedAs } from '../rules/json.js'
import { jsonShape } from '../work/json-shape.js'
import type { InPieces } from '../work/pieces.js'
import { inPieces } from '../work/turns.js'
import { DOWN_AFTER } from './node-heartbeat.js'
import { isOurs } from './waiting-items.js'

/** Between two comparisons, in milliseconds. */
const COMPARE_PAUSE = 30_000
/** So many names are looked at between two yields. */
const PIECE = 200

/** What one process tells of them. */
export interface UntriedCount {
  readonly count: number
  /** When, in ISO 8601 and UTC. */
  readonly at: string
}

const SCHEMA: JSONSchemaType<UntriedCount> = {
  type: 'object',
  properties: { count: { type: 'integer', minimum: 0 }, at: { type: 'string', maxLength: 40 } },
  required: ['count', 'at'],
}
const isCount = jsonShape(SCHEMA)

/** The untried items of one process. */
export class UntriedItems {
  readonly #startedAt = Date.now()
  /** Until the first comparison: those of before the start that were tried. */
  readonly #tried = new Set<string>()
  #ids: Set<string> | null = null
  #comparedAt = -Infinity

  /** How many there are; `null` before the first comparison. */
  get count(): number | null {
    return this.#ids?.size ?? null
  }

  /** An item is tried. Total. */
  tried(filename: string): void {
    if (this.#ids?.size === 0) return
    const id = itemIdOf(filename)
    if (id === null) return
    if (this.#ids) this.#ids.delete(id)
    else if (this.#isOfBefore(filename)) this.#tried.add(id)
  }

  /** Compares with the queue folder. Rejects where that cannot be read. @param isKnown whether an item has a record */
  async compare(queueFolder: string, isKnown: (id: string) => boolean): Promise<void> {
    if (this.#ids?.size === 0 || performance.now() - this.#comparedAt < COMPARE_PAUSE) return
    const names = await readdir(queueFolder)
    const before = this.#ids
    const found = await inPieces(this.#ofBefore(names, isKnown))
    // What was tried meanwhile is not there any more.
    this.#ids = new Set([...found].filter((id) => (before ? before.has(id) : !this.#tried.has(id))))
    this.#tried.clear()
    this.#comparedAt = performance.now()
  }

  *#ofBefore(names: readonly string[], isKnown: (id: string) => boolean): InPieces<Set<string>> {
    const found = new Set<string>()
    for (const [index, name] of names.entries()) {
      if (index % PIECE === PIECE - 1) yield
      const id = itemIdOf(name)
      if (id !== null && this.#isOfBefore(name) && isOurs(name) && !isKnown(id)) found.add(id)
    }
    return found
  }

  #isOfBefore(filename: string): boolean {
    return Number(filename.split('_')[0]) < this.#startedAt
  }
}

/** How many there are in all processes of a node, as they told it last. @param seen when the node was */
export function untriedOf(told: Iterable<string>, seen: string): number {
  let sum = 0
  for (const json of told) {
    const found = parseUntried(json)
    // What a process that is gone has told is not so any more.
    if (found && Math.abs(Date.parse(seen) - Date.parse(found.at)) <= DOWN_AFTER) sum += found.count
  }
  return sum
}

/** A count out of the store; `null` for what is none. */
export function parseUntried(json: string): UntriedCount | null {
  return parsedAs(json, isCount)
}
