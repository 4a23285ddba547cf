/**
 * The last look at what is written: whether it will be read as the very same thing. All who change rules write
 * through it, so that no mistake of theirs makes an entry that is something else, or nothing, after a restart. Pure.
 */
import { formatFlaw } from '../rules/format-problem.js'
import { isDeepStrictEqual } from 'node:util'
import { parseDomain } from '../rules/address.js'
import { checkGroupText } from '../rules/group.js'
import { formatGroupProblem } from '../rules/format-problem.js'
import { checkEntry, parseService } from '../rules/owner-entries.js'
import type { InPieces } from '../work/pieces.js'
import { formatProblem } from '../rules/format-problem.js'
import { checkRuleText } from '../rules/check-rule.js'
import { isChange, type EntryChange } from './entry-change.js'

/** Gives what is wrong with a change, as the end of a sentence that names its place; `null` for nothing. In pieces. */
export type ChangeCheck = (change: EntryChange) => InPieces<string | null>

/** Says why an entry would not be read as what it says. */
export function* readingBack(change: EntryChange): InPieces<string | null> {
  const { key, owner, field, value } = change
  // Removing is the way out of a bad entry, and what stays as it is is not written.
  if (value === null || !isChange(change)) return null
  if (key === 'domains') return serviceProblem(field, value)
  if (key === 'groups') return yield* groupProblem(value)
  return yield* ruleProblem(owner, field, value)
}

function* ruleProblem(owner: string, id: string, value: string): InPieces<string | null> {
  const checked = yield* checkRuleText(value)
  if (!('rule' in checked)) return formatProblem(checked)
  const read = yield* checkEntry(owner, id, value)
  yield
  return 'rule' in read ? differs(read.rule, value) : read.problem
}

function* groupProblem(value: string): InPieces<string | null> {
  const checked = yield* checkGroupText(value)
  yield
  return 'patterns' in checked ? differs(checked.patterns, value) : formatGroupProblem(checked)
}

function serviceProblem(domain: string, value: string): string | null {
  const parsed = parseDomain(domain)
  if ('problem' in parsed) return formatFlaw(parsed)
  const service = parseService(value)
  return 'problem' in service ? formatFlaw(service) : null
}

function differs(read: unknown, written: string): string | null {
  if (isDeepStrictEqual(read, JSON.parse(written))) return null
  return `it would be read as something else: ${JSON.stringify(read)}`
}
