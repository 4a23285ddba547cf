/**
 * What all processes together have observed of partners that no rule covers, beside the rules. Texts by name; what they
 * mean is for others to say. All may be deleted at any time. Every call that fails rejects with a `StoreError`.
 */

/** A text that is there, and the one that is to be there instead; `null` for none. */
export interface FactChange {
  readonly expected: string | null
  readonly value: string | null
}

/** Shared by all processes that use the same rules. */
export interface PartnerFacts {
  /** All that is known. */
  readAll(): Promise<ReadonlyMap<string, string>>

  /** What is known under these names; others are left out. */
  read(names: readonly string[]): Promise<ReadonlyMap<string, string>>

  /** How many names there are. */
  size(): Promise<number>

  /**
   * Changes texts, each by itself.
   *
   * @returns the names under which something else stands by now, so that nothing was written there
   */
  replace(changes: ReadonlyMap<string, FactChange>): Promise<ReadonlySet<string>>

  /** Gives connections back. Safe to call twice. */
  close(): Promise<void>
}
