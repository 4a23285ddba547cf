/** What a check found of DANE, as `enforce-tls check --json` and the API give it. */
import type { DaneReason } from '../published/dane/verdict.js'

/** Of a host: its certificate is the one that is published, or is not, or nothing that counts is published. */
export type HostDaneOutcome = 'vouched' | 'not-vouched' | 'none' | 'unknown'

/** Of a partner: `partly` is some of its hosts, `host-only` hosts to which MX records lead that nobody proves. */
export const DANE_OUTCOMES = ['vouched', 'partly', 'host-only', 'not-vouched', 'none', 'unknown'] as const
export type DaneOutcome = (typeof DANE_OUTCOMES)[number]

/** Whether DANE would vouch for the servers of a partner. */
export interface DaneCheck {
  readonly outcome: DaneOutcome
  /** For a person, with what is wrong. */
  readonly sentence: string
}

/** What DANE says of the server at one address. */
export interface HostDane {
  readonly outcome: HostDaneOutcome
  /** Why, where it is not `vouched`: a clause, without a full stop. */
  readonly detail: string | null
  /** Whether the MX records that name the host are authentic by DNSSEC; `null` where unknown, or not asked for. */
  readonly mxAuthentic: boolean | null
  /** Whether the host's addresses are; `null` where unknown. */
  readonly addressesAuthentic: boolean | null
  /** The name that has the TLSA records (TLSA base domain); `null` where there are none. */
  readonly base: string | null
  readonly records: readonly RecordDane[]
}

/** A TLSA record, compared with the certificates that the server has sent. */
export interface RecordDane {
  readonly usage: number
  readonly selector: number
  readonly matchingType: number
  /** In hexadecimal digits. */
  readonly data: string
  /** `null` where no certificate was seen. */
  readonly matches: boolean | null
  /** `null` where it matches, or was not compared. */
  readonly reason: DaneReason | null
  /** Why it does not match, or does not count. */
  readonly detail: string | null
}
