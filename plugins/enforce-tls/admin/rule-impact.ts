/** What a change does to one rule. */
import type { OwnedRule } from '../rules/owner-entries.js'
import type { RelayWithTls, Rule } from '../rules/rule.js'
import type { Step } from './steps.js'

/** A rule for which something changes. */
export interface RuleImpact {
  /** As it would be; where it ends, as it was. */
  readonly owned: OwnedRule
  /** As it was in force; `null` where it was not. */
  readonly before: Rule | null
  readonly step: Exclude<Step, 'nothing'>
  /** From when on, in milliseconds since 1970; `null`: at once. */
  readonly at: number | null
  /** Recipients that it names then, groups expanded; `*` where it is for all. */
  readonly named: readonly string[]
  /** Those among them that come in. */
  readonly added: readonly string[]
  /** What held before for mail that it decides for then, where that is another demand than its own; absent for nothing. */
  readonly instead?: readonly RelayWithTls[]
}
