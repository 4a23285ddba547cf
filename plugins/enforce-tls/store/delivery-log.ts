/**
 * Where the delivery log is kept, beside the rules: texts by name, oldest first, about the last so many. What
 * they mean is for others to say. Every call that fails rejects with a `StoreError` that names the place.
 */

/** One entry of the log. */
export type DeliveryRecord = Readonly<Record<string, string>>

/** A log that forgets its oldest entries. */
export interface DeliveryLog {
  /** The log in a sentence, such as `redis redis://127.0.0.1:6379, stream enforce-tls:deliveries`. */
  readonly description: string

  /**
   * Adds entries. After a rejection they may be in the log or not; adding them again can make them be in it
   * twice.
   *
   * @param max about the most entries that the log keeps
   */
  append(records: readonly DeliveryRecord[], max: number): Promise<void>

  /** Rejects where entries cannot be added now; adds nothing. */
  check(): Promise<void>

  /** The entries in the order of their writing, from a time on; some that are a little older may come, too. */
  read(since: Date): AsyncIterable<DeliveryRecord>

  /** Gives connections back. Safe to call twice. */
  close(): Promise<void>
}
