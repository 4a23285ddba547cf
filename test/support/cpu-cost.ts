/**
 * How the cost of work grows. CPU time of this process, not time on the clock, so that a busy machine makes no
 * difference; the least of a few runs, so that the garbage collector makes none either.
 */
import assert from 'node:assert/strict'

const RUNS = 3
/** What is quadratic is so each time; a large heap to be collected is not. */
const LOOKS = 3
/** Linear work takes 4 times as long for 4 times as much, quadratic work 16 times. */
const GROWTH_MAX = 9

/**
 * Fails where four times as much takes far more than four times as long.
 *
 * @param prepare gives the work on `size` things; what it does itself is not measured
 * @param size so many that the work takes some milliseconds
 */
export async function assertLinear(size: number, prepare: (size: number) => () => unknown): Promise<void> {
  const seen: string[] = []
  for (let look = 0; look < LOOKS; look++) {
    const one = await cost(prepare(size))
    const four = await cost(prepare(4 * size))
    // Below a millisecond it is the clock that is measured.
    if (four / Math.max(one, 1) < GROWTH_MAX) return
    seen.push(`${size}: ${one.toFixed(1)} ms, ${4 * size}: ${four.toFixed(1)} ms`)
  }
  assert.fail(seen.join('; '))
}

async function cost(work: () => unknown): Promise<number> {
  let least = Infinity
  for (let run = 0; run < RUNS; run++) {
    const begun = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(begun)
    least = Math.min(least, (user + system) / 1000)
  }
  return least
}
