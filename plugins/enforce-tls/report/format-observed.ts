/** What the delivery log knows of a rule or of partners, in sentences. Pure. */
import { listed, numbered } from '../text/list.js'
import { OBSERVED_DAYS, type RuleObservations } from './rule-observed.js'
import { percent } from './format.js'

const PERIOD = `In the last ${OBSERVED_DAYS} days`

/**
 * What is known of a rule.
 *
 * @param observed `null` where the log can't be read
 * @param reports whether the rule is or was in report mode: then it is also said that nothing matched
 */
export function formatRuleObservations(observed: RuleObservations | null, reports: boolean): string[] {
  if (observed === null)
    return reports ? ['What the rule has matched so far is unknown: the delivery log is unavailable.'] : []
  const { reported, partners, level, otherLevels, enforced } = observed
  const { messages, wouldBounce, unknown } = reported
  const bounces = partners.map(({ domain, wouldBounce: count }) => `${domain} ${count}`)
  const where = bounces.length > 0 ? `: ${listed(bounces)}` : ''
  const unclear = unknown > 0 ? `; unknown for ${unknown}` : ''
  return [
    ...(messages > 0
      ? [
          `${PERIOD} it would have bounced ${wouldBounce} of ${numbered(messages, 'message')} (${percent(wouldBounce, messages)})${where}${unclear}.`,
        ]
      : reports
        ? [`The delivery log has no message that matched it in the last ${OBSERVED_DAYS} days.`]
        : []),
    ...(otherLevels > 0
      ? [
          `${PERIOD} report mode checked ${numbered(otherLevels, 'message')} at another level than ${level ?? ''}; they are not counted here.`,
        ]
      : []),
    ...(enforced.messages > 0
      ? [
          `${PERIOD} it required TLS for ${numbered(enforced.messages, 'message')}: ${enforced.delivered} delivered, ${enforced.bounced} bounced.`,
        ]
      : []),
  ]
}

/** What is known of partners that come under a rule. */
export function formatPartnerObservations(
  observed: Pick<RuleObservations, 'reported' | 'enforced'> | null,
  partners: readonly string[],
): string[] {
  if (observed === null) return []
  const { reported, enforced } = observed
  const names = listed(partners)
  if (reported.messages === 0 && enforced.messages === 0)
    return [`The delivery log has no message to ${names} in the last ${OBSERVED_DAYS} days.`]
  return [
    ...(reported.messages > 0
      ? [
          `${PERIOD} rules in report mode would have bounced ${reported.wouldBounce} of ${numbered(reported.messages, 'message')} to ${names}.`,
        ]
      : []),
    ...(enforced.messages > 0
      ? [
          `${PERIOD} TLS was required for ${numbered(enforced.messages, 'message')} to ${names}: ${enforced.delivered} delivered, ${enforced.bounced} bounced.`,
        ]
      : []),
  ]
}
