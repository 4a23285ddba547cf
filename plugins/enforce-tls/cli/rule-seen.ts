/** What a rule that only reports has seen, out of the delivery log. */
import { listed } from '../words.js'
import type { RuleReport } from '../report/delivery-report.js'
import { makeReport } from '../report/make-report.js'
import { percent } from '../report/words.js'
import type { OwnedRule } from '../rules/owner-entries.js'
import { StoreError } from '../store/rule-store.js'
import type { Context } from './context.js'

const DAYS = 30

/** Counts of the last 30 days; `null` where the log can't be read. */
export async function seenBy({ deliveries }: Context, { owner, id }: OwnedRule): Promise<RuleReport | null> {
  const now = new Date()
  const since = new Date(now.getTime() - DAYS * 86_400_000)
  const query = { since, until: now, owner: null, domain: null, now }
  try {
    const { rules } = await makeReport(deliveries().read(since), query)
    const none = { messages: 0, wouldBounce: 0, wouldDeliver: 0, unknown: 0 }
    return (
      rules.find((rule) => rule.owner === owner && rule.id === id) ?? {
        owner,
        id,
        reported: none,
        partners: [],
      }
    )
  } catch (error) {
    // A log that can't be read must not keep anybody from switching a rule.
    if (error instanceof StoreError) return null
    throw error
  }
}

/** The same as a sentence. */
export function seenWords(seen: RuleReport | null): string {
  if (seen === null) return 'What it has seen can not be told: the delivery log can not be read.'
  const { messages, wouldBounce, unknown } = seen.reported
  if (messages === 0) return `The delivery log has no message that it saw in the last ${DAYS} days.`
  const partners = seen.partners.map(({ domain, wouldBounce: count }) => `${domain} ${count}`)
  const unclear = unknown > 0 ? `; of ${unknown} that came over TLS it is not known` : ''
  const where = partners.length > 0 ? `: ${listed(partners)}` : ''
  return `In the last ${DAYS} days it would have bounced ${wouldBounce} of ${messages} messages (${percent(wouldBounce, messages)})${where}${unclear}.`
}
