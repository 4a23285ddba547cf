/** What was observed of partners, for tests of what is made of it. */
import type { PartnerFacts } from '../../plugins/enforce-tls/store/partner-facts.js'
import {
  nameOf,
  NOTHING_SEEN,
  ofDelivery,
  together,
  type LevelSeen,
  type PairRecord,
} from '../../plugins/enforce-tls/suggest/record.js'

export const DAY = 86_400_000
export const HELD: LevelSeen = { is: 'held' }
export const MISSED: LevelSeen = { is: 'missed', why: 'has a certificate that is self-signed' }

/** A delivery that fulfilled these levels, and missed the others up to `secure`. */
export function delivery(at: number, ...held: readonly ('encrypt' | 'verify' | 'secure')[]): PairRecord {
  const is = (level: 'encrypt' | 'verify' | 'secure') => (held.includes(level) ? HELD : MISSED)
  return ofDelivery({
    at,
    levels: { encrypt: is('encrypt'), verify: is('verify'), secure: is('secure') },
    server: {
      host: 'mx.test.example',
      protocol: 'TLSv1.3',
      names: 'mx.test.example',
      valid: held.includes('verify'),
    },
  })
}

/** Deliveries, one a day, the last one now. */
export function daily(days: number, ...held: readonly ('encrypt' | 'verify' | 'secure')[]): PairRecord {
  const now = Date.now()
  return Array.from({ length: days }, (_, day) => delivery(now - (days - 1 - day) * DAY, ...held)).reduce(
    together,
    NOTHING_SEEN,
  )
}

/** Writes records of an owner's partners down. */
export async function noteDown(
  facts: PartnerFacts,
  owner: string,
  records: Readonly<Record<string, PairRecord>>,
): Promise<void> {
  await facts.replace(
    new Map(
      Object.entries(records).map(([partner, record]) => [
        nameOf({ owner, partner }),
        { expected: null, value: JSON.stringify(record) },
      ]),
    ),
  )
}
