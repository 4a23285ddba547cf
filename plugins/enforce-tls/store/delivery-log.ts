/**
 * Where the delivery log is kept, beside the rules: texts by name, oldest first, about the last so many. What
 * they mean is for others to say. Every call that fails rejects with a `StoreError` that names the place.
 */

/** One entry of the log. */
export type DeliveryRecord = Readonly<Record<string, string>>

/** Whether an entry may be one that is asked for, by its JSON: a look that costs less than reading it. */
export type MayBeWanted = (json: string) => boolean

/** A log that forgets its oldest entries. */
export interface DeliveryLog {
  /** The log in a sentence, such as `redis redis://127.0.0.1:6379, stream enforce-tls:deliveries`. */
  readonly description: string

  /**
   * Adds entries. After a rejection they may be in the log or not; adding them again can make them be in it
   * twice.
   *
   * @param max about the most entries that the log keeps
   * @param maxAge how long it keeps them, in milliseconds; looked at now and then. @default for ever
   */
  append(records: readonly DeliveryRecord[], max: number, maxAge?: number): Promise<void>

  /** Rejects where entries cannot be added now; adds nothing. */
  check(): Promise<void>

  /**
   * The entries in the order of their writing, from a time on; some that are a little older may come, too.
   *
   * @param mayBeWanted leaves out entries; others that it would leave out may come all the same. @default none
   */
  read(since: Date, mayBeWanted?: MayBeWanted): AsyncIterable<DeliveryRecord>

  /** When the oldest entry was written, in ISO 8601 and UTC; `null` for an empty log. */
  begins(): Promise<string | null>

  /** The key of the hashes in it; `null` where there is none yet. */
  readKey(): Promise<string | null>

  /** Sets that key where there is none; gives the one that is there then, the same for all who set one at once. */
  makeKey(candidate: string): Promise<string>

  /** Gives connections back. Safe to call twice. */
  close(): Promise<void>
}

/** The log for those who only look into it. */
export type DeliveryLogReader = Pick<DeliveryLog, 'read' | 'begins' | 'readKey'>
