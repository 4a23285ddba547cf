/** What a check found of MTA-STS and TLS reporting, as `enforce-tls check --json` and the API give it. */

/** `off`: the policy has mode `none`. */
export const STS_OUTCOMES = ['enforce', 'testing', 'off', 'none', 'unknown'] as const
export type StsOutcome = (typeof STS_OUTCOMES)[number]

/** The MTA-STS policy of a partner. */
export interface StsCheck {
  readonly outcome: StsOutcome
  /** For a person, with what is wrong. */
  readonly sentence: string
  /** The policy; `null` where there is none, or none is known. */
  readonly policy: {
    readonly id: string
    /** Patterns of MX hosts. */
    readonly mx: readonly string[]
    /** How long it holds after it was fetched, and how long ago that was, in seconds. */
    readonly maxAge: number
    readonly age: number
    /** What is wrong with lines of it, a clause each. */
    readonly problems: readonly string[]
  } | null
}

/** Whether a partner asks for reports on TLS (RFC 8460). */
export interface TlsReportsCheck {
  /** `null` where that is unknown. */
  readonly wanted: boolean | null
  /** Where reports go, as URIs. */
  readonly to: readonly string[]
  /** For a person, with what is wrong. */
  readonly sentence: string
}
