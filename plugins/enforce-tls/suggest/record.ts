/**
 * What was observed of the mail of one sending domain to one partner: for each level, how many deliveries in a row have
 * fulfilled it, and how many have not; no address and nothing of a message. Pure. Several processes put together what
 * each of them has seen, in any order; where that is unclear, less counts as fulfilled. It is written into the store, so
 * it is bounded, and what is no record reads as `null`.
 */
import type { JSONSchemaType } from 'ajv'
import { parsedAs } from '../rules/json.js'
import { oneLine } from '../text/one-line.js'
import { jsonShape } from '../work/json-shape.js'
import type { InPieces } from '../work/pieces.js'

/** The levels that may be suggested, weakest first: floors that a renewed certificate or key does not break. */
export const SUGGESTED_LEVELS = ['encrypt', 'verify', 'secure', 'published'] as const

export type SuggestedLevel = (typeof SUGGESTED_LEVELS)[number]

/** What one delivery came to at one level; `unknown` where that could not be seen. */
export type LevelSeen = { readonly is: 'held' | 'unknown' } | { readonly is: 'missed'; readonly why: string }

/** What was seen at one level; times in milliseconds since the epoch, 0 for never. */
export interface LevelRecord {
  /** How many deliveries were judged. */
  readonly judged: number
  /** How many of them would have bounced or waited. */
  readonly missed: number
  /** When that was last, and why: the end of a sentence about the server. */
  readonly missedAt: number
  readonly why: string
  /** How many in a row have fulfilled it since, and when the first and the last of them did. */
  readonly held: number
  readonly since: number
  readonly last: number
}

/** The last server that took mail, as it was found. Texts of unknown content. */
export interface ServerSeen {
  readonly at: number
  readonly host: string
  /** The TLS version; empty for none. */
  readonly protocol: string
  /** What its certificate names; empty for none, or where it was not seen. */
  readonly names: string
  /** Whether a trusted authority vouches for it, and it names the host. */
  readonly valid: boolean
}

/** Mail that came in from the partner's domain, or from somebody who used its name. */
export interface IncomingSeen {
  readonly overTls: number
  readonly inTheClear: number
  readonly last: number
}

export interface PairRecord {
  readonly first: number
  /** The last delivery. */
  readonly last: number
  readonly deliveries: number
  /** How often the server was asked, where deliveries did not say enough. */
  readonly checks: number
  readonly levels: { readonly [L in SuggestedLevel]: LevelRecord }
  /** `null` where nothing was seen of a server. */
  readonly server: ServerSeen | null
  /** What the partner was last found to publish: `DANE`, `MTA-STS`, both, or empty for nothing or unknown. */
  readonly publishes: string
  /** `null` for none. */
  readonly incoming: IncomingSeen | null
  /** Who said that no rule is wanted, at this level or a weaker one; `null` for nobody. */
  readonly dismissed: { readonly by: string; readonly at: number; readonly level: SuggestedLevel } | null
}

const [NAME_MAX, WHY_MAX] = [255, 200]
/** Long enough for any record. */
const RECORD_MAX = 4000

const NO_LEVEL: LevelRecord = { judged: 0, missed: 0, missedAt: 0, why: '', held: 0, since: 0, last: 0 }

/** Of a pair that nothing was seen of. */
export const NOTHING_SEEN: PairRecord = {
  first: 0,
  last: 0,
  deliveries: 0,
  checks: 0,
  levels: { encrypt: NO_LEVEL, verify: NO_LEVEL, secure: NO_LEVEL, published: NO_LEVEL },
  server: null,
  publishes: '',
  incoming: null,
  dismissed: null,
}

/** A delivery as it was seen. */
export interface DeliverySeen {
  readonly at: number
  readonly levels: Readonly<Partial<Record<Exclude<SuggestedLevel, 'published'>, LevelSeen>>>
  readonly server: Omit<ServerSeen, 'at'> | null
}

/** The record of one delivery. */
export function ofDelivery({ at, levels, server }: DeliverySeen): PairRecord {
  return {
    ...NOTHING_SEEN,
    first: at,
    last: at,
    deliveries: 1,
    levels: {
      encrypt: levelOf(levels.encrypt, at),
      verify: levelOf(levels.verify, at),
      secure: levelOf(levels.secure, at),
      published: NO_LEVEL,
    },
    server: server && {
      ...server,
      at,
      host: oneLine(server.host, NAME_MAX),
      names: oneLine(server.names, NAME_MAX),
    },
  }
}

/** The record of a check, for a delivery that is counted already. */
export function ofCheck(seen: DeliverySeen & { readonly published: LevelSeen }): PairRecord {
  const { levels, ...record } = ofDelivery(seen)
  return {
    ...record,
    deliveries: 0,
    checks: 1,
    levels: { ...levels, published: levelOf(seen.published, seen.at) },
  }
}

/** The record of a look-up of what the partner publishes, for a delivery that is counted already. */
export function ofLookUp({
  at,
  seen,
  publishes,
}: {
  readonly at: number
  readonly seen: LevelSeen
  readonly publishes: string
}): PairRecord {
  return {
    ...NOTHING_SEEN,
    first: at,
    last: at,
    levels: { ...NOTHING_SEEN.levels, published: levelOf(seen, at) },
    publishes,
  }
}

/** The record of one message that came in. */
export function ofIncoming(overTls: boolean, at: number): PairRecord {
  const incoming = { overTls: overTls ? 1 : 0, inTheClear: overTls ? 0 : 1, last: at }
  return { ...NOTHING_SEEN, incoming }
}

function levelOf(seen: LevelSeen | undefined, at: number): LevelRecord {
  switch (seen?.is) {
    case 'held':
      return { ...NO_LEVEL, judged: 1, held: 1, since: at, last: at }
    case 'missed':
      return { ...NO_LEVEL, judged: 1, missed: 1, missedAt: at, why: oneLine(seen.why, WHY_MAX) }
    default:
      return NO_LEVEL
  }
}

/** Two records of one pair as one. */
export function together(a: PairRecord, b: PairRecord): PairRecord {
  const [older, newer] = a.last <= b.last ? [a, b] : [b, a]
  const level = (name: SuggestedLevel): LevelRecord => levelTogether(a.levels[name], b.levels[name])
  const looked = newer.levels.published.judged > 0 ? newer : older
  return {
    first: Math.min(a.first || Infinity, b.first || Infinity, newer.last),
    last: newer.last,
    deliveries: a.deliveries + b.deliveries,
    checks: a.checks + b.checks,
    levels: {
      encrypt: level('encrypt'),
      verify: level('verify'),
      secure: level('secure'),
      published: level('published'),
    },
    server: newer.server ?? older.server,
    publishes: looked.publishes,
    incoming: incomingTogether(a.incoming, b.incoming),
    dismissed: laterDismissal(a.dismissed, b.dismissed),
  }
}

function levelTogether(a: LevelRecord, b: LevelRecord): LevelRecord {
  const [older, newer] = a.missedAt <= b.missedAt ? [a, b] : [b, a]
  const { missedAt, why } = newer
  const [ofOlder, ofNewer] = [heldAfter(older, missedAt), newer]
  const sinces = [ofOlder.since, ofNewer.since].filter((since) => since > 0)
  return {
    judged: a.judged + b.judged,
    missed: a.missed + b.missed,
    missedAt,
    why,
    held: ofOlder.held + ofNewer.held,
    since: sinces.length > 0 ? Math.min(...sinces) : 0,
    last: Math.max(ofOlder.last, ofNewer.last),
  }
}

/** What is left of a row that a failure came into the middle of: how many came after it is unknown, but for the last. */
function heldAfter(level: LevelRecord, missedAt: number): Pick<LevelRecord, 'held' | 'since' | 'last'> {
  if (level.held === 0 || level.since > missedAt) return level
  return level.last > missedAt ? { held: 1, since: level.last, last: level.last } : NO_LEVEL
}

function incomingTogether(a: IncomingSeen | null, b: IncomingSeen | null): IncomingSeen | null {
  if (!a || !b) return a ?? b
  return {
    overTls: a.overTls + b.overTls,
    inTheClear: a.inTheClear + b.inTheClear,
    last: Math.max(a.last, b.last),
  }
}

function laterDismissal(a: PairRecord['dismissed'], b: PairRecord['dismissed']): PairRecord['dismissed'] {
  if (!a || !b) return a ?? b
  return a.at <= b.at ? b : a
}

const text = { type: 'string', maxLength: 1000 } as const
const number = { type: 'number', minimum: 0 } as const
const level = {
  type: 'object',
  properties: {
    judged: number,
    missed: number,
    missedAt: number,
    why: text,
    held: number,
    since: number,
    last: number,
  },
  required: ['judged', 'missed', 'missedAt', 'why', 'held', 'since', 'last'],
} as const
const SCHEMA = {
  type: 'object',
  properties: {
    first: number,
    last: number,
    deliveries: number,
    checks: number,
    levels: {
      type: 'object',
      properties: { encrypt: level, verify: level, secure: level, published: level },
      required: [...SUGGESTED_LEVELS],
    },
    server: {
      type: 'object',
      nullable: true,
      properties: { at: number, host: text, protocol: text, names: text, valid: { type: 'boolean' } },
      required: ['at', 'host', 'protocol', 'names', 'valid'],
    },
    publishes: text,
    incoming: {
      type: 'object',
      nullable: true,
      properties: { overTls: number, inTheClear: number, last: number },
      required: ['overTls', 'inTheClear', 'last'],
    },
    dismissed: {
      type: 'object',
      nullable: true,
      properties: { by: text, at: number, level: { type: 'string', enum: [...SUGGESTED_LEVELS] } },
      required: ['by', 'at', 'level'],
    },
  },
  required: [
    'first',
    'last',
    'deliveries',
    'checks',
    'levels',
    'server',
    'publishes',
    'incoming',
    'dismissed',
  ],
} as unknown as JSONSchemaType<PairRecord>
const isRecord = jsonShape(SCHEMA)

/** The record in a text out of a store. */
export function parsePair(json: string | undefined): PairRecord | null {
  return json === undefined || json.length > RECORD_MAX ? null : parsedAs(json, isRecord)
}

/** So many records are read between two yields. */
const PIECE = 50

/** All records of pairs in a store, by name, in pieces; `null` for what is none. */
export function* parsePairs(
  texts: ReadonlyMap<string, string>,
): InPieces<ReadonlyMap<string, PairRecord | null>> {
  const records = new Map<string, PairRecord | null>()
  for (const [name, text] of texts) {
    if (pairOf(name) !== null) records.set(name, parsePair(text))
    if (records.size % PIECE === 0) yield
  }
  return records
}

/** Whose mail to whom: both are domains, as rules compare them. */
export interface Pair {
  readonly owner: string
  readonly partner: string
}

/** The name of a pair's record. */
export function nameOf({ owner, partner }: Pair): string {
  return `${owner} ${partner}`
}

/** The pair with a record of that name; `null` for another kind of record. */
export function pairOf(name: string): Pair | null {
  const [owner = '', partner = ''] = name.split(' ')
  return owner === '' || partner === '' ? null : { owner, partner }
}
