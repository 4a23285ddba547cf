/** `enforce-tls rule copy`: a rule as a new one of another owner, off until it is switched on there. */
import { copyRule } from '../admin/copy-rule.js'
import { ruleIn } from '../admin/owner-state.js'
import type { Context } from './context.js'
import { ownerOf, warnOfBroken } from './rule-entries.js'

/** What the user wrote behind `rule copy`. */
export interface CopyOptions {
  readonly name?: string | undefined
}

/** Copies a rule. @throws {AdminProblem} where it is not there or not valid, or its name is taken there */
export async function copyByUser(
  context: Context,
  owner: string,
  id: string,
  to: string,
  { name }: CopyOptions,
): Promise<void> {
  const { store, output, command } = context
  const rule = await ruleIn(await store.readOwner(owner), id)
  const { owned, read } = await copyRule(context, rule, ownerOf(to), name)
  output.data(owned)
  output.line(`Copied rule ${id} of ${owner} to rule ${owned.id} of ${owned.owner}: ${owned.rule.name}`)
  output.line(`It is off; switch it on with: ${command('rule', 'enable', owned.owner, owned.id)}`)
  await warnOfBroken(context, read)
}
