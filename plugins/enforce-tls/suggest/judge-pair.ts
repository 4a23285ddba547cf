/**
 * Which rule what was observed of a pair speaks for: the strictest level that the last deliveries in a row have
 * fulfilled, of which there are enough, over a long enough time. Never the TLS version, key or certificate of today. Pure.
 */
import type { Settings } from '../settings/types.js'
import { SUGGESTED_LEVELS, type LevelRecord, type PairRecord, type SuggestedLevel } from './record.js'

/** How much is enough. */
export type Enough = Pick<Settings['suggest'], 'deliveries' | 'period' | 'forgetAfter'>

/** What is suggested. */
export interface SuggestedRule {
  readonly level: SuggestedLevel
  /** All levels that have been fulfilled as long, weakest first. */
  readonly heldLevels: readonly SuggestedLevel[]
  /** The next stricter level, where deliveries have missed it; `null` for none. */
  readonly missedLevel: SuggestedLevel | null
}

/** `null` where nothing is suggested: too little was seen, nothing was held, it was too long ago, or nobody wants it. */
export function suggestedRule(record: PairRecord, enough: Enough, now: number): SuggestedRule | null {
  if (isForgotten(record, enough, now)) return null
  const heldLevels = SUGGESTED_LEVELS.filter((level) => isHeld(record.levels[level], enough, now))
  const level = heldLevels.at(-1)
  // What is published is about the same sessions: without TLS there was nothing to fulfil it.
  if (level === undefined || !heldLevels.includes('encrypt') || isDismissed(record, level)) return null
  const stricter = SUGGESTED_LEVELS.slice(SUGGESTED_LEVELS.indexOf(level) + 1)
  // A partner that publishes nothing has missed nothing.
  const missedLevel = stricter.find((each) => each !== 'published' && record.levels[each].missed > 0) ?? null
  return { level, heldLevels, missedLevel }
}

/** Whether the last delivery was too long ago. */
export function isForgotten(
  { last }: PairRecord,
  { forgetAfter }: Pick<Enough, 'forgetAfter'>,
  now: number,
): boolean {
  return now - last > forgetAfter
}

function isHeld(
  { held, since, last }: LevelRecord,
  { deliveries, period, forgetAfter }: Enough,
  now: number,
): boolean {
  return held >= deliveries && last - since >= period && now - last <= forgetAfter
}

function isDismissed({ dismissed }: PairRecord, level: SuggestedLevel): boolean {
  return dismissed !== null && SUGGESTED_LEVELS.indexOf(dismissed.level) >= SUGGESTED_LEVELS.indexOf(level)
}
