/**
 * Times of which the delivery log does not have everything, as records in it: whoever reads entries passes over them, and
 * a report says what it does not cover. Pure; what is no gap reads as `null`.
 */
import type { DeliveryRecord } from '../../store/delivery-log.js'
import { isTime } from './schema.js'

const WHYS = ['off', 'dropped', 'killed', 'rules-unknown'] as const

/** A time of which entries are missing, or may be. */
export interface LogGap {
  /** In ISO 8601 and UTC. */
  readonly from: string
  /** `null` where it goes on. */
  readonly until: string | null
  /**
   * `off`: the log was switched off. `dropped`: more came than could wait for the log to take them. `killed`: a process ended
   * with entries that it had not written. `rules-unknown`: mail was delivered as usual because its rules were unknown.
   */
  readonly why: (typeof WHYS)[number]
  /** The name of its Haraka. */
  readonly node: string
  /** How many entries were dropped, or messages delivered; 0 where that is not known. */
  readonly entries: number
}

const KIND = 'gap'

/** A gap that is over as the log keeps it. @param id its own name */
export function gapRecord({ from, until, why, node, entries }: LogGap, id: string): DeliveryRecord {
  // It is read with what was written when it was over.
  return { id, at: until ?? from, kind: KIND, result: why, since: from, node, entries: String(entries) }
}

/** Whether a record is meant as a gap. */
export function isGap(record: DeliveryRecord): boolean {
  return record['kind'] === KIND
}

/** Whether the JSON of a record may be one of a gap: most others need not be read. */
export function looksLikeGap(json: string): boolean {
  return json.includes(`"kind":"${KIND}"`)
}

/** A gap out of the log. */
export function gapIn(record: DeliveryRecord): LogGap | null {
  const { since: from = '', at: until = '', result, node = '', entries } = record
  const why = WHYS.find((each) => each === result)
  if (!isGap(record) || why === undefined || !isTime(from) || !isTime(until)) return null
  const count = Number(entries)
  return { from, until, why, node, entries: Number.isSafeInteger(count) && count > 0 ? count : 0 }
}

/** Whether a gap has a part in a time. @param first in ISO 8601 and UTC, as `last` */
export function overlaps({ from, until }: LogGap, first: string, last: string): boolean {
  return from <= last && (until === null || until >= first)
}
