/** Parts of a report in words, the same in the table and on the page. Pure. */
import { numbered } from '../text/list.js'
import { howTheyWent } from './waived.js'
import type { DeliveryReport, EnforcedCounts, IncomingCounts, ReportedCounts } from './delivery-report.js'

/** Such as `12.5%`; of nothing it is `-`. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((part / whole) * 100).toFixed(1)}%`
}

/** Such as `2026-11-23 18:00`, in UTC. */
export function utc(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ')
}

/** The period, and what the report is limited to. */
export function formatScope({ since, until, owner, domain }: DeliveryReport): string {
  const whose = owner === null ? '' : owner === '*' ? ', rules of the whole service' : `, mail of ${owner}`
  const where = domain === null ? '' : `, to ${domain}`
  return `from ${utc(since)} to ${utc(until)} UTC${whose}${where}`
}

/** Where the log does not go back to the beginning of the period: that it does not; else `null`. */
export function formatDropped({ since, logBegins }: DeliveryReport): string | null {
  if (logBegins === null || logBegins <= since) return null
  return `Entries older than ${utc(logBegins)} UTC were dropped or never made.`
}

/** What became of messages that require TLS, a line each. */
export function formatEnforced(counts: EnforcedCounts): string[] {
  const { messages, delivered, requiretls, rerouted, bounced, kept } = counts
  const { waiting, released, other, asUsual, freed, waived } = counts
  const beside = [
    ...(asUsual > 0 ? [`${asUsual} more delivered as usual: nothing to hold them to`] : []),
    ...(freed > 0
      ? [`${freed} more put off, until TLS was not required any more (what became of them is not in the log)`]
      : []),
    ...(waived > 0
      ? [`${waived} more waived by their senders, TLS-Required: No (${howTheyWent(counts)})`]
      : []),
  ]
  if (messages === 0) return ['no messages', ...beside]
  return [
    numbered(messages, 'message'),
    `${delivered} delivered (${percent(delivered, messages)})`,
    ...(requiretls > 0 ? [`${requiretls} of them handed on with REQUIRETLS`] : []),
    ...(rerouted > 0 ? [`${rerouted} ${TO_GATEWAY}`] : []),
    ...(released > 0 ? [`${released} released, sent without what the rules require`] : []),
    `${bounced} bounced (${percent(bounced, messages)})`,
    ...(kept > 0 ? [`${kept} kept in the queue folder as error.*`] : []),
    `${waiting} waiting when last heard of`,
    ...(other > 0 ? [`${other} with a result that this version does not know`] : []),
    ...beside,
  ]
}

/** What is known of messages that a gateway has taken. */
export const TO_GATEWAY = 'handed to a gateway over a verified connection'

/** Why messages were delivered as usual though a rule covers them. */
export const NOTHING_PUBLISHED = 'nothing is published that the rules look at'

/** Why messages were delivered as usual though a rule covers them, or their senders asked for REQUIRETLS. */
export const NOTHING_REQUIRED = `${NOTHING_PUBLISHED}, or REQUIRETLS was only a wish of the sender`

/** What rules in report mode would have done, a line each. */
export function formatReported({
  messages,
  wouldBounce,
  wouldWait,
  wouldDeliver,
  wouldDeliverAsUsual,
  unknown,
}: ReportedCounts): string[] {
  if (messages === 0) return ['no messages']
  return [
    numbered(messages, 'message'),
    `${wouldBounce} would have bounced (${percent(wouldBounce, messages)})`,
    ...(wouldWait > 0 ? [`${wouldWait} would have waited (${percent(wouldWait, messages)})`] : []),
    `${wouldDeliver} would have been delivered`,
    ...(wouldDeliverAsUsual > 0 ? [`${wouldDeliverAsUsual} would have been delivered as usual`] : []),
    ...(unknown > 0 ? [`${unknown} unknown: the requirement could not be checked`] : []),
  ]
}

/** What became of mail of partners that came in the clear, a line each. */
export function formatIncoming({ refused, wouldRefuse }: IncomingCounts): string[] {
  return [
    `${numbered(refused, 'recipient')} rejected`,
    ...(wouldRefuse > 0 ? [`${wouldRefuse} would have been rejected`] : []),
  ]
}
