/** What a change of a rule takes away from mail to partners that publish nothing, in a sentence. Pure. */
import { definitionOf, OTHERWISE } from '../rules/levels.js'
import type { RelayWithTls } from '../rules/rule.js'
import { otherwiseOf, whereNothing } from './format-published.js'

/**
 * Says where a rule asks for less than before of what partners publish, or of those that publish nothing; `null` where
 * it does not. Other changes of the level are not judged.
 */
export function formatLessThanBefore(before: RelayWithTls, after: RelayWithTls): string | null {
  const [from, to] = [definitionOf(before.level), definitionOf(after.level)]
  const [was, is] = [otherwiseOf(before), otherwiseOf(after)]
  if (from.encrypted && to.published !== null && is === 'none' && was !== 'none')
    return `This asks for less than before: mail may leave in the clear ${whereNothing(to.published)}.`
  if (from.published === null) return null
  if (to.published === null)
    return to.name === 'none' || to.name === 'encrypt'
      ? 'What partners publish is not looked at any more.'
      : null
  if (was !== null && is !== null && OTHERWISE.indexOf(is) > OTHERWISE.indexOf(was))
    return `This asks for less than before: TLS with any certificate is enough ${whereNothing(to.published)}.`
  return from.published === 'dane' && to.published === 'published'
    ? 'This asks for less than before: an MTA-STS policy is enough where there are no signed TLSA records.'
    : null
}
