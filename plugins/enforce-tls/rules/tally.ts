/** Collects what holds for which recipients, so that one sentence can speak of all that are alike. Pure. */

/** The part of a rule's mail that something holds for. */
export interface Part {
  /** Whether that is all of the mail that was asked about. */
  readonly all: boolean
  /** Of the rule's own recipients, how many. */
  readonly own: number
  /** Recipients (incoming: senders), as the rules name them; the first of them. */
  readonly patterns: readonly string[]
  /** How many they are. */
  readonly count: number
}

/** So many patterns are kept by name. */
const NAMED_MAX = 20

/** Findings, with the patterns that they are about. */
export class Tally<T extends object> {
  readonly #found = new Map<string, { readonly value: T; readonly patterns: Set<string>; own: number }>()

  /** @param isOwn whether the pattern is one of the rule itself */
  add(value: T, pattern: string, isOwn: boolean): void {
    const key = keyOf(value)
    const known = this.#found.get(key) ?? { value, patterns: new Set<string>(), own: 0 }
    this.#found.set(key, known)
    known.patterns.add(pattern)
    if (isOwn) known.own++
  }

  /** What was found, most mail first. @param asked how much of the rule's own mail was asked about */
  parts(asked: number): (T & Part)[] {
    return [...this.#found.values()]
      .sort((a, b) => b.own - a.own)
      .map(({ value, patterns, own }) => ({
        ...value,
        all: own > 0 && own === asked,
        own,
        patterns: [...patterns].slice(0, NAMED_MAX),
        count: patterns.size,
      }))
  }
}

/** Requirements at level secure name each recipient's own domain: they are alike all the same. */
function keyOf(value: object): string {
  return JSON.stringify(value, (name, each: unknown) => (name === 'namesAnyOf' ? undefined : each))
}
