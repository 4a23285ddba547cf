/**
 * What was sent of the TLS reports of a day, beside the rules, and which process sends them. Texts by name; what they
 * mean is for others to say. Every call that fails rejects with a `StoreError`.
 */

/** Shared by all processes that use the same rules. */
export interface TlsRptState {
  /** What is known of the reports of a day, such as `2026-11-20`. */
  readDay(day: string): Promise<ReadonlyMap<string, string>>

  /** Writes one thing down. A day is forgotten some days after its last word. */
  write(day: string, name: string, value: string): Promise<void>

  /**
   * Takes the lease, which only one process has at a time, or prolongs it.
   *
   * @param holder a name of this process, and of no other
   * @param duration after which it ends by itself, in milliseconds
   * @returns false where somebody else has it.
   */
  takeLease(holder: string, duration: number): Promise<boolean>

  /** Ends the lease of the holder, if it still has it. */
  endLease(holder: string): Promise<void>

  /** Gives connections back. Safe to call twice. */
  close(): Promise<void>
}

/** How long a day is kept, in milliseconds. */
export const DAY_KEPT = 4 * 86_400_000
