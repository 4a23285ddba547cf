/**
 * What a delivery must fulfil, and how requirements of several owners add up: they are predicates, and all
 * of them must hold, so adding one never weakens another. Pure.
 */
import { later, stricter, type Level, type TlsVersion } from './levels.js'

/** A rule that had a part in a decision. */
export interface DecidedBy {
  readonly owner: string
  readonly id: string
  readonly name: string
}

/** What every delivery of a message to a recipient must fulfil. */
export interface Requirement {
  /** The strictest level of those that add up. */
  readonly level: Level
  /** Lowest TLS version a rule asks for; absent where only `[tls] min_version` holds. */
  readonly minVersion?: TlsVersion
  /** The rules that require it, widest owner first; never empty. */
  readonly decidedBy: readonly DecidedBy[]
}

/** The conjunction of two requirements; `null` requires nothing. */
export function addUp(a: Requirement | null, b: Requirement | null): Requirement | null {
  if (!a || !b) return a ?? b
  const minVersion =
    a.minVersion && b.minVersion ? later(a.minVersion, b.minVersion) : (a.minVersion ?? b.minVersion)
  return {
    level: stricter(a.level, b.level),
    ...(minVersion ? { minVersion } : {}),
    decidedBy: [...a.decidedBy, ...b.decidedBy],
  }
}

/** Whether two requirements are the same demand by the same rules, so that recipients may share a delivery. */
export function sameRequirement(a: Requirement | null, b: Requirement | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
