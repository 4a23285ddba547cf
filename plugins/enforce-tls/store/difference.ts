/** What differs between two entries, in short lines for a person. Pure. */
import { atOnce, type InPieces } from '../work/pieces.js'
import { listed } from '../text/list.js'
import { isDeepStrictEqual } from 'node:util'
import { isObject, parseJson } from '../rules/json.js'
import { quote } from '../text/quote.js'

/** How many values of a list are named. */
const VALUES_SHOWN = 4

/**
 * The differences between two JSON texts, field by field, such as `position: 1 → 2`.
 *
 * @param before `null` for an entry that was not there
 * @param after `null` for one that is gone
 */
export function textDifferences(before: string | null, after: string | null): string[] {
  return atOnce(comparingTexts(before, after))
}

/** `textDifferences`, in pieces: lists of a group may be long. */
export function* comparingTexts(before: string | null, after: string | null): InPieces<string[]> {
  if (before === null) return after === null ? [] : ['created']
  if (after === null) return ['deleted']
  const from = parsed(before)
  yield
  const to = parsed(after)
  yield
  return yield* comparing(from, to, '')
}

function* comparing(before: unknown, after: unknown, field: string): InPieces<string[]> {
  if (isDeepStrictEqual(before, after)) return []
  yield
  if (isObject(before) && isObject(after)) {
    const found: string[] = []
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
      found.push(...(yield* comparing(before[name], after[name], field === '' ? name : `${field}.${name}`)))
    return found
  }
  const label = field === '' ? '' : `${shortName(field)}: `
  if (isTexts(before) && isTexts(after)) return [label + (yield* comparingLists(before, after))]
  return [`${label}${shown(before)} → ${shown(after)}`]
}

/** Whether two JSON texts mean the same, however they are written. */
export function sameMeaning(before: string, after: string): boolean {
  return atOnce(comparingMeaning(before, after))
}

/** `sameMeaning`, in pieces. */
export function* comparingMeaning(before: string, after: string): InPieces<boolean> {
  if (before === after) return true
  const from = parsed(before)
  yield
  const to = parsed(after)
  yield
  return isDeepStrictEqual(from, to)
}

/** Fields are named as a rule has them, without the parts that are the same for all. */
function shortName(field: string): string {
  return field.replace(/^criteria\./, '').replace(/^actions\.relayWithTls\./, '')
}

function* comparingLists(before: readonly string[], after: readonly string[]): InPieces<string> {
  const added = yield* missingIn(before, after)
  const removed = yield* missingIn(after, before)
  const parts = [
    ...(added.length > 0 ? [`added ${listed(added, VALUES_SHOWN)}`] : []),
    ...(removed.length > 0 ? [`removed ${listed(removed, VALUES_SHOWN)}`] : []),
  ]
  return parts.length > 0 ? parts.join('; ') : 'in another order'
}

/** The values that a list does not have. */
function* missingIn(list: readonly string[], values: readonly string[]): InPieces<string[]> {
  const known = new Set(list)
  yield
  return values.filter((value) => !known.has(value))
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (isTexts(value)) return listed(value, VALUES_SHOWN)
  return typeof value === 'string' ? quote(value) : quote(JSON.stringify(value)).slice(1, -1)
}

/** What an entry says; the text itself where it is not JSON. */
export function valueOf(text: string | null): unknown {
  return text === null ? null : parsed(text)
}

function parsed(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return text
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
