/** Entries of the delivery log for tests: what a test says, the rest as a good delivery has it. */
import { toRecord, type EvidenceRecord } from '../../plugins/enforce-tls/observe/delivery-log/entry.js'
import type { EvidenceEntry } from '../../plugins/enforce-tls/observe/delivery-log/schema.js'

let made = 0

/** One entry. */
export function entry(wanted: Partial<EvidenceEntry> = {}): EvidenceEntry {
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
    ...wanted,
  }
}

/** Entries as a store gives them. */
export async function* records(...entries: readonly EvidenceEntry[]): AsyncGenerator<EvidenceRecord> {
  for (const one of entries) yield await Promise.resolve(toRecord(one))
}
