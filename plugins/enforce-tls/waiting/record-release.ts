/**
 * Writes down, in the history and the delivery log, that an administrator lets one message go without its rules, and in the
 * log that such leave has ended before the message was gone.
 */
import type { ReleaseFacts } from '../admin/format-release.js'
import type { DeliveryEvent, ReleaseEvent } from '../delivery/delivery-events.js'
import { LEVELS } from '../rules/levels.js'
import { EVERYONE } from '../rules/owner.js'
import type { RuleStore } from '../store/rule-store.js'
import { listed } from '../text/list.js'
import type { Order } from './orders.js'
import type { WaitingRecord } from './record.js'

/** Records it. Rejects where the history does not take it; the delivery log takes it later if it can't now. */
export async function recordRelease(
  store: Pick<RuleStore, 'recordRelease'>,
  emit: (event: DeliveryEvent) => void,
  record: WaitingRecord,
  order: Order,
): Promise<void> {
  const { id, uuid, sender, recipients, recipientCount, rules } = record
  const { by, reason } = order
  const facts: ReleaseFacts = {
    order: order.id,
    message: uuid,
    from: sender || '<>',
    to: listed(recipients, 20) + (recipientCount > recipients.length ? ` (${recipientCount} in all)` : ''),
    rules: listed(rules.map((rule) => `${rule.name} (${rule.owner})`)),
    reason,
  }
  const value = JSON.stringify(facts)
  // One line for each owner whose rules it goes without: each may look at its own history alone.
  const owners = new Set(rules.map(({ owner }) => owner))
  for (const owner of owners.size === 0 ? [EVERYONE] : owners)
    await store.recordRelease({ owner, field: id, value }, by)
  emit(releaseEvent('granted', record, order))
}

/** What the delivery log says of leave as such. */
export function releaseEvent(
  result: 'granted' | 'lapsed',
  record: WaitingRecord,
  { id: order, by, reason }: Order,
): ReleaseEvent {
  const { id: item, uuid, sender, recipients, domain, rules } = record
  const level = LEVELS.find(({ name }) => name === record.level)?.name ?? 'encrypt'
  return {
    kind: 'release',
    at: Date.now(),
    ...{ uuid, item, sender, domain, recipients },
    requirement: { level, decidedBy: rules },
    result,
    host: '',
    to: '',
    ...{ order, by, reason },
  }
}
