/** `enforce-tls rule list` and `rule show`. */
import type { OwnedRule } from '../rules/owner-entries.js'
import { ownerState, readOwner, ruleIn } from '../admin/owner-state.js'
import { remarksOn } from '../admin/rule-remarks.js'
import { AT_A_GLANCE } from '../rules/effect.js'
import { formatOnwardShort } from '../admin/format-onward.js'
import { formatAction, otherCriteria, recipientsOf } from '../admin/format-rule.js'
import type { Context } from './context.js'
import { effectsNow } from './effects.js'
import type { Cell } from './table.js'
import { ownerHint } from './hints.js'
import { Refusal } from './refusal.js'
import { brokenSentences } from './rule-entries.js'
import { stateOf } from '../rules/rule-state.js'
import { actionOf, hasAction } from '../rules/rule.js'

/** Patterns of a rule that a list of rules shows. */
const PATTERNS_SHOWN = 6

/** Lists the valid rules of an owner. @throws {Refusal} afterwards, where others are not valid. */
export async function listRules(context: Context, owner: string): Promise<void> {
  const { store, output } = context
  const read = await readOwner(store, owner)
  const { rules, broken, offFor } = await ownerState(read)
  const problems = brokenSentences(store, broken)
  output.data(rules)
  if (rules.length > 0) output.table(['#', 'on', 'name', 'to', 'level', 'id'], rules.map(rowOf))
  else if (problems.length === 0 && !output.json)
    output.line(`${owner} has no rules${(await ownerHint(store, owner)) || '.'}`)
  if (offFor !== null && read.entries.rules.size > 0) sayInactive(context, offFor)
  await sayRemarks(context, rules)
  const [first, ...rest] = problems
  if (first !== undefined) throw new Refusal([first, ...rest])
}

/** The cells of a rule in a list. */
export function rowOf({ id, rule }: OwnedRule): Cell[] {
  const { name, position } = rule
  const matchesAny = recipientsOf(rule)
  const rest = matchesAny.length - PATTERNS_SHOWN
  const to = [...matchesAny.slice(0, PATTERNS_SHOWN), ...(rest > 0 ? [`and ${rest} more`] : [])]
  const { level, otherwise, minVersion, via, onFailure, trust, requireOnward } = actionOf(rule)
  return [
    String(position),
    stateOf(rule, Date.now()),
    name,
    [...(rule.direction === 'incoming' ? ['(incoming)'] : []), ...to, ...otherCriteria(rule)],
    [
      hasAction(rule) ? level : '(no action yet)',
      ...(otherwise ? [`otherwise ${otherwise}`] : []),
      ...(minVersion ? [minVersion] : []),
      ...(trust ? [`trust ${trust}`] : []),
      ...formatOnwardShort(requireOnward),
      ...(via ? [onFailure === 'reroute' ? `or via ${via}` : `via ${via}`] : []),
    ],
    id,
  ]
}

/**
 * Says, below a list, which rules another one leaves nothing to do for.
 *
 * @param rules all of one owner
 * @param isShown by id. @default all are
 */
export async function sayRemarks(
  context: Context,
  rules: readonly OwnedRule[],
  isShown: (id: string) => boolean = () => true,
): Promise<void> {
  const { store, output } = context
  if (output.json) return
  const remarks = await remarksOn(effectsNow(context, store, AT_A_GLANCE), rules)
  for (const { id, sentence } of remarks) if (isShown(id)) output.line(`Note: ${sentence}.`)
}

/** Shows one rule. @throws {Refusal} when it is not there or not valid. */
export async function showRule(context: Context, owner: string, id: string): Promise<void> {
  const { store, output } = context
  const read = await readOwner(store, owner)
  const rule = await ruleIn(read.entries, id)
  const { offFor } = await ownerState(read)
  const others = otherCriteria(rule)
  output.data({ owner, id, rule })
  output.line(rule.name)
  if (rule.comment !== undefined) output.item(rule.comment)
  output.facts({
    owner,
    id,
    position: String(rule.position),
    state: stateOf(rule, Date.now()),
    direction: rule.direction,
    ...(rule.mode === 'report' ? { mode: 'report: changes no delivery' } : {}),
    ...(rule.startsAt === undefined ? {} : { starts: rule.startsAt }),
    ...(rule.expiresAt === undefined ? {} : { expires: rule.expiresAt }),
    to: recipientsOf(rule),
    ...(others.length > 0 ? { and: others } : {}),
    requires: hasAction(rule) ? formatAction(actionOf(rule)) : 'nothing yet: no action was chosen',
  })
  if (offFor !== null) sayInactive(context, offFor)
}

function sayInactive({ output, command }: Context, domain: string): void {
  output.line(
    `Inactive: message rules are switched off for ${domain}; switch them on with: ${command('domain', 'enable', domain)}`,
  )
}
