/** A node that tells what waits on it: its name, and when it was last seen. What is no such text reads as `null`. Pure. */
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { hostname } from 'node:os'
import type { JSONSchemaType } from 'ajv'
import { parsedAs } from '../rules/json.js'
import { jsonShape } from '../work/json-shape.js'

/** Between two signs of life, in milliseconds. */
export const BEAT_PAUSE = 15_000
/** Who has not been seen for so long is down, in milliseconds. */
export const DOWN_AFTER = 60_000

/** A node's sign of life. */
export interface Heartbeat {
  /** The name of its Haraka. */
  readonly name: string
  /** When, in ISO 8601 and UTC, by its own clock. */
  readonly at: string
  /** Whether more waits there than it tells. */
  readonly more: boolean
  /** Since when its delivery log is switched off, in ISO 8601; absent while it is on. */
  readonly logOff?: string
}

const SCHEMA: JSONSchemaType<Heartbeat> = {
  type: 'object',
  properties: {
    name: { type: 'string', maxLength: 300 },
    at: { type: 'string', maxLength: 40 },
    more: { type: 'boolean' },
    logOff: { type: 'string', maxLength: 40, nullable: true },
  },
  required: ['name', 'at', 'more'],
}
const isHeartbeat = jsonShape(SCHEMA)

/** A heartbeat out of the store. */
export function parseHeartbeat(json: string): Heartbeat | null {
  const value = parsedAs(json, isHeartbeat)
  return value && !Number.isNaN(Date.parse(value.at)) ? value : null
}

/**
 * What names the node for as long as its queue folder is there and the machine keeps its name: the same in all of its
 * processes and after a restart.
 *
 * @throws where there is no such folder
 */
export function nodeOf(queueFolder: string): string {
  const { ino } = statSync(queueFolder)
  return createHash('sha256')
    .update(JSON.stringify([hostname(), queueFolder, ino]))
    .digest('hex')
    .slice(0, 16)
}
