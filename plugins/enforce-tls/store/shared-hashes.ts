/**
 * Texts by hash and field that all processes share which use the same rules. They are beside the rules and say nothing of
 * them; what they mean is for others to say. Every call that fails rejects with a `StoreError`.
 */

/** Named hashes, each field of which is written by itself. */
export interface SharedHashes {
  /** Where they are, in a few words. */
  readonly description: string

  /** All fields of a hash; none where there is none. */
  read(hash: string): Promise<ReadonlyMap<string, string>>

  /** The names of all fields of a hash. */
  fields(hash: string): Promise<ReadonlySet<string>>

  /** Some fields of a hash, without those that are not there. */
  get(hash: string, fields: readonly string[]): Promise<ReadonlyMap<string, string>>

  /** Sets fields, or with `null` removes them. After a rejection some may be written; doing it again is harmless. */
  write(hash: string, changes: ReadonlyMap<string, string | null>): Promise<void>

  /**
   * Sets fields that are not there yet.
   *
   * @returns the fields that this call has set
   */
  add(hash: string, values: ReadonlyMap<string, string>): Promise<ReadonlySet<string>>

  /** Removes a field; gives whether it was this call that removed it, which of several at a time is one. */
  take(hash: string, field: string): Promise<boolean>

  /** Gives connections back. Safe to call twice. */
  close(): Promise<void>
}
