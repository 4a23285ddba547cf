/**
 * Why a change of rules is not made, as data: what it is about, the value and what may be meant. The command and the
 * API make sentences of it, see `formatAdminProblem`, each with its own way out.
 */
import type { EntryPlace } from '../rules/entry-problem.js'
import type { StoredGroups } from '../rules/group.js'
import type { RuleProblem } from '../rules/rule.js'
import type { ReferringRule } from './referring-rules.js'

/** What stands in the way. */
export type ProblemData =
  /** @param known the rules that there are, id to JSON; what may be meant is for a command to look for */
  | {
      readonly code: 'no-rule'
      readonly owner: string
      readonly value: string
      readonly known: ReadonlyMap<string, string>
    }
  /** @param known the groups that there are */
  | { readonly code: 'no-group'; readonly value: string; readonly known: StoredGroups }
  | { readonly code: 'no-change'; readonly value: string }
  /** Something that was to be written; `problem` names its field. */
  | { readonly code: 'invalid'; readonly what: Written; readonly problem: RuleProblem }
  /** What stands in the store. */
  | { readonly code: 'not-valid'; readonly place: EntryPlace; readonly problem: string }
  /** What was to be brought back. */
  | { readonly code: 'no-longer-valid'; readonly place: EntryPlace; readonly problem: string }
  /** A rule that is to be moved, or that another one is to be moved beside, is not in the list. */
  | { readonly code: 'no-place'; readonly field: 'id' | 'before' | 'after'; readonly cause: ProblemData }
  | { readonly code: 'beside-itself'; readonly value: string }
  /** @param isNew whether nothing was ever said of the domain */
  | {
      readonly code: 'service-off'
      readonly domain: string
      readonly owner: string
      readonly isNew: boolean
    }
  /** It was not chosen yet what the rule does, so it cannot be switched on. */
  | { readonly code: 'no-action'; readonly owner: string; readonly id: string; readonly name: string }
  | { readonly code: 'service-invalid'; readonly place: EntryPlace; readonly problem: string }
  /** Rules refer to the group. */
  | { readonly code: 'in-use'; readonly group: string; readonly rules: readonly ReferringRule[] }
  /** What may refer to the group can't be read. */
  | { readonly code: 'unknown'; readonly group: string; readonly problems: readonly string[] }
  /** Somebody else was faster. */
  | {
      readonly code: 'changed-meanwhile'
      readonly place: EntryPlace
      /** `null` where that is not recorded. */
      readonly last: { readonly by: string; readonly at: string } | null
      readonly differences: readonly string[]
    }
  /** What the change would do is something else than whoever makes it was asked about. */
  | { readonly code: 'asks-anew' }
  /** What is to be taken back was changed again. */
  | {
      readonly code: 'changed-since'
      /** What was changed; `null` where that happened at the same moment. */
      readonly place: EntryPlace | null
    }
  /** A rule that comes back cannot have a position of its own. */
  | { readonly code: 'no-position'; readonly owner: string; readonly id: string; readonly name: string }
  /** What is to be taken back is not kept in whole. */
  | { readonly code: 'not-kept' }
  | { readonly code: 'is-event' }
  /** Another rule has the name. */
  | { readonly code: 'name-taken'; readonly owner: string; readonly id: string; readonly name: string }
  /** Haraka takes no rules from the store. */
  | { readonly code: 'store-gone'; readonly problem: string; readonly wayOut: string }

/** What somebody wants to write. */
export type Written = 'rule' | 'patterns' | 'group' | 'domain' | 'contact' | 'link' | 'language'

/** A change that is not made: nothing is written. */
export class AdminProblem extends Error {
  constructor(readonly data: ProblemData) {
    super(data.code)
    this.name = 'AdminProblem'
  }
}
