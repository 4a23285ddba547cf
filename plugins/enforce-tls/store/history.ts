/**
 * The history of changes: who changed which entry, when, from what to what. Pure; a line that is none of ours
 * is passed over, since a damaged history must not keep anybody from reading the rest.
 */
import type { EntryPlace } from '../rules/owner-entries.js'
import { isChange, type EntryChange } from './entry-change.js'

/** One change of one entry. */
export interface HistoryEntry extends EntryPlace {
  /** When, in ISO 8601 and UTC. */
  readonly at: string
  readonly by: string
  /** The entry before and after, as JSON texts; `null` is "no such entry". */
  readonly from: string | null
  readonly to: string | null
}

/** Which part of the history is asked for. */
export interface HistoryQuery {
  /** Only changes of this owner's rules and of the service of this domain; groups belong to `*`. @default all */
  readonly owner?: string | undefined
  /** Only entries that this answers with true. @default all */
  readonly accepts?: ((place: EntryPlace) => boolean) | undefined
  /** The most entries. */
  readonly limit: number
}

const KEYS: readonly EntryPlace['key'][] = ['rules', 'domains', 'groups']

/** What changes become in the history; those that make no difference are none. */
export function recordsOf(changes: readonly EntryChange[], by: string, at: Date): HistoryEntry[] {
  return changes.filter(isChange).map(({ key, owner, field, expected, value }) => ({
    at: at.toISOString(),
    by,
    key,
    owner,
    field,
    from: expected,
    to: value,
  }))
}

/** Whether an entry is asked for. */
export function isAskedFor(place: EntryPlace, { owner: asked, accepts }: HistoryQuery): boolean {
  return (asked === undefined || place.owner === asked) && (accepts === undefined || accepts(place))
}

/** An entry out of a store, or `null` for what is none. */
export function toHistoryEntry(fields: Readonly<Record<string, unknown>>): HistoryEntry | null {
  const { at, by, key, owner, field, from = null, to = null } = fields
  if (typeof at !== 'string' || typeof by !== 'string' || typeof owner !== 'string') return null
  if (typeof field !== 'string' || !isText(from) || !isText(to)) return null
  const known = KEYS.find((name) => name === key)
  return known === undefined || Number.isNaN(Date.parse(at))
    ? null
    : { at, by, key: known, owner, field, from, to }
}

/** An entry out of a line of a history file. */
export function parseHistoryLine(line: string): HistoryEntry | null {
  try {
    const value = JSON.parse(line) as unknown
    return typeof value === 'object' && value !== null
      ? toHistoryEntry(value as Readonly<Record<string, unknown>>)
      : null
  } catch {
    return null
  }
}

function isText(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}
