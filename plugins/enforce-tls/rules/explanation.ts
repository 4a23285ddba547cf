/** What an explanation says: each owner's rules in order, and what became of each. */
import type { EntryProblem } from './entry-problem.js'
import type { FieldOutcome } from './match.js'
import type { OwnedRule } from './owner-entries.js'
import type { Ruling } from './rule-list.js'

/** What became of a rule. */
export type ExplainedState =
  | 'matched'
  | 'not matched'
  /** It asks for subject or header, and these were not given. */
  | 'not known'
  /** They were given and are not known for sure: a match where the rule requires something, else none. */
  | 'unknown'
  | 'off'
  /** The service of the owner's domain is off. */
  | 'asleep'
  | 'not yet'
  | 'expired'
  | 'other direction'
/** One rule of an explanation. */
export interface ExplainedRule extends OwnedRule {
  readonly state: ExplainedState
  /** What became of each field of its criteria, whatever the state; empty for a rule of the other direction. */
  readonly fields: readonly FieldOutcome[]
  /**
   * `decides`: the first match, and above it each rule that may be it. `exempts`: that of level none. `reports`: it would have required something.
   * `null`: it has no part in the ruling, as a match below the first one.
   */
  readonly part: 'decides' | 'exempts' | 'reports' | null
}

/** One owner of an explanation. */
export interface ExplainedOwner {
  readonly owner: string
  /** Whether the service of the owner's domain is on; `*` needs none. */
  readonly awake: boolean
  /** In the order in which they decide. */
  readonly rules: readonly ExplainedRule[]
  /** Entries that are broken: all of them but for rules beyond the first few. */
  readonly problems: readonly EntryProblem[]
  readonly problemCount: number
  /** The one of them that makes the message wait. */
  readonly waitsFor: EntryProblem | null
  /** What they come to, where no broken entry keeps them from deciding. */
  readonly ruling: Ruling
}

/** The whole answer. */
export interface Explanation {
  /** In the order given. */
  readonly owners: readonly ExplainedOwner[]
  /** What holds for the message; `null`: that is unknown, and the message waits. */
  readonly ruling: Ruling | null
  /** Rules that look at a header which was not given, and could change what is required. */
  readonly open: readonly ExplainedRule[]
}
