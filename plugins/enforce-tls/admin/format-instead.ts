/** How a rule that decides for mail of others compares with these, as the end of a sentence. Pure. */
import { compareDemands } from '../rules/compare-demands.js'
import { NO_ACTION, type RelayWithTls } from '../rules/rule.js'
import { formatLevel } from './format-published.js'

/**
 * Says it; "more" only of what demands all that each of the others did, and more. What it no longer demands is a sentence
 * of its own, see `less-than-before.ts`.
 *
 * @param held what they demand; none of them: nothing
 */
export function formatInstead(held: readonly RelayWithTls[], action: RelayWithTls): string {
  const found = (held.length === 0 ? [NO_ACTION] : held).map((each) => compareDemands(each, action))
  const [gains, loses] = (['gained', 'lost'] as const).map((side) =>
    found.some((each) => each[side].length > 0),
  )
  if (!loses) return gains ? 'requires more' : 'requires the same, but treats failures in another way'
  if (!gains) return 'requires less'
  const is = formatLevel(action)
  const were = held.filter(({ level }) => level !== 'none').map(formatLevel)
  const others = [...new Set(were)].filter((each) => each !== is)
  return `requires something else${others.length > 0 ? `: ${is}, and no longer ${others.join(' or ')}` : ''}`
}
