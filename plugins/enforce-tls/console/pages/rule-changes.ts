/** What differs between two versions of a rule, and one person's change put onto another's. Pure. */

import { plain } from './plain.js'
import { texts } from './texts.js'

/** One field: its path and what it holds; `undefined` where it is not there. */
export interface Change {
  readonly path: string
  readonly before: unknown
  readonly after: unknown
}

/** The fields that differ; lists are compared as a whole, objects field by field. */
export function changes(before: unknown, after: unknown, path: readonly string[] = []): Change[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  if (!isObject(before) || !isObject(after)) return [{ path: path.join('.'), before, after }]
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap((name) => changes(before[name], after[name], [...path, name]))
}

/** `onto`, with what was changed from `before` to `mine`. */
export function applied<T>(before: T, mine: T, onto: T): T {
  if (JSON.stringify(before) === JSON.stringify(mine)) return onto
  if (isTexts(before) && isTexts(mine) && isTexts(onto)) return mergedLists(before, mine, onto) as T
  if (!isObject(before) || !isObject(mine) || !isObject(onto)) return mine
  const result: Record<string, unknown> = { ...onto }
  for (const name of new Set([...Object.keys(before), ...Object.keys(mine)])) {
    const value = applied(before[name], mine[name], onto[name])
    if (value === undefined) Reflect.deleteProperty(result, name)
    else result[name] = value
  }
  return result as T
}

/** A list with what was added to and removed from another version of it. */
export function mergedLists(
  before: readonly string[],
  mine: readonly string[],
  onto: readonly string[],
): string[] {
  const removed = new Set(before.filter((value) => !mine.includes(value)))
  const others = onto.filter((value) => !removed.has(value))
  return [...others, ...mine.filter((value) => !before.includes(value) && !others.includes(value))]
}

/** A change as one line: what was added and removed of a list, or both values. */
export function formatChange({ before, after }: Change, none: string): string {
  if (isTexts(before) && isTexts(after)) {
    const added = after.filter((value) => !before.includes(value)).map((value) => `+ ${value}`)
    const removed = before.filter((value) => !after.includes(value)).map((value) => `− ${value}`)
    return plain(shortened([...added, ...removed]).join(', '))
  }
  return `${shown(before, none)} → ${shown(after, none)}`
}

/** How many entries of a list are shown. */
const SHOWN = 20

function shortened(entries: readonly string[]): readonly string[] {
  return entries.length > SHOWN
    ? [...entries.slice(0, SHOWN), texts.rules.more(entries.length - SHOWN)]
    : entries
}

function shown(value: unknown, none: string): string {
  if (value === undefined || value === null) return none
  if (typeof value === 'string') return plain(value)
  return isTexts(value) ? value.join(', ') : JSON.stringify(value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
