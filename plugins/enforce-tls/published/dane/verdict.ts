/**
 * Whether the TLSA records of a host vouch for the certificates that its server has sent (RFC 7671, RFC 7672 section 3).
 * One record that matches is enough. Pure; whatever the server has sent, it does not throw.
 */
import type { X509Certificate } from 'node:crypto'
import type { TlsaRecord } from '../../dns/answer.js'
import { errorMessage } from '../../text/error-message.js'
import { issuersOf, type Issuers } from './issuers.js'
import { certificateIn, formatTlsa, matches, SELECTOR, USAGE, type TlsaSet } from './tlsa-set.js'
import { trustAnchorMismatch, type DaneServer } from './trust-anchor.js'

/** Why a record does not vouch for a server; the first one in this order is the verdict's. */
const REASONS = [
  'certificate-host-mismatch',
  'certificate-expired',
  'chain-not-valid',
  'authority-not-sent',
  'tlsa-mismatch',
  'ignored',
] as const

export type DaneReason = (typeof REASONS)[number]

export interface RecordVerdict {
  readonly record: TlsaRecord
  /** `null` where the record vouches for the server. */
  readonly reason: DaneReason | null
  /** What is wrong, as the end of a sentence about the server; empty where it vouches. */
  readonly why: string
}

export interface DaneVerdict {
  /** The record that vouches for the server; `null` for none. */
  readonly by: TlsaRecord | null
  /** The most telling one; `null` where a record vouches. */
  readonly reason: DaneReason | null
  readonly why: string
  /** Of every record of the set, in its order. */
  readonly records: readonly RecordVerdict[]
}

/** Whole certificates of records that are looked at. */
const CERTIFICATES_MAX = 10

/** Whether a set of records vouches for a server, and what each record says. */
export function daneVerdict(set: TlsaSet, server: DaneServer): DaneVerdict {
  const [leaf] = server.chain
  let issuers: Issuers | undefined
  const inRecords = set.usable.map((record) => certificateIn(record)).filter((found) => found !== null)
  const others = [...inRecords.slice(0, CERTIFICATES_MAX), ...server.chain.slice(1)]
  const records = set.all.map(({ record, ignored }): RecordVerdict => {
    if (ignored !== '')
      return fails(
        record,
        'ignored',
        `has a TLSA record ${formatTlsa(record)} that does not count: ${ignored}`,
      )
    if (!leaf) return fails(record, 'tlsa-mismatch', 'has no certificate')
    try {
      if (record.usage === USAGE.endEntity) return endEntity(record, leaf)
      issuers ??= issuersOf(leaf, others, server.now)
      const mismatch = trustAnchorMismatch(record, leaf, issuers, server)
      return mismatch ? { record, ...mismatch } : { record, reason: null, why: '' }
    } catch (error) {
      return fails(record, 'chain-not-valid', `sends a chain that cannot be read: ${errorMessage(error)}`)
    }
  })
  const match = records.find(({ reason }) => reason === null)
  if (match) return { by: match.record, reason: null, why: '', records }
  const [worst] = records.toSorted((a, b) => rank(a) - rank(b))
  const reason = worst?.reason ?? 'ignored'
  return { by: null, reason, why: whyNone(set, worst), records }
}

/** Usage 3: it is this very certificate, or its key; its names and dates mean nothing (RFC 7672 section 3.1.1). */
function endEntity(record: TlsaRecord, leaf: X509Certificate): RecordVerdict {
  if (matches(record, leaf)) return { record, reason: null, why: '' }
  const part = record.selector === SELECTOR.publicKey ? 'a public key' : 'a certificate'
  return fails(
    record,
    'tlsa-mismatch',
    `has ${part} that is not the one of its TLSA record ${formatTlsa(record)}`,
  )
}

function fails(record: TlsaRecord, reason: DaneReason, why: string): RecordVerdict {
  return { record, reason, why }
}

function rank({ reason }: RecordVerdict): number {
  return reason === null ? -1 : REASONS.indexOf(reason)
}

function whyNone(set: TlsaSet, worst: RecordVerdict | undefined): string {
  if (!worst) return 'has no TLSA records'
  if (set.usable.length === 0)
    return `has no TLSA record that can be used: ${formatTlsa(worst.record)}: ${set.all[0]?.ignored ?? ''}`
  return set.usable.length === 1
    ? worst.why
    : `${worst.why}; none of its ${set.usable.length} TLSA records fits`
}
