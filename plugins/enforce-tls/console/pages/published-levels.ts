/** Which levels ask for what partners publish. Pure. */
import type { Action, Level } from './types.js'

const PUBLISHED: ReadonlySet<Level> = new Set(['dane', 'mta-sts', 'published'])

/** Whether what holds where nothing is published matters at a level. */
export function looksAtPublished(level: Level): boolean {
  return PUBLISHED.has(level)
}

/** Whether mail of a rule with this action may leave in the clear, where nothing is published. */
export function mayLeaveInTheClear({ level, otherwise, requireOnward }: Action): boolean {
  return looksAtPublished(level) && otherwise === 'none' && requireOnward !== 'must'
}
