/** The questions of a check, out of what the user wrote. */
import type { ReadStore } from '../store/rule-store.js'
import { listed } from '../text/list.js'
import type { PartnerCheck, CheckRequest } from '../check/types.js'
import { asker, readSenderRules, type RequirementOptions, type SenderRules } from './check-requirement.js'
import { isGroupReference, readTargets, type Line, type Skipped } from './check-targets.js'
import { senderOf } from './envelope.js'
import { WrongUse } from './refusal.js'

/** What is to be asked. */
export interface CheckRequests {
  readonly questions: readonly CheckRequest[]
  /** Patterns that can't be asked about. */
  readonly skipped: readonly Skipped[]
  /** Whether it is about one partner, which is then told with all that was found. */
  readonly single: boolean
  /** Sentences about what the checks do not tell. */
  readonly notes: (checks: readonly PartnerCheck[]) => readonly string[]
}

/** Targets as words and as lines of a list. */
export interface CheckWords {
  readonly words: readonly string[]
  readonly lines: readonly Line[]
}

/**
 * Reads targets and what is asked of each.
 *
 * @param store where groups and rules are; `null` where neither is named
 * @throws {WrongUse} where nothing is left to be checked.
 */
export async function questionsOf(
  store: ReadStore | null,
  options: CheckWords & RequirementOptions & { readonly from?: string | undefined },
): Promise<CheckRequests> {
  const { words, lines, from, level } = options
  const byRules = from !== undefined && level === undefined && store !== null
  const rules = byRules ? await readSenderRules(store, senderOf(from)) : null
  if (from !== undefined) senderOf(from)
  const ask = asker(options, rules)
  const groups = async () => (await store?.groups()) ?? new Map<string, string>()
  const { targets, skipped } = await readTargets(words, lines, groups)
  if (targets.length === 0) throw new WrongUse(['there is nothing to check', ...skipped.map(formatSkipped)])
  return {
    questions: targets.map((target) => ({ ...target, ...ask(target) })),
    skipped,
    single: targets.length === 1 && lines.length === 0 && !words.some(isGroupReference),
    notes: (checks) => (rules ? notesOn(checks, rules) : []),
  }
}

/** That a pattern was left out, and why. */
export function formatSkipped({ pattern, why }: Skipped): string {
  return `Not checked: ${pattern}, ${why}.`
}

/** What a check by rules does not know. */
function notesOn(checks: readonly PartnerCheck[], { lists }: SenderRules): string[] {
  const free = checks.filter(({ decidedBy }) => decidedBy.length === 0)
  const [first] = free
  const names = free.map(({ recipient, domain }) => recipient ?? domain)
  return [
    ...(first
      ? [`No rule requires anything of mail to ${listed(names)}; that was checked at level ${first.level}.`]
      : []),
    ...(lists.some((list) => list.needsHeaders)
      ? ['Rules that look at subject or header were left out, since there is no message.']
      : []),
  ]
}
