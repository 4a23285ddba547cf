/** What is asked of DNS, and what comes back. Types only. */

/** The record types that are asked for, with what a record of each holds. */
export interface RecordData {
  readonly A: string
  readonly AAAA: string
  readonly CNAME: string
  readonly MX: MxRecord
  readonly SOA: string
  readonly TLSA: TlsaRecord
  readonly TXT: string
}

export type RecordType = keyof RecordData

export interface MxRecord {
  readonly preference: number
  /** In lower case; `.` says that the domain takes no mail (RFC 7505). */
  readonly exchange: string
}

/** A TLSA record as it stands in DNS, usable or not (RFC 6698 section 2.1). */
export interface TlsaRecord {
  readonly usage: number
  readonly selector: number
  readonly matchingType: number
  readonly data: Buffer
}

export interface Question<T extends RecordType = RecordType> {
  /** A domain name as `domainName` has it. */
  readonly name: string
  readonly type: T
}

/**
 * The answer to a question. Whoever asks gets one of the three; nothing is thrown. A look-up that fails is never
 * "nothing there": SERVFAIL (so also what does not validate), silence, and answers that make no sense are `failed`.
 */
export type Answer<T extends RecordType = RecordType> = Found<T> | None | Failed

export interface Found<T extends RecordType = RecordType> {
  readonly kind: 'found'
  /** The name that has the records: the one asked for, or the last of its CNAME records. */
  readonly name: string
  /** Whether the resolver has validated all of it by DNSSEC, each CNAME on the way included. */
  readonly authentic: boolean
  /** One at least. */
  readonly records: readonly RecordData[T][]
  /** How long this may be used, in seconds. */
  readonly ttl: number
}

export interface None {
  readonly kind: 'none'
  /** As of `Found`: the name that does not exist, or has no such records. */
  readonly name: string
  /** Whether the name itself does not exist (NXDOMAIN), or has no records of this type. */
  readonly reason: 'no-such-name' | 'no-such-record'
  readonly authentic: boolean
  readonly ttl: number
}

export interface Failed {
  readonly kind: 'failed'
  /** What was asked and what went wrong, for a person; without a full stop. */
  readonly why: string
  /** No resolver here validates, or answers at all: nothing is said of the domain. */
  readonly isOurs?: true
}

/** What asks DNS. */
export interface Dns {
  /** Never rejects, and answers within a bounded time. */
  ask<T extends RecordType>(name: string, type: T): Promise<Answer<T>>
}
