/** Decisions of the plugin whose rules are all in memory, as they are made for a message of an owner seen before. */
import type { MailAddress } from '../../plugins/enforce-tls/rules/address.js'
import { decide } from '../../plugins/enforce-tls/rules/decide.js'
import { ownersOf } from '../../plugins/enforce-tls/rules/owner.js'
import { RuleList, type Verdict } from '../../plugins/enforce-tls/rules/rule-list.js'
import { compileInPieces } from '../../plugins/enforce-tls/store/compile-in-pieces.js'
import { ownerName, ruleId, ruleJson, rulesOfOwner } from './bench-rules.js'

/** What the rules say of a message that leaves. */
export type Decider = (sender: MailAddress, recipient: MailAddress) => Verdict

/** Reads and compiles all owners. */
export async function warmDecider(rules: number, owners: number): Promise<Decider> {
  const lists = new Map<string, RuleList>()
  for (let owner = 0; owner < owners; owner++) lists.set(ownerName(owner), await listOf(owner, owners, rules))
  return (sender, recipient) => {
    const ofSender = ownersOf(sender).map((owner) => lists.get(owner) ?? RuleList.empty)
    return decide(ofSender, { direction: 'outgoing', sender, recipient, now: Date.now() })
  }
}

async function listOf(owner: number, owners: number, rules: number): Promise<RuleList> {
  const entries = new Map<string, string>()
  for (const number of rulesOfOwner(owner, owners, rules))
    entries.set(ruleId(number), ruleJson(number, entries.size + 1))
  return await compileInPieces(
    { owner: ownerName(owner), service: '{"enabled":true}', rules: entries },
    new Map(),
  )
}
