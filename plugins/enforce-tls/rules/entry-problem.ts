/**
 * What is wrong with an entry, and what that means for mail. A broken entry never weakens security: what it says
 * readably of itself counts, else its last valid version does, else the mail that it might cover waits. Pure.
 */
import type { Direction } from './rule.js'

/** A part of a store that can't be read, because something else stands there. */
export class Unreadable {
  /** @param problem a whole sentence that names the place */
  constructor(readonly problem: string) {}
}

/** What holds in the place of a broken entry. */
export type Effect =
  /** Its last valid version stays in force. */
  | 'last-valid'
  /** It says that it is off. */
  | 'off'
  /** It says that it only reports. */
  | 'reports'
  /** There is nothing to go by: mail that it might cover waits. */
  | 'waits'
  /** There is nothing to go by either, but the owner's service is off. */
  | 'sleeps'

/** A broken entry. */
export interface EntryProblem {
  /** `null` where the problem is a whole sentence that names the place. */
  readonly place: EntryPlace | null
  readonly problem: string
  readonly effect: Effect
  /** Which mail it is about; `null`: both directions, or that can't be read. */
  readonly direction: Direction | null
}

/** Something in the store that does not validate. */
export class InvalidEntry extends Error {
  readonly code = 'INVALID_ENTRY'
  /** As in `EntryProblem`. */
  readonly place: EntryPlace | null
  readonly problem: string

  constructor({ place, problem }: Pick<EntryProblem, 'place' | 'problem'>) {
    super(place ? `${place.key} of ${place.owner}, ${JSON.stringify(place.field)}: ${problem}` : problem)
    this.name = 'InvalidEntry'
    this.place = place
    this.problem = problem
  }
}

/** What an entry says of itself as far as that can be read, whatever else is wrong with it. */
export interface Said {
  readonly enabled?: boolean
  readonly mode?: 'enforce' | 'report'
  readonly direction?: Direction
}

/** What holds in the place of an entry that has no last valid version. */
export function effectOfBroken({ enabled, mode }: Said): Effect {
  if (enabled === false) return 'off'
  return mode === 'report' ? 'reports' : 'waits'
}

/** The longest text that is looked through. */
const TEXT_MAX = 1_000_000

/**
 * Reads what can be read of a broken entry. In a text that is not JSON a field counts where it stands as it would in
 * JSON, at the top level, and says the same wherever it stands there.
 */
export function saidBy(json: string): Said {
  if (json.length > TEXT_MAX) return {}
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return said((field) => fieldOf(json, field))
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
  const fields = value as Readonly<Record<string, unknown>>
  // A whole object that has no mode enforces.
  return said((field) => (Object.hasOwn(fields, field) ? fields[field] : DEFAULTS[field]))
}

const DEFAULTS: Readonly<Record<string, unknown>> = { mode: 'enforce' }

function said(valueOf: (field: string) => unknown): Said {
  const [enabled, mode, direction] = ['enabled', 'mode', 'direction'].map(valueOf)
  return {
    ...(typeof enabled === 'boolean' ? { enabled } : {}),
    ...(mode === 'enforce' || mode === 'report' ? { mode } : {}),
    ...(direction === 'outgoing' || direction === 'incoming' ? { direction } : {}),
  }
}

function fieldOf(text: string, field: string): unknown {
  const found = [...text.matchAll(new RegExp(`"${field}"\\s*:\\s*("\\w*"|\\w*)`, 'g'))]
  const values = new Set(found.map(([, value]) => value ?? ''))
  const [value = ''] = values
  if (values.size !== 1 || !/^(?:true|false|"\w*")$/.test(value)) return undefined
  const starts = found.map(({ index }) => index)
  return isSaidAtTop(text, starts) ? JSON.parse(value) : undefined
}

/**
 * Whether one of these places is at the top level of an entry: within a criterion or a list, or behind the end of the
 * entry, the same words say nothing of it. A quote that is not closed turns strings inside out, so that brackets are
 * counted both ways, and where they can be told apart both must agree.
 *
 * @param starts in their order
 */
function isSaidAtTop(text: string, starts: readonly number[]): boolean {
  let [all, outside, inString, next] = [0, 0, false, 0]
  for (let at = text.search(/\S/); at >= 0 && at < text.length && next < starts.length; at++) {
    const char = text[at]
    if (at === starts[next]) {
      if (all === 1 && (inString || outside === 1)) return true
      next++
    }
    if (char === '"') inString = !inString
    else if (char === '\\') at++
    else if (char === '{' || char === '[') {
      if (all === 0 && char === '[') return false
      all++
      if (!inString) outside++
    } else if (char === '}' || char === ']') {
      all--
      if (!inString) outside--
      if (all <= 0 || outside <= 0) return false
    } else if (all === 0) return false
  }
  return false
}

/** Where an entry is kept. */
export interface EntryPlace {
  readonly key: 'rules' | 'domains' | 'groups'
  /** Of a group: `*`, whose it is like all groups. */
  readonly owner: string
  readonly field: string
}
