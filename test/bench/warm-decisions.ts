/** Decisions of the plugin's rule book whose owners are all near, as they are for mail of owners seen before. */
import type { MailAddress } from '../../plugins/enforce-tls/rules/address.js'
import type { Verdict } from '../../plugins/enforce-tls/rules/rule-list.js'
import { Policy } from '../../plugins/enforce-tls/policy/policy.js'
import { ownerName } from './bench-rules.js'
import { GeneratedStore } from './generated-store.js'

/** What the rules say of a message that leaves, for one recipient. */
export type Decider = (sender: MailAddress, recipient: MailAddress) => Verdict

const LOG = {
  logerror: (text: string) => console.error(text),
  logwarn: (text: string) => console.error(text),
  lognotice: () => undefined,
}
/** For an owner of a million rules, in milliseconds. */
const PATIENCE = 120_000

/** Asks for a message of each owner, which reads and compiles its rules; then for any, without waiting. */
export async function warmDecider(rules: number, owners: number): Promise<Decider> {
  const book = new Policy(new GeneratedStore(rules, owners), {
    log: LOG,
    timeout: PATIENCE,
    // Each domain, each sender below, and the whole service.
    maxOwners: 2 * owners + 1,
  })
  const recipient = { local: 'cfo', domain: 'somewhere.example' }
  for (let owner = 0; owner < owners; owner++)
    await book.verdictsOn({ local: 'ann', domain: ownerName(owner) }, [recipient], noHeaders)
  return (sender, to) => {
    const verdicts = book.verdictsOn(sender, [to], noHeaders)
    if (verdicts instanceof Promise) throw new Error(`the rules of ${sender.domain} are not near`)
    return verdicts[0] as Verdict
  }
}

function noHeaders(): never {
  throw new TypeError('no rule here asks for a header')
}
