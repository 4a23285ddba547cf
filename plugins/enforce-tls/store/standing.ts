/**
 * Whether a store is the one whose rules count: what it says of itself beside what this Haraka has seen before. Pure.
 *
 * A store that has lost its rules looks like one that never had any. Its marker, and what was seen, distinguish the two;
 * what is not known counts as unknown, and never as "no rules".
 */
import type { StoreIdentity } from './rule-store.js'
import { parseMarker, unmarkedName, type StoreMarker } from './marker.js'
import { OnEmptyStore } from '../settings/types.js'

/** A store that a Haraka has seen with rules. */
export interface SeenStore {
  /** Where it was, as a store describes itself: address, database and prefix, or the file. */
  readonly place: string
  /** `null` where it had no marker yet. */
  readonly id: string | null
  /** Since when this is so, as an ISO time. */
  readonly since: string
}

/** What a store is to this Haraka. */
export type Standing =
  /** The one whose rules count. @param remark what an operator should know all the same, else `null` */
  | { readonly state: 'known'; readonly remark: string | null }
  /** Without rules, and as far as this Haraka knows it never had any. */
  | { readonly state: 'new'; readonly remark: string }
  /** Its rules are unknown. @param problem why, and the way out */
  | { readonly state: 'gone'; readonly problem: string }

/** What is judged. */
export interface StoreObservation {
  readonly place: string
  readonly identity: StoreIdentity
  readonly seen: SeenStore | null
  readonly onEmptyStore: OnEmptyStore
  /** Whether keys may have been removed from it by the server itself. */
  readonly mayHaveLost: boolean
}

/** Says what a store is. */
export function standingOf(observation: StoreObservation): Standing {
  const { identity, seen, onEmptyStore } = observation
  if (!seen) return firstSeen(observation)
  const problem = lossIn(observation, seen)
  if (problem === null) return { state: 'known', remark: remarkOn(observation) }
  if (onEmptyStore !== 'deliver') return { state: 'gone', problem }
  return holdsRules(identity) ? { state: 'known', remark: problem } : { state: 'new', remark: problem }
}

/** What is remembered of a store that is known: it holds rules. `null` where that is remembered already. */
export function toRemember(observation: StoreObservation, now: Date): SeenStore | null {
  const { place, identity, seen } = observation
  if (!holdsRules(identity)) return null
  if (remembers(seen, observation)) return null
  return { place, id: markerIn(identity)?.id ?? null, since: now.toISOString() }
}

/** Whether anything in a store can act. */
export function holdsRules({ hasServices, hasRulesForAll }: StoreIdentity): boolean {
  return hasServices || hasRulesForAll
}

/** What a store without anything is. */
export function lackOf({ missing }: Pick<StoreIdentity, 'missing'>): string {
  return missing ? 'is missing' : 'is empty'
}

/** Whether a memory names a store as it is now. */
export function remembers(seen: SeenStore | null, { place, identity }: StoreObservation): boolean {
  return seen?.place === place && seen.id === (markerIn(identity)?.id ?? null)
}

/** What `init --accept` calls a store. */
export function nameOf({ id, place }: SeenStore): string {
  return id ?? unmarkedName(place)
}

function firstSeen({ place, identity, onEmptyStore }: StoreObservation): Standing {
  if (holdsRules(identity)) return { state: 'known', remark: markerRemark(place, identity) }
  if (markerIn(identity)) return { state: 'known', remark: null }
  const lack = lackOf(identity)
  if (identity.traces.length > 0) {
    const problem = `${place} ${lack}, and had rules before: ${identity.traces.join(' and ')} still there. Restore the rules or, if it is meant to be empty, run: enforce-tls init`
    return onEmptyStore === 'deliver' ? { state: 'new', remark: problem } : { state: 'gone', problem }
  }
  if (onEmptyStore === 'defer')
    return {
      state: 'gone',
      problem: `${place} ${lack} and has no marker (on_empty_store=defer); restore its rules or, if it is new, run: enforce-tls init`,
    }
  return {
    state: 'new',
    remark: `${place} ${lack}, and this Haraka has never seen rules, so mail is delivered as usual, and nothing is written to the delivery log; if it is new, enforce-tls init ends this warning`,
  }
}

/** Why a store is not the one that was seen, or not whole; `null` if it is. */
function lossIn(observation: StoreObservation, seen: SeenStore): string | null {
  const { place, identity, mayHaveLost } = observation
  const name = nameOf(seen)
  const before = seen.place === place ? 'there' : `in ${seen.place}`
  const accept = `enforce-tls init --accept ${name}`
  const holds = holdsRules(identity)
  const marker = markerIn(identity)
  if (marker) {
    if (!replaces(marker, observation, seen))
      return `${place} is a different store (id ${marker.id}) from the one whose rules were seen ${before} (id ${name}); restore that one or, if this one replaces it, run: ${accept}`
    if (holds || !mayHaveLost) return null
    return `${place} is empty, and rules were seen ${before}: Redis may have removed them; set maxmemory-policy noeviction and restore them`
  }
  if (holds) {
    if (seen.id === null) return null
    const why = identity.markerProblem ?? 'its marker is gone'
    return `${place} may be another store, because ${why}; rules were seen ${before} (id ${name}), and some may be missing. If they are all there, run: ${accept}`
  }
  if (seen.place === place)
    return `${place} has lost its rules: it ${lackOf(identity)}, and rules were seen there before (id ${name}). Restore them or, if it is meant to be empty, run: enforce-tls init`
  return `${place} ${lackOf(identity)}, and rules were seen ${before} before (id ${name}). Check host, db, prefix and file or, if the rules are meant to be here from now on, run: ${accept}`
}

/** Whether a marker is that of the store that was seen, or stands in for it. */
function replaces(
  { id, accepts, held, init, made }: StoreMarker,
  { place }: StoreObservation,
  seen: SeenStore,
): boolean {
  if (id === seen.id || accepts?.includes(nameOf(seen))) return true
  // The first marker of rules that were there before anything was marked.
  if (seen.id === null && held) return true
  // Somebody has said at the same place, and since then, that this is the store.
  return seen.place === place && init === true && Date.parse(made) > Date.parse(seen.since)
}

function remarkOn({ place, identity, seen }: StoreObservation): string | null {
  if (seen && seen.place !== place && seen.id === null && !markerIn(identity))
    return `rules are read from ${place} now, and were read from ${seen.place} before; neither has a marker, so it is unknown whether they are the same. Run enforce-tls init`
  return markerRemark(place, identity)
}

function markerRemark(place: string, { marker, markerProblem }: StoreIdentity): string | null {
  if (markerProblem !== null)
    return `${place}: ${markerProblem}. Without its marker, a loss of all rules may go unnoticed`
  const parsed = marker === null ? null : parseMarker(marker)
  return parsed && 'problem' in parsed
    ? `${place}: its marker ${parsed.problem}; enforce-tls init replaces it`
    : null
}

function markerIn({ marker }: StoreIdentity): StoreMarker | null {
  const parsed = marker === null ? null : parseMarker(marker)
  return parsed && !('problem' in parsed) ? parsed : null
}
