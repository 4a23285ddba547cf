/** What the delivery log knows of a rule or of partners, in sentences. Pure. */
import { listed, numbered } from '../text/list.js'
import { OBSERVED_DAYS, type RuleObservations } from './rule-observed.js'
import type { EnforcedCounts } from './delivery-report.js'
import { NOTHING_PUBLISHED, NOTHING_REQUIRED, percent } from './format.js'
import { formatWaived } from './waived.js'

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
  const { messages, wouldBounce, wouldWait, wouldDeliverAsUsual, unknown } = reported
  const by = (what: 'wouldBounce' | 'wouldWait') => {
    const counts = partners.filter((partner) => partner[what] > 0)
    return counts.length > 0
      ? `: ${listed(counts.map((partner) => `${partner.domain} ${partner[what]}`))}`
      : ''
  }
  const waits = wouldWait > 0 ? `; ${wouldWait} would have waited${by('wouldWait')}` : ''
  const asUsual =
    wouldDeliverAsUsual > 0
      ? `; ${wouldDeliverAsUsual} would have been delivered as usual, because ${NOTHING_PUBLISHED} or their senders waive it`
      : ''
  const unclear = unknown > 0 ? `; unknown for ${unknown}` : ''
  return [
    ...(messages > 0
      ? [
          `${PERIOD} it would have bounced ${wouldBounce} of ${numbered(messages, 'message')} (${percent(wouldBounce, messages)})${by('wouldBounce')}${waits}${asUsual}${unclear}.`,
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
          `${PERIOD} it required TLS for ${numbered(enforced.messages, 'message')}: ${enforced.delivered} delivered${toGateway(enforced)}, ${enforced.bounced} bounced.`,
        ]
      : []),
    ...(enforced.asUsual > 0
      ? [
          `${PERIOD} ${numbered(enforced.asUsual, 'message')} that it matched went as usual, because ${NOTHING_PUBLISHED}.`,
        ]
      : []),
    ...waivedSentences(enforced, 'that it matched '),
  ]
}

/** What is known of partners that come under a rule. */
export function formatPartnerObservations(
  observed: Pick<RuleObservations, 'reported' | 'enforced'> | null,
  partners: readonly string[],
): string[] {
  if (observed === null) return []
  const { reported, enforced } = observed
  const names = listed([...new Set(partners.map(counted))])
  if (reported.messages + enforced.messages + enforced.asUsual + enforced.waived === 0)
    return [`The delivery log has no message to ${names} in the last ${OBSERVED_DAYS} days.`]
  return [
    ...(reported.messages > 0
      ? [
          `${PERIOD} rules in report mode would have bounced ${reported.wouldBounce} of ${numbered(reported.messages, 'message')} to ${names}${reported.wouldWait > 0 ? `; ${reported.wouldWait} would have waited` : ''}.`,
        ]
      : []),
    ...(enforced.messages > 0
      ? [
          `${PERIOD} TLS was required for ${numbered(enforced.messages, 'message')} to ${names}: ${enforced.delivered} delivered${toGateway(enforced)}, ${enforced.bounced} bounced.`,
        ]
      : []),
    ...(enforced.asUsual > 0
      ? [
          `${PERIOD} ${numbered(enforced.asUsual, 'message')} to ${names} went as usual, because ${NOTHING_REQUIRED}.`,
        ]
      : []),
    ...waivedSentences(enforced, `to ${names} `),
  ]
}

/** Whose messages are counted: those to one address cannot be told from others to its domain. */
function counted(pattern: string): string {
  const at = pattern.lastIndexOf('@')
  return at === -1 ? pattern : `any address at ${pattern.slice(at + 1)}`
}

/** @param which with a space behind it */
function waivedSentences(counts: EnforcedCounts, which: string): string[] {
  const waived = formatWaived(counts, which)
  return waived === null ? [] : [`${PERIOD} there were ${waived}.`]
}

function toGateway({ rerouted }: EnforcedCounts): string {
  return rerouted > 0 ? `, ${rerouted} handed to a gateway` : ''
}
