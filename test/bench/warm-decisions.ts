/** Decisions of the plugin's policy whose owners are all cached, as they are for mail of owners seen before. */
import type { MailAddress } from '../../plugins/enforce-tls/rules/address.js'
import type { Ruling } from '../../plugins/enforce-tls/rules/rule-list.js'
import { Policy } from '../../plugins/enforce-tls/policy/policy.js'
import { ownerName } from './bench-rules.js'
import { GeneratedStore } from './generated-store.js'

/** What the rules say of a message that leaves, for one recipient. */
export type Decider = (sender: MailAddress, recipient: MailAddress) => Promise<Ruling>

const LOG = {
  logerror: (text: string) => console.error(text),
  logwarn: (text: string) => console.error(text),
  lognotice: () => undefined,
}
/** For an owner of a million rules, in milliseconds. */
const TIMEOUT = 120_000

/** Asks for a message of each owner, which reads and compiles its rules; then for any. */
export async function warmDecider(rules: number, owners: number): Promise<Decider> {
  const policy = new Policy(new GeneratedStore(rules, owners), {
    log: LOG,
    timeout: TIMEOUT,
    // To make an owner's rules anew, as this store does, takes longer than any decision.
    rereadAfter: { subscribed: Infinity, unsubscribed: Infinity },
    // Each domain, each sender below, and the whole service.
    maxOwners: 2 * owners + 1,
  })
  const decide: Decider = async (sender, recipient) => {
    const answer = await policy.rulingsOn(sender, [recipient], noHeaders)
    if (answer.is === 'unknown') throw new Error(`the rules of ${sender.domain} are unknown: ${answer.why}`)
    return answer.rulings[0] as Ruling
  }
  const recipient = { local: 'cfo', domain: 'somewhere.example' }
  for (let owner = 0; owner < owners; owner++)
    await decide({ local: 'ann', domain: ownerName(owner) }, recipient)
  return decide
}

function noHeaders(): never {
  throw new TypeError('no rule here asks for a header')
}
