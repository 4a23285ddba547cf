/**
 * Times of single calls. The clock is read right before and after each call; what two readings with nothing
 * between them take (their median, measured in the same process) is taken off.
 */

/** Calls before the first one that counts, so that it is compiled. */
const WARM_UP = 50_000
const EMPTY_READINGS = 100_000

/** How long is measured. */
export interface CallTimesOptions {
  readonly calls: number
  /** Ends the measurement early, in milliseconds, but never before 20 calls. */
  readonly atMost: number
}

/**
 * @param prepare makes what call n is about, outside of the time
 * @param call may be asynchronous: then it ends with its answer
 * @returns nanoseconds of each call
 */
export async function timeCalls<T>(
  prepare: (index: number) => T,
  call: (subject: T) => unknown,
  { calls, atMost }: CallTimesOptions,
): Promise<Float64Array> {
  const overhead = clockOverhead()
  const warmEnd = performance.now() + atMost / 4
  for (let index = 0; index < WARM_UP && performance.now() < warmEnd; index++) await call(prepare(index))
  const times = new Float64Array(calls)
  const end = performance.now() + atMost
  let done = 0
  while (done < calls && (done < 20 || performance.now() < end)) {
    const subject = prepare(done)
    const start = process.hrtime.bigint()
    const answer = call(subject)
    // A call that is not asynchronous must not pay for one.
    if (answer instanceof Promise) await answer
    const took = Number(process.hrtime.bigint() - start)
    times[done++] = Math.max(0, took - overhead)
  }
  return times.subarray(0, done)
}

function clockOverhead(): number {
  const times = new Float64Array(EMPTY_READINGS)
  for (let index = 0; index < EMPTY_READINGS; index++) {
    const start = process.hrtime.bigint()
    times[index] = Number(process.hrtime.bigint() - start)
  }
  return times.sort()[EMPTY_READINGS / 2] ?? 0
}
