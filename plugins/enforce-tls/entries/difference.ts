/** What differs between two entries, in short lines for a person. Pure. */
import { listed } from '../words.js'
import { isDeepStrictEqual } from 'node:util'
import { quote } from '../rules/owner.js'

/** How many values of a list are named. */
const VALUES_SHOWN = 4

/**
 * The differences between two JSON texts, field by field, such as `position: 1 → 2`.
 *
 * @param before `null` for an entry that was not there
 * @param after `null` for one that is gone
 */
export function textDifferences(before: string | null, after: string | null): string[] {
  if (before === null) return after === null ? [] : ['created']
  if (after === null) return ['deleted']
  return differences(parsed(before), parsed(after))
}

/** The differences between two values, field by field. */
export function differences(before: unknown, after: unknown, field = ''): string[] {
  if (isDeepStrictEqual(before, after)) return []
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return names.flatMap((name) =>
      differences(before[name], after[name], field === '' ? name : `${field}.${name}`),
    )
  }
  const label = field === '' ? '' : `${shortName(field)}: `
  if (isTexts(before) && isTexts(after)) return [label + listDifference(before, after)]
  return [`${label}${shown(before)} → ${shown(after)}`]
}

/** Whether two JSON texts mean the same, however they are written. */
export function sameMeaning(before: string, after: string): boolean {
  return isDeepStrictEqual(parsed(before), parsed(after))
}

/** Fields are named as a rule has them, without the parts that are the same for all. */
function shortName(field: string): string {
  return field.replace(/^criteria\./, '').replace(/^actions\.relayWithTls\./, '')
}

function listDifference(before: readonly string[], after: readonly string[]): string {
  const added = after.filter((value) => !before.includes(value))
  const removed = before.filter((value) => !after.includes(value))
  const parts = [
    ...(added.length > 0 ? [`added ${listed(added, VALUES_SHOWN)}`] : []),
    ...(removed.length > 0 ? [`removed ${listed(removed, VALUES_SHOWN)}`] : []),
  ]
  return parts.length > 0 ? parts.join('; ') : 'in another order'
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
    return JSON.parse(text)
  } catch {
    return text
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
