/** What is wrong with a value, as data; `formatFlaw` makes a clause of it. Pure. */

/** What is wrong, and what was meant. */
export interface Flaw {
  /** The value, where the problem is said of it by name. */
  readonly value?: string
  /** What is wrong, as the end of a sentence that names the value. */
  readonly problem: string
  /** What is expected in its place; absent where the problem says all there is. */
  readonly expected?: string
  /** Whether the problem says by itself what is expected. */
  readonly saysExpected?: boolean
  /** What to write in its place, as a clause. */
  readonly advice?: string
  /** Valid values to write in its place; absent where that can't be told. */
  readonly suggestion?: readonly string[]
}

/** What is wrong with a group. */
export interface GroupProblem extends Flaw {
  /** The place in its list, such as `[3]`; empty for the group as a whole. */
  readonly at: string
}
