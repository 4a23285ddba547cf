/**
 * The TLSA records of a host: which of them count. As Postfix and RFC 7672 have it: usages 2 and 3 only, selectors and
 * digests that are known, data that fits them; and of the digests for one usage and selector the strongest only
 * (RFC 7671 section 9). Pure.
 */
import { createHash, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import type { TlsaRecord } from '../../dns/answer.js'
import { publicKeyOf } from './der.js'

/** The numbers of RFC 6698 and 7218, by name. */
export const USAGE = { trustAnchor: 2, endEntity: 3 } as const
export const SELECTOR = { certificate: 0, publicKey: 1 } as const
export const MATCHING = { full: 0, sha256: 1, sha512: 2 } as const
const DIGEST_BYTES: Readonly<Record<number, number>> = { [MATCHING.sha256]: 32, [MATCHING.sha512]: 64 }

/** A record with what becomes of it. */
export interface RatedTlsa {
  readonly record: TlsaRecord
  /** Why it does not count, as the end of a sentence about it; empty where it does. */
  readonly ignored: string
}

export interface TlsaSet {
  /** All, in a fixed order. */
  readonly all: readonly RatedTlsa[]
  /** Those that count. None: published, but nothing can be authenticated by them. */
  readonly usable: readonly TlsaRecord[]
  /** For keys: of a set with other records that count, or for another base domain, it is another. */
  readonly digest: string
}

/**
 * Rates the records that are published for a host.
 *
 * @param base the TLSA base domain
 */
export function tlsaSet(base: string, records: readonly TlsaRecord[]): TlsaSet {
  const rated = records.map((record) => ({ record, ignored: unusable(record) }))
  const wellFormed = rated.filter(({ ignored }) => ignored === '').map(({ record }) => record)
  const all = rated
    .map(({ record, ignored }) =>
      ignored === '' && outranked(record, wellFormed)
        ? { record, ignored: 'a record with a stronger digest counts instead' }
        : { record, ignored },
    )
    .toSorted((a, b) => Buffer.compare(encoded(a.record), encoded(b.record)))
  const usable = all.filter(({ ignored }) => ignored === '').map(({ record }) => record)
  const digest = createHash('sha256').update(`${base}\n`)
  for (const record of usable) {
    const bytes = encoded(record)
    digest.update(`${bytes.length}\n`).update(bytes)
  }
  return { all, usable, digest: digest.digest('hex') }
}

/** Such as `3 1 1 8f1c2d3e4a5b6c7d…`. */
export function formatTlsa({ usage, selector, matchingType, data }: TlsaRecord): string {
  const most = 8
  const start = data.subarray(0, most).toString('hex')
  return `${usage} ${selector} ${matchingType} ${start}${data.length > most ? '…' : ''}`
}

/** The certificate that a record holds, for those that hold a whole one. */
export function certificateIn({ selector, matchingType, data }: TlsaRecord): X509Certificate | null {
  if (selector !== SELECTOR.certificate || matchingType !== MATCHING.full) return null
  try {
    const certificate = new X509Certificate(data)
    // Bytes behind it would be passed over. A key of unknown kind throws.
    return certificate.raw.equals(data) && certificate.publicKey.type === 'public' ? certificate : null
  } catch {
    return null
  }
}

/** The public key that a record holds, for those that hold a whole one. */
export function publicKeyIn({ selector, matchingType, data }: TlsaRecord): KeyObject | null {
  if (selector !== SELECTOR.publicKey || matchingType !== MATCHING.full) return null
  try {
    return createPublicKey({ key: data, format: 'der', type: 'spki' })
  } catch {
    return null
  }
}

/** Whether a record is about a certificate. */
export function matches({ selector, matchingType, data }: TlsaRecord, certificate: X509Certificate): boolean {
  const content = selector === SELECTOR.publicKey ? publicKeyOf(certificate) : certificate.raw
  if (matchingType === MATCHING.full) return content.equals(data)
  const algorithm = matchingType === MATCHING.sha512 ? 'sha512' : 'sha256'
  return createHash(algorithm).update(content).digest().equals(data)
}

/** Why a record cannot be used; empty where it can. */
function unusable(record: TlsaRecord): string {
  const { usage, selector, matchingType, data } = record
  if (usage === 0 || usage === 1) return `mail servers do not use certificate usage ${usage} (RFC 7672)`
  if (usage !== USAGE.trustAnchor && usage !== USAGE.endEntity) return `certificate usage ${usage} is unknown`
  if (selector !== SELECTOR.certificate && selector !== SELECTOR.publicKey)
    return `selector ${selector} is unknown`
  if (matchingType === MATCHING.full) {
    if (selector === SELECTOR.certificate) return certificateIn(record) ? '' : 'it holds no certificate'
    return publicKeyIn(record) ? '' : 'it holds no public key'
  }
  const bytes = DIGEST_BYTES[matchingType]
  if (bytes === undefined) return `matching type ${matchingType} is unknown`
  return data.length === bytes ? '' : `its digest has ${data.length} bytes instead of ${bytes}`
}

/** Whether a record's digest is weaker than another's of the same usage and selector. */
function outranked({ usage, selector, matchingType }: TlsaRecord, others: readonly TlsaRecord[]): boolean {
  return (
    matchingType === MATCHING.sha256 &&
    others.some(
      (other) =>
        other.usage === usage && other.selector === selector && other.matchingType === MATCHING.sha512,
    )
  )
}

function encoded({ usage, selector, matchingType, data }: TlsaRecord): Buffer {
  return Buffer.concat([Buffer.from([usage, selector, matchingType]), data])
}
