/** Rules that another one of the same owner leaves nothing to do for, as warnings of `status`. */
import { remarksOn } from '../admin/rule-remarks.js'
import { readReadable } from '../admin/whole-store.js'
import { Groups } from '../rules/group.js'
import { StoreError } from '../store/rule-store.js'
import { checkRules } from '../rules/checked-rules.js'
import { inPieces } from '../work/turns.js'
import type { Context } from './context.js'
import { effectsNow } from './effects.js'
import { AT_A_GLANCE } from '../rules/effect.js'

/** More of them are only counted. */
const SHOWN = 20
/** Of stores with more rules, nothing is said: `rule list` says it for one owner. */
const RULES_MAX = 20_000

/** A sentence each; none where a part of the store can't be read, which is a problem of its own there. */
export async function ruleRemarks(context: Context): Promise<readonly string[]> {
  try {
    return await remarksIn(context)
  } catch (error) {
    if (error instanceof StoreError) return []
    throw error
  }
}

async function remarksIn(context: Context): Promise<readonly string[]> {
  const { store } = context
  const { entries } = await readReadable(store, await store.owners())
  if (entries.reduce((sum, { rules }) => sum + rules.size, 0) > RULES_MAX) return []
  const groups = new Groups(await store.groups())
  const remarks: string[] = []
  for (const each of entries) {
    if (each.rules.size < 2) continue
    const { rules } = await inPieces(checkRules(each, groups))
    const found = await remarksOn(effectsNow(context, store, AT_A_GLANCE), rules)
    remarks.push(...found.map(({ sentence }) => sentence))
  }
  const more = remarks.length - SHOWN
  return more > 0 ? [...remarks.slice(0, SHOWN), `${more} more rules are like that; see rule list`] : remarks
}
