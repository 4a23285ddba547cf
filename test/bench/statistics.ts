/** Numbers of a benchmark: percentiles of samples, and how times and amounts are written. Pure. */

/**
 * The value below which this share of the samples lies.
 *
 * @param share from 0 to 1
 */
export function percentile(samples: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(samples).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

export function median(samples: ArrayLike<number>): number {
  return percentile(samples, 0.5)
}

/** The median, the least and the most: `0.45 (0.40 – 0.52)`. */
export function shownSpread(values: readonly number[], digits: number): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits))
  return `${median(values).toFixed(digits)} (${least} – ${most})`
}

/** A time, in the unit that suits it. @param nanoseconds */
export function shownTime(nanoseconds: number): string {
  if (nanoseconds < 1000) return `${nanoseconds.toFixed(0)} ns`
  if (nanoseconds < 1e6) return `${(nanoseconds / 1000).toFixed(1)} µs`
  return `${(nanoseconds / 1e6).toFixed(1)} ms`
}

/** A time of several milliseconds or more. */
export function shownMilliseconds(milliseconds: number): string {
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`
}

/** A number of rules: `1 k`, `1 M`. */
export function shownCount(count: number): string {
  if (count >= 1_000_000) return `${count / 1_000_000} M`
  return count >= 1000 ? `${count / 1000} k` : String(count)
}

/** Whether a target was met, as a table says it; `-` where there is none. */
export function shownVerdict(met: boolean | null): string {
  if (met === null) return '-'
  return met ? 'met' : 'missed'
}
