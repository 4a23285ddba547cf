/** What a report has to know of the log that it is made of, besides what is in the log. */

/** What is known of the log that a report is made of, besides what is in the log. */
export interface LogScope {
  /** The machine whose mail alone is in the log; `null` where nodes share one. */
  readonly machine: string | null
  /** Nodes that have not been seen for a while: what they have not written yet is missing. */
  readonly down: readonly { readonly name: string; readonly seen: string }[]
  /** Nodes whose delivery log is switched off now, and since when. */
  readonly off: readonly { readonly name: string; readonly since: string }[]
  /** Whether it could not be read which nodes there are. */
  readonly nodesUnknown: boolean
  /** Whether mail is delivered as usual while its rules cannot be read: it is not in the log. */
  readonly deliversUnknown: boolean
}

/** A log that nodes share, with nothing known of them. */
export const WHOLE_LOG: LogScope = {
  machine: null,
  down: [],
  off: [],
  nodesUnknown: false,
  deliversUnknown: false,
}
