/** What is known of partners, read out of the state of alerts and written into it. Rejects where that can't be done. */
import { oneLine } from '../../text/one-line.js'
import type { AlertState } from '../../store/alert-state.js'
import { afterObservation, afterNotifying, isNews, type PartnerState, parseState } from './partner-state.js'
import type { Observations } from './observations.js'

/** A partner of whom nothing was seen for so long is forgotten. */
const FORGOTTEN_AFTER = 30 * 86_400_000
/** Most partners that are known; rules of the whole service could name the world. */
const PARTNERS_MAX = 10_000
/** How often a change is tried that others are quicker with. */
const TRIES = 5

/** What begins with this is no partner: others note there what they have said. */
export const NOTE_PREFIX = 'note: '

/** States by the name that all processes use. */
export type Partners = ReadonlyMap<string, PartnerState>

/** Adds what was seen to what is known, and gives that. After a rejection the observations are where they were. */
export async function writeDown(alertState: AlertState, observations: Observations): Promise<Partners> {
  const seen = new Map(observations.drain())
  try {
    const texts = await alertState.readAll()
    const states = new Map<string, PartnerState>()
    for (const [name, text] of texts) {
      if (name.startsWith(NOTE_PREFIX)) continue
      const state = parseState(text)
      if (state !== null && !isForgotten(state)) states.set(name, state)
      else await alertState.replace(name, text, null)
    }
    for (const [name, observation] of seen) {
      if (states.size < PARTNERS_MAX || states.has(name)) {
        const state = await changed(alertState, name, texts.get(name) ?? null, (before) => {
          const after = afterObservation(before, observation)
          return after !== null && isNews(before, after) ? after : before
        })
        if (state !== null) states.set(name, state)
      }
      seen.delete(name)
    }
    return states
  } catch (error) {
    observations.restore(seen)
    throw error
  }
}

/** Notes that the recipients were notified of partners as they were. */
export async function noteNotified(
  alertState: AlertState,
  notified: Iterable<readonly [string, PartnerState]>,
): Promise<void> {
  for (const [name, state] of notified)
    await changed(alertState, name, await alertState.read(name), (now) => now && afterNotifying(now, state))
}

/**
 * Changes what is known of a partner, again where somebody else was quicker.
 *
 * @param text what was read last
 * @returns what is known now
 */
async function changed(
  alertState: AlertState,
  name: string,
  text: string | null,
  change: (state: PartnerState | null) => PartnerState | null,
): Promise<PartnerState | null> {
  let found = text
  for (let tries = 0; tries < TRIES; tries++) {
    const before = parseState(found)
    const after = change(before)
    if (after === before || after === null) return before
    if (await alertState.replace(name, found, JSON.stringify(after))) return after
    found = await alertState.read(name)
  }
  throw new Error(`the alert state of ${oneLine(name)} changes too often`)
}

function isForgotten({ lastPass, trouble }: PartnerState): boolean {
  return Math.max(lastPass, trouble?.lastAt ?? 0) < Date.now() - FORGOTTEN_AFTER
}
