/** What a change of a rule takes away from mail to partners that publish nothing, in a sentence. Pure. */
import { definitionOf } from '../rules/levels.js'
import type { RelayWithTls } from '../rules/rule.js'
import { formatOtherwise, LEAST, otherwiseOf } from './format-published.js'

/**
 * Says where a rule asks for less than before of what partners publish, or of those that publish nothing; `null` where
 * it does not. Other changes of the level are not judged.
 */
export function formatLessThanBefore(before: RelayWithTls, after: RelayWithTls): string | null {
  const [from, to] = [definitionOf(before.level), definitionOf(after.level)]
  const [was, is] = [otherwiseOf(before), otherwiseOf(after)]
  if (from.encrypted && to.published !== null && is === 'none' && was !== 'none')
    return `This asks for less than before: ${formatOtherwise(to.published, is)}.`
  if (from.published === null) return null
  if (to.published === null)
    return to.name === 'none' || to.name === 'encrypt'
      ? 'What partners publish is not looked at any more.'
      : null
  if (was !== null && is !== null && LEAST.indexOf(is) > LEAST.indexOf(was))
    return `This asks for less than before: ${formatOtherwise(to.published, is)}.`
  return from.published === 'dane' && to.published === 'published'
    ? 'This asks for less than before: an MTA-STS policy is enough where there are no signed TLSA records.'
    : null
}
