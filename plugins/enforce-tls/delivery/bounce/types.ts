/** What the sentences of a bounce are about, and what they are. */

/** What it is about, each value one line. */
export interface BounceSubject {
  readonly domain: string
  readonly recipients: readonly string[]
  /** The receiving servers that failed for TLS. */
  readonly hosts: readonly string[]
}

/** What is said of a message that was not sent. */
export interface NoticeSentences {
  readonly subjectLine: string
  readonly title: string
  readonly result: string
  /** Whose side has to act. */
  readonly side: string
  readonly reason: string
  /** What TLS is and what was wrong with it; `null` where TLS is not to blame. */
  readonly explanation: string | null
  /** `null` for nothing that is special to TLS. */
  readonly advice: string | null
  /** The paragraph for the administrators of the recipient's servers; `null` for none. */
  readonly ask: string | null
}
