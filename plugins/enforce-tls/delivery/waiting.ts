/**
 * What a guard says of items that wait and of what becomes of them, and what an administrator has ordered for an item.
 * The guard asks at each decision anew; whoever answers does no I/O then, throws nothing, and answers "nothing" where it
 * does not know: an order that got lost leaves the message waiting under its rules.
 */
import type { HarakaAddress, HarakaMailItem } from '../haraka/types.js'
import type { Requirement } from '../rules/requirement.js'
import type { AttemptFailure } from './outcome.js'

/** Why an item waits, and for how long. */
export interface Wait {
  /** `null` while the rules are unknown. */
  readonly requirement: Requirement | null
  readonly failure: Pick<AttemptFailure, 'class' | 'detail'>
  /** The host that failed; empty where there was none. */
  readonly host: string
  /** The gateway that it waits for, by name; `null` where it waits for none. */
  readonly gateway?: string | null
  /** When it is tried next, and when it is given up, in milliseconds since the epoch. */
  readonly next: number
  readonly until: number
}

/** Leave for one item to go once without what its rules require. */
export interface Release {
  /** The order that gave it. */
  readonly order: string
  readonly by: string
  readonly reason: string
  /** Whether it still needs TLS: that did not fail, only what is checked of it, such as the certificate. */
  readonly encrypted: boolean
}

/** The last word on an item: no further try. */
export interface GivingUp {
  /** What it failed for the last time. */
  readonly failure: AttemptFailure
  /** The host that it failed at; empty for none. */
  readonly host: string
  /** The gateway that it waited for, by name; absent for none. */
  readonly gateway?: string
  readonly by: string
  /** Empty where none was given. */
  readonly reason: string
}

/** Who knows what waits. All total. */
export interface WaitingList {
  /** An item is back in the queue, to wait for a TLS or policy reason. */
  waits(item: HarakaMailItem, wait: Wait): void
  /** An item waits no more for such a reason: it is gone, or nothing is required of it. */
  ended(item: HarakaMailItem, result: Ending): void
  /**
   * Whether an administrator wants this item to be given up now, with these recipients and under this requirement.
   *
   * @param requirement `null` while it is unknown
   */
  givingUp(item: HarakaMailItem, requirement: Requirement | null): GivingUp | null
  /** The leave that this item, with these recipients and under this requirement, has now. */
  release(item: HarakaMailItem, requirement: Requirement): Release | null
  /** A session with a partner's server fulfilled a requirement. */
  works(domain: string, requirement: Requirement): void
  /** A gateway has taken a message. */
  gatewayWorks(name: string): void
  /**
   * For a try that has just failed: when the next one on Haraka's schedule was due, in milliseconds since the epoch, where
   * it came before its time; `null` for one that was due itself.
   */
  aheadOf(item: HarakaMailItem): number | null
}

/** What became of an item that waited. */
export type Ending = 'delivered' | 'released' | 'bounced' | 'kept' | 'divided' | 'free' | 'other'

/** What names recipients, in any order. */
export function recipientsKey(recipients: readonly HarakaAddress[]): string {
  return JSON.stringify(recipients.map(({ address }) => String(address)).sort())
}
