/** What a rule that only reports has seen, as a sentence. */
import type { RuleReport } from '../report/delivery-report.js'
import { SEEN_DAYS } from '../report/rule-seen.js'
import { percent } from '../report/words.js'
import { listed } from '../words.js'

/** @param seen `null` where it can't be told */
export function seenWords(seen: RuleReport | null): string {
  if (seen === null) return 'What it has seen can not be told: the delivery log can not be read.'
  const { messages, wouldBounce, unknown } = seen.reported
  if (messages === 0) return `The delivery log has no message that it saw in the last ${SEEN_DAYS} days.`
  const partners = seen.partners.map(({ domain, wouldBounce: count }) => `${domain} ${count}`)
  const unclear = unknown > 0 ? `; of ${unknown} that came over TLS it is not known` : ''
  const where = partners.length > 0 ? `: ${listed(partners)}` : ''
  return `In the last ${SEEN_DAYS} days it would have bounced ${wouldBounce} of ${messages} messages (${percent(wouldBounce, messages)})${where}${unclear}.`
}
