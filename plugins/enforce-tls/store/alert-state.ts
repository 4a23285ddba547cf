/**
 * What all processes together know of partners, beside the rules, and which of them notifies. Texts by
 * name; what they mean is for others to say. Every call that fails rejects with a `StoreError`.
 */

/** Shared by all processes that use the same rules. */
export interface AlertState {
  /** All that is known. */
  readAll(): Promise<ReadonlyMap<string, string>>

  /** What is known of a partner. */
  read(name: string): Promise<string | null>

  /**
   * Writes down what is known of a partner, or removes it.
   *
   * @param expected what was read
   * @returns false, with nothing written, where it is something else by now.
   */
  replace(name: string, expected: string | null, value: string | null): Promise<boolean>

  /**
   * Takes the lease, which only one process has at a time.
   *
   * @param holder a name of this process, and of no other
   * @param duration after which it ends by itself, in milliseconds
   * @returns false where somebody has it.
   */
  takeLease(holder: string, duration: number): Promise<boolean>

  /** Lets the lease of the holder, if it still has it, end after so many milliseconds from now. */
  endLeaseAfter(holder: string, duration: number): Promise<void>

  /** Gives connections back. Safe to call twice. */
  close(): Promise<void>
}
