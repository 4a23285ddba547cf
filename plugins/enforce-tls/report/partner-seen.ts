/**
 * What deliveries saw of a partner last: the certificate of its server, and the policies that it had published. Out of
 * the delivery log, in pieces: it may run beside mail.
 */
import { readAppliedPolicies, type AppliedPolicy } from '../observe/delivery-log/applied-policies.js'
import { fromRecord } from '../observe/delivery-log/entry.js'
import type { DeliveryLogEntry } from '../observe/delivery-log/schema.js'
import type { DeliveryLogReader } from '../store/delivery-log.js'
import type { InPieces } from '../work/pieces.js'
import { inPieces } from '../work/turns.js'
import { concerns } from './report-query.js'

/** Certificates and policies as they were then. */
export interface PartnerSeen {
  readonly certificate: {
    readonly at: string
    readonly host: string
    readonly protocol: string | null
    readonly fingerprint: string
    readonly issuer: string | null
    readonly expires: string | null
  } | null
  /** `null` where no delivery looked at what is published; without any policy: nothing was published. */
  readonly published: { readonly at: string; readonly policies: readonly AppliedPolicy[] } | null
}

/** Whom and which mail it is about. */
export interface SeenQuery {
  readonly domain: string
  /** Only mail that this owner is told of; `null` for all. */
  readonly owner: string | null
  readonly since: Date
}

/** Reads the log once. @throws what reading it throws */
export async function partnerSeen(
  log: Pick<DeliveryLogReader, 'read'>,
  { domain, owner, since }: SeenQuery,
): Promise<PartnerSeen> {
  let certificate: DeliveryLogEntry | null = null
  let policy: DeliveryLogEntry | null = null
  const from = since.toISOString()
  for await (const record of log.read(since, (json) => json.includes(domain))) {
    if (record['domain'] !== domain || (record['at'] ?? '') < from) continue
    const entry = await inPieces(reading(record))
    // What a gateway showed is not the partner's.
    if (!entry || entry.via !== undefined || (owner !== null && !concerns(owner, entry))) continue
    if (entry.fingerprint !== undefined && entry.at >= (certificate?.at ?? '')) certificate = entry
    if (entry.policy !== undefined && entry.at >= (policy?.at ?? '')) policy = entry
  }
  return { certificate: certificate && certificateIn(certificate), published: policy && policiesIn(policy) }
}

/** Before an entry is looked at, others may have their turn. */
function* reading(record: Readonly<Record<string, string>>): InPieces<DeliveryLogEntry | null> {
  yield
  return fromRecord(record)
}

function certificateIn(entry: DeliveryLogEntry): PartnerSeen['certificate'] {
  const { at, mx, address, protocol = null, fingerprint = '', issuer = null, expires = null } = entry
  return { at, host: mx ?? address ?? '', protocol, fingerprint, issuer, expires }
}

function policiesIn({ at, policy }: DeliveryLogEntry): PartnerSeen['published'] {
  const policies = readAppliedPolicies(policy)
  return policies && { at, policies }
}
