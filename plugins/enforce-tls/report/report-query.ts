/** The entries of the delivery log that a report is about. Pure but for reading them. */
import { fromRecord, type DeliveryLogRecord } from '../observe/delivery-log/entry.js'
import type { DeliveryLogEntry } from '../observe/delivery-log/schema.js'
import { EVERYONE } from '../rules/owner.js'

/** What a report covers. */
export interface ReportQuery {
  /** From then on. */
  readonly since: Date
  /** Before then. */
  readonly until: Date
  /** Only mail that rules of this owner speak of; of a domain, all mail of its senders and to its recipients. */
  readonly owner: string | null
  /** Only mail to this domain. */
  readonly domain: string | null
  readonly now: Date
}

/** The entries that a query covers, each once; what is no entry is skipped. */
export async function* entriesFor(
  records: AsyncIterable<DeliveryLogRecord>,
  { since, until, owner, domain }: ReportQuery,
): AsyncGenerator<DeliveryLogEntry> {
  const seen = new Set<string>()
  const [from, to] = [since.toISOString(), until.toISOString()]
  for await (const record of records) {
    const entry = fromRecord(record)
    if (!entry || entry.at < from || entry.at >= to || seen.has(entry.id)) continue
    seen.add(entry.id)
    if ((owner === null || isOf(owner, entry)) && (domain === null || domain === entry.domain)) yield entry
  }
}

function isOf(owner: string, { kind, rules, from, domain }: DeliveryLogEntry): boolean {
  if (owner === EVERYONE || owner.includes('@')) return rules.some((rule) => rule.owner === owner)
  return (kind === 'refusal' ? domain : from) === owner
}
