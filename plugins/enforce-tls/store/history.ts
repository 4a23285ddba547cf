/**
 * The history of changes: who changed which entry, when, from what to what. A line that is none of ours is passed
 * over, since a damaged history must not keep anybody from reading the rest.
 */
import { randomBytes } from 'node:crypto'
import { comparingTexts } from './difference.js'
import type { EntryPlace } from '../rules/entry-problem.js'
import { parseJson } from '../rules/json.js'
import type { InPieces } from '../work/pieces.js'
import { isChange } from './entry-change.js'

/** What a line of the history is about: an entry of the store, a released message, or an account of the console. */
export interface HistoryPlace extends Omit<EntryPlace, 'key'> {
  readonly key: EntryPlace['key'] | EventKey
}

/** What changes no entry, and so cannot be taken back from here. */
export type EventKey = 'releases' | 'users' | 'tokens'

/** A change as it is recorded. */
export interface HistoryChange extends HistoryPlace {
  readonly expected: string | null
  readonly value: string | null
}

/** A message that was released. */
export interface ReleaseRecord {
  /** Whose rule it goes without. */
  readonly owner: string
  /** Names the message. */
  readonly field: string
  /** What is recorded of it, as JSON. */
  readonly value: string
}

/** A change of an account, which is recorded beside the accounts: a history without rules would tell of lost ones. */
export interface AccountChange extends HistoryChange {
  readonly key: 'users' | 'tokens'
}

/** One change of one entry, or an event. */
export interface HistoryEntry extends HistoryPlace {
  /** When, in ISO 8601 and UTC. */
  readonly at: string
  readonly by: string
  /** The entry before and after, as JSON texts; `null` is "no such entry", or that the texts are left out. */
  readonly from: string | null
  readonly to: string | null
  /** In place of texts that are too long to be kept: what differs, in short lines. */
  readonly leftOut: readonly string[] | null
  /** The write that this was part of; `null` where it was recorded by version 0.1.0, which did not say. */
  readonly step: HistoryStep | null
}

/** A write of one or more entries, all in one step. */
export interface HistoryStep {
  readonly id: string
  /** How many entries it changed; the history may have forgotten some of them. */
  readonly entries: number
}

/** The longest texts of one entry that the history keeps, before and after together, in characters. */
const TEXTS_MAX = 4 * 1024 * 1024
/** The longest texts of one step that the history keeps, in characters. */
const STEP_TEXTS_MAX = 32 * 1024 * 1024

/** Since when a history goes back, and what is dropped from it; nothing for an empty one. */
export function historyFacts(
  begins: string | null,
  most: { readonly entries: number; readonly megabytes: number },
): Readonly<Record<string, string>> {
  if (begins === null) return {}
  const { entries, megabytes } = most
  return { history: `since ${begins}; beyond ${entries} changes or ${megabytes} MB the oldest are dropped` }
}

/** Which part of the history is asked for. */
export interface HistoryQuery {
  /** Only changes of this owner's rules and of the service of this domain; groups belong to `*`. @default all */
  readonly owner?: string | undefined
  /** Only entries that this answers with true. @default all */
  readonly accepts?: ((place: HistoryPlace) => boolean) | undefined
  /** The most entries. */
  readonly limit: number
}

/** So many changes are looked at between two yields. */
const PIECE = 500

const KEYS: readonly HistoryPlace['key'][] = ['rules', 'domains', 'groups', 'releases', 'users', 'tokens']

/** A change as the history keeps it. */
export interface RecordedChange<T extends HistoryChange = HistoryChange> {
  readonly change: T
  /** As in `HistoryEntry`. */
  readonly leftOut: readonly string[] | null
}

/** What the history keeps of changes, in pieces; those that make no difference are none. */
export function* recording<T extends HistoryChange>(changes: readonly T[]): InPieces<RecordedChange<T>[]> {
  const recorded: RecordedChange<T>[] = []
  let kept = 0
  for (const change of changes) {
    if (!isChange(change)) continue
    const { expected, value } = change
    const length = (expected?.length ?? 0) + (value?.length ?? 0)
    const tooLong = length > TEXTS_MAX || kept + length > STEP_TEXTS_MAX
    if (!tooLong) kept += length
    recorded.push({ change, leftOut: tooLong ? yield* comparingTexts(expected, value) : null })
    if (tooLong || recorded.length % PIECE === 0) yield
  }
  return recorded
}

/** A name for a write, which no other has: a time does not distinguish two of them. */
export function newStepId(): string {
  return randomBytes(9).toString('base64url')
}

/** Whether an entry is asked for. */
export function isAskedFor(
  place: HistoryPlace,
  { owner: asked, accepts }: Pick<HistoryQuery, 'owner' | 'accepts'>,
): boolean {
  return (asked === undefined || place.owner === asked) && (accepts === undefined || accepts(place))
}

/** An entry out of a store, or `null` for what is none. */
export function toHistoryEntry(fields: Readonly<Record<string, unknown>>): HistoryEntry | null {
  const { at, by, key, owner, field, from = null, to = null } = fields
  const leftOut = linesOf(fields['leftOut'])
  if (typeof at !== 'string' || typeof by !== 'string' || typeof owner !== 'string') return null
  if (typeof field !== 'string' || !isText(from) || !isText(to)) return null
  const known = KEYS.find((name) => name === key)
  return known === undefined || Number.isNaN(Date.parse(at))
    ? null
    : { at, by, key: known, owner, field, from, to, leftOut, step: stepOf(fields) }
}

/** An entry out of a line of a history file. */
export function parseHistoryLine(line: string): HistoryEntry | null {
  try {
    const value = parseJson(line)
    return typeof value === 'object' && value !== null
      ? toHistoryEntry(value as Readonly<Record<string, unknown>>)
      : null
  } catch {
    return null
  }
}

/** A list, or in a stream its JSON. */
function linesOf(value: unknown): readonly string[] | null {
  if (typeof value === 'string') {
    try {
      return linesOf(parseJson(value))
    } catch {
      return null
    }
  }
  return Array.isArray(value) ? value.filter((line) => typeof line === 'string') : null
}

function stepOf({ step, entries }: Readonly<Record<string, unknown>>): HistoryStep | null {
  const count = Number(entries)
  return typeof step === 'string' && Number.isInteger(count) && count > 0
    ? { id: step, entries: count }
    : null
}

function isText(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}
