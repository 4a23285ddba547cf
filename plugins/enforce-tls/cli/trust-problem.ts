/** What keeps the named trust of a rule from being used, as the Haraka in the folder would find it. */
import path from 'node:path'
import { trustOf } from '../delivery/named-trust.js'
import { Trusts } from '../delivery/tls/trusts.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import { requirementOf } from '../rules/requirement.js'
import type { Surroundings } from './context.js'
import { printWarning, type Terminal } from './output.js'
import { actionOf } from '../rules/rule.js'

/** The trusts of the settings; `null` beside `--redis` and `--file`, which know none. */
export function trustsOf({
  settings: { trusts },
  folder,
}: Pick<Surroundings, 'settings' | 'folder'>): Trusts<null> | null {
  return folder === null ? null : new Trusts(trusts, path.join(folder, 'config'), () => null)
}

/** Why mail of a rule would wait, a clause; `null` where it would not for its trust. */
export function trustProblem(
  { owner, id, rule }: OwnedRule,
  trusts: Pick<Trusts<null>, 'get'> | null,
): string | null {
  const relayWithTls = actionOf(rule)
  if (relayWithTls.trust === undefined || trusts === null) return null
  // Whatever the recipient's domain is, it has no part in this.
  const requirement = requirementOf(relayWithTls, '', { owner, id, name: rule.name })
  const found = trustOf(requirement, trusts)
  return 'problem' in found ? found.problem : null
}

/** Warns, on standard error, of a rule that was just written. */
export function warnOfTrust(
  {
    settings,
    folder,
    output,
  }: Pick<Surroundings, 'settings' | 'folder'> & { readonly output: { readonly terminal: Terminal } },
  owned: OwnedRule,
): void {
  const problem = trustProblem(owned, trustsOf({ settings, folder }))
  if (problem !== null) printWarning(output.terminal, `mail of this rule waits while it is on: ${problem}`)
}
