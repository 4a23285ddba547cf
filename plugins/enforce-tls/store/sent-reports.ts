/**
 * What was sent of the reports of a day or another period, beside the rules, and which process sends them. Texts by name;
 * what they mean is for others to say. Every call that fails rejects with a `StoreError`.
 */

/** Shared by all processes that use the same rules. */
export interface SentReports {
  /** What is known of the reports of a period, such as `2026-11-20`. */
  readPeriod(period: string): Promise<ReadonlyMap<string, string>>

  /** Writes one thing down. A period is forgotten a while after its last word. */
  write(period: string, name: string, value: string): Promise<void>

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

/** Which reports: to partners (RFC 8460) each day, or to one's own people each week or month. */
export type ReportKind = 'tls-rpt' | 'report'

const DAY = 86_400_000
/** How long a period is kept, in milliseconds: longer than it is the last one. */
export const PERIOD_KEPT: Readonly<Record<ReportKind, number>> = { 'tls-rpt': 4 * DAY, report: 70 * DAY }
