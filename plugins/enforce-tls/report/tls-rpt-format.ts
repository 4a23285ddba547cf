/** The shape of an aggregate report of RFC 8460 (SMTP TLS Reporting), as far as ours go. */

/** The result types of RFC 8460 section 4.3 that our classes come to. */
export type ResultType =
  | 'starttls-not-supported'
  | 'certificate-host-mismatch'
  | 'certificate-expired'
  | 'certificate-not-trusted'
  | 'tlsa-invalid'
  | 'dnssec-invalid'
  | 'dane-required'
  | 'sts-policy-fetch-error'
  | 'sts-policy-invalid'
  | 'sts-webpki-invalid'
  | 'validation-failure'

/** Failed sessions of the same kind between the same two servers. */
export interface FailureDetails {
  readonly 'result-type': ResultType
  readonly 'sending-mta-ip'?: string
  readonly 'receiving-mx-hostname'?: string
  readonly 'receiving-ip'?: string
  readonly 'failed-session-count': number
  /** Our class, where the result type alone does not say it. */
  readonly 'failure-reason-code'?: string
}

/** What was seen of one policy. */
export interface PolicyReport {
  readonly policy: {
    readonly 'policy-type': 'tlsa' | 'sts' | 'no-policy-found'
    readonly 'policy-string'?: readonly string[]
    readonly 'policy-domain': string
    /** Only of `sts`: the patterns of the policy. */
    readonly 'mx-host'?: readonly string[]
  }
  readonly summary: {
    readonly 'total-successful-session-count': number
    readonly 'total-failure-session-count': number
  }
  readonly 'failure-details': readonly FailureDetails[]
}

/** A report as RFC 8460 section 4.4 has it. */
export interface TlsRptReport {
  readonly 'organization-name': string
  readonly 'date-range': { readonly 'start-datetime': string; readonly 'end-datetime': string }
  readonly 'contact-info': string
  readonly 'report-id': string
  readonly policies: readonly [PolicyReport, ...PolicyReport[]]
}
