/**
 * Which records go: those of pairs without mail for too long, what is none, and of too many the least valuable ones of
 * whoever has the most, so that a sender who writes to a hundred thousand domains loses records of its own alone. Pure.
 */
import { isForgotten, type Enough } from './judge-pair.js'
import { pairOf, type PairRecord } from './record.js'

interface Kept {
  readonly name: string
  readonly record: PairRecord
}

/**
 * @param records by name; `null` for what is no record
 * @param max how many are kept
 * @returns the names of those that go
 */
export function namesToRemove(
  records: ReadonlyMap<string, PairRecord | null>,
  max: number,
  enough: Pick<Enough, 'deliveries' | 'forgetAfter'>,
  now: number,
): string[] {
  const removed: string[] = []
  const byOwner = new Map<string, Kept[]>()
  for (const [name, record] of records) {
    const pair = pairOf(name)
    if (pair === null) continue
    if (record === null || isForgotten(record, enough, now)) removed.push(name)
    else {
      const kept = byOwner.get(pair.owner)
      if (kept) kept.push({ name, record })
      else byOwner.set(pair.owner, [{ name, record }])
    }
  }
  const share = shareOf(
    [...byOwner.values()].map(({ length }) => length),
    max,
  )
  for (const kept of byOwner.values()) {
    if (kept.length <= share) continue
    kept.sort((a, b) => valueOf(b, enough) - valueOf(a, enough) || b.record.last - a.record.last)
    for (const { name } of kept.slice(share)) removed.push(name)
  }
  return removed
}

/** A dismissal is somebody's word; and what was seen often enough took longest to learn. */
function valueOf({ record }: Kept, { deliveries }: Pick<Enough, 'deliveries'>): number {
  if (record.dismissed !== null) return 2
  return record.deliveries >= deliveries ? 1 : 0
}

/** The most that one owner may have for all to have no more than `max` together. */
function shareOf(sizes: readonly number[], max: number): number {
  let left = max
  const sorted = [...sizes].sort((a, b) => a - b)
  for (const [done, size] of sorted.entries()) {
    const share = Math.floor(left / (sorted.length - done))
    if (size > share) return share
    left -= size
  }
  return max
}
