/** What a part of `npm run bench` is. */

/** A part's result: a table for people, with the same numbers for programs. */
export interface BenchTable {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
  /** What was compared and how it was measured, in a sentence or two. */
  readonly note: string
  /** The numbers, for `--json`. */
  readonly data: unknown
}

/** How a part is run. */
export interface BenchRun {
  /** Few messages or look-ups: to see that it works, not to compare. */
  readonly quick: boolean
  /** Only these scenes, of a part that has some. @default all */
  readonly scenes?: readonly string[]
  /** Announces how many steps there will be, and then each step as it is done. */
  readonly progress: { start(steps: number): void; step(label: string): void }
}

/** One part. */
export interface BenchPart {
  /** `a` decisions, `b` deliveries, `c` change to effect, `d` start-up, `e` metrics that are scraped. */
  readonly id: 'a' | 'b' | 'c' | 'd' | 'e'
  readonly title: string
  run(options: BenchRun): Promise<readonly BenchTable[]>
}
