/**
 * The marker of a store: what distinguishes it from any other, and from itself before it lost its rules. It lies beside the
 * rules and vanishes with them. Pure; a text that is no marker gives its problem in words.
 */
import { parseJson } from '../rules/json.js'
import { createHash, randomBytes } from 'node:crypto'

/** A marker; it is kept as JSON, and fields of later versions stay as they are. */
export interface StoreMarker {
  /** The name of the store. */
  readonly id: string
  /** When it was made, as an ISO time. */
  readonly made: string
  /** Who made it, where that is known. */
  readonly by?: string
  /** Made on purpose by `enforce-tls init`, and not beside a change of rules. */
  readonly init?: true
  /** The store had rules before it had a marker. */
  readonly held?: true
  /** Names of other stores that this one stands in for. */
  readonly accepts?: readonly string[]
}

const NAME = /^[\w-]{1,64}$/
const EXPECTED = '{ "id": "…", "made": "2026-01-31T12:00:00.000Z" }'

/** Whether a text can be the name of a store. */
export function isStoreName(text: string): boolean {
  return NAME.test(text)
}

/** A marker that no other store has. */
export function newMarker(more: Pick<StoreMarker, 'by' | 'init' | 'held'> = {}): StoreMarker {
  return { id: randomBytes(8).toString('hex'), made: new Date().toISOString(), ...more }
}

/** A marker with one more store that it stands in for. */
export function accepting(marker: StoreMarker, name: string): StoreMarker {
  return { ...marker, accepts: [...new Set([...(marker.accepts ?? []), name])] }
}

/** What a store is called that was seen before it had a marker: the same for every Haraka that is set up alike. */
export function unmarkedName(place: string): string {
  return `unmarked-${createHash('sha256').update(place).digest('hex').slice(0, 12)}`
}

/** Reads a marker. */
export function parseMarker(json: string): StoreMarker | { readonly problem: string } {
  let value: unknown
  try {
    value = parseJson(json)
  } catch {
    return { problem: `is not JSON; expected: ${EXPECTED}` }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { problem: `is not an object; expected: ${EXPECTED}` }
  const { id, made, accepts = [] } = value as Readonly<Record<string, unknown>>
  if (typeof id !== 'string' || !isStoreName(id))
    return { problem: 'field id: 1 to 64 letters, digits, "-" and "_" are expected' }
  if (typeof made !== 'string' || Number.isNaN(Date.parse(made)))
    return { problem: 'field made: a time such as 2026-01-31T12:00:00.000Z is expected' }
  if (!Array.isArray(accepts) || !accepts.every((name) => typeof name === 'string'))
    return { problem: 'field accepts: a list of ids is expected' }
  return value as StoreMarker
}
