/**
 * Long work in pieces: a generator that yields every now and then, so that whoever drives it can let a
 * program do other things in between; what it returns is the result. Pure: when to pause, and for how long,
 * is the driver's choice, and makes no difference to the result or to what is thrown.
 */

/** Work that can be paused at every yield. */
export type InPieces<T> = Generator<undefined, T, undefined>

/** Does the work without a pause. */
export function atOnce<T>(work: InPieces<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

/** So many items are sorted or merged between two yields. */
const PIECE = 512

/**
 * Sorts as `toSorted` does, for lists of any length.
 *
 * @param compare as `Array.prototype.sort` has it
 */
export function* sorting<T>(items: readonly T[], compare: (a: T, b: T) => number): InPieces<readonly T[]> {
  if (items.length <= PIECE) return items.toSorted(compare)
  const middle = Math.floor(items.length / 2)
  const left = yield* sorting(items.slice(0, middle), compare)
  const right = yield* sorting(items.slice(middle), compare)
  return yield* merging(left, right, compare)
}

function* merging<T>(
  left: readonly T[],
  right: readonly T[],
  compare: (a: T, b: T) => number,
): InPieces<readonly T[]> {
  const merged: T[] = []
  let [l, r] = [0, 0]
  while (l < left.length && r < right.length) {
    // Of equals the left one goes first: so the order is stable, as that of `sort`.
    if (compare(left[l] as T, right[r] as T) <= 0) merged.push(left[l++] as T)
    else merged.push(right[r++] as T)
    if (merged.length % PIECE === 0) yield
  }
  return merged.concat(left.slice(l), right.slice(r))
}
