/** Whether anything is known of an owner whose mail somebody asks about; a warning, since there may be no mail all the same. */
import { EVERYONE } from '../rules/owner.js'
import type { Context } from './context.js'
import { ownerHint } from './hints.js'
import { printWarning } from './output.js'

/** Says of an owner that it is unknown: nothing is seen of one that is mistyped, as of one that has no mail. */
export async function warnOfOwner(
  { store, output }: Pick<Context, 'store' | 'output'>,
  owner: string,
): Promise<void> {
  const [owners, services] = await Promise.all([store.owners(), store.services()])
  if (owner === EVERYONE || services.has(owner)) return
  if (owners.some((each) => each === owner || each.endsWith(`@${owner}`))) return
  printWarning(output.terminal, `${owner} has no rules${await ownerHint(store, owner)}`)
}
