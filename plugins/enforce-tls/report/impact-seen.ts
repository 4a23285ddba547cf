/** What the delivery log has of the mail that a change is about, in sentences; nothing where it can't be read. */
import type { Impact } from '../admin/impact.js'
import { asks, type Step } from '../admin/steps.js'
import { actionOf } from '../rules/rule.js'
import type { DeliveryLog } from '../store/delivery-log.js'
import { formatPartnerObservations, formatRuleObservations } from './format-observed.js'
import { partnerObservations, ruleObservations } from './rule-observed.js'

/** Of so many rules it is said what the log has of them. */
const RULES_MAX = 3

/** Of the first rules that ask, or others: by what they are judged, and of the partners that come in. */
export async function seenOf(
  deliveries: Pick<DeliveryLog, 'read'>,
  { rules }: Impact,
  isSpoken: (step: Step) => boolean = asks,
): Promise<readonly string[]> {
  const asking = rules.filter(({ step }) => isSpoken(step))
  const sentences: string[] = []
  for (const { owned } of asking.slice(0, RULES_MAX)) {
    const { level } = actionOf(owned.rule)
    const observed = await ruleObservations(deliveries, owned, level === 'none' ? null : level)
    sentences.push(...formatRuleObservations(observed, owned.rule.mode === 'report'))
  }
  const added = [...new Set(asking.flatMap((each) => each.added))].filter((pattern) => pattern !== '*')
  if (added.length === 0) return sentences
  const observed = await partnerObservations(deliveries, added)
  return [...sentences, ...formatPartnerObservations(observed, added)]
}
