/** What is wrong with a value, as data and as the end of a sentence that names it. Pure. */

/** What is wrong, and what was meant. */
export interface Flaw {
  /** The end of a sentence that names the value; what is expected is in it. */
  readonly problem: string
  /** What is expected in its place; absent where the problem says all there is. */
  readonly expected?: string
  /** Valid values to write in its place; absent where that can't be told. */
  readonly suggestion?: readonly string[]
}

/** A value that is something else than expected. */
export function flaw(problem: string, expected: string): Flaw {
  return { problem: `${problem}; expected: ${expected}`, expected }
}
