/** What the sentences of a bounce are about, and what they are. */

/** What it is about, each value one line. */
export interface BounceSubject {
  readonly domain: string
  readonly recipients: string
  /** The receiving server or servers. */
  readonly mx: string
}

/** The sentences of a bounce for which TLS is to blame. */
export interface TlsSentences {
  readonly summary: string
  readonly explanation: string
  /** `null` for nothing that is special to TLS. */
  readonly advice: string | null
  readonly subjectLine: string
}
