/** Entries of the delivery log for tests: what a test says, the rest as a good delivery has it. */
import { toRecord, type DeliveryLogRecord } from '../../plugins/enforce-tls/observe/delivery-log/entry.js'
import type { ReleaseHistory } from '../../plugins/enforce-tls/report/history-releases.js'
import type { Beside } from '../../plugins/enforce-tls/report/trace/lacks.js'
import type { DeliveryLogEntry } from '../../plugins/enforce-tls/observe/delivery-log/schema.js'

/** A store whose history has no release. */
export const NO_HISTORY: ReleaseHistory = { history: () => Promise.resolve([]) }

/** What a message has beside its entries where the log lacks nothing. */
export const NOTHING_LACKS: Beside = { logBegins: null, gaps: [], history: [] }

let made = 0

/** One entry. */
export function entry(wanted: Partial<DeliveryLogEntry> = {}): DeliveryLogEntry {
  made += 1
  return {
    id: `test.${made}`,
    at: '2026-11-20T10:00:00.000Z',
    kind: 'outcome',
    uuid: `U${made}.1`,
    from: 'acme.example',
    domain: 'bank.example',
    recipients: 1,
    rules: [{ owner: 'acme.example', id: 'r1' }],
    level: 'encrypt',
    result: 'delivered',
    tries: '0',
    ...wanted,
  }
}

/** Entries as a store gives them. */
export async function* records(...entries: readonly DeliveryLogEntry[]): AsyncGenerator<DeliveryLogRecord> {
  for (const one of entries) yield await Promise.resolve(toRecord(one))
}
