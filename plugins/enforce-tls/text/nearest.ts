/** The name that somebody most likely meant by a misspelt one. Pure. */
import { quote } from './quote.js'

/**
 * The nearest of these names, or `null` where none is near: about one letter in three may be wrong, missing, added or
 * swapped with the next.
 *
 * @param most as many names are looked at: ten thousand take some 20 ms
 */
export function nearest(text: string, names: Iterable<string>, most = 10_000): string | null {
  const word = text.toLowerCase().slice(0, 100)
  let best: string | null = null
  let least = Math.min(3, Math.floor(word.length / 3)) + 1
  let looked = 0
  for (const name of names) {
    if (++looked > most) break
    if (name === text || Math.abs(name.length - word.length) >= least) continue
    const steps = distance(word, name.toLowerCase())
    if (steps >= least) continue
    least = steps
    best = name
  }
  return best
}

/** `; did you mean …?` for the end of a sentence, or nothing. */
export function didYouMean(name: string | null): string {
  return name === null ? '' : `; did you mean ${quote(name)}?`
}

/** Optimal string alignment distance. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const line = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      line[column] = Math.min(
        (line[column - 1] ?? 0) + 1,
        (above[column] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[column - 2] ?? 0) + 1 : Infinity,
      )
    }
    before = above
    above = line
  }
  return above[b.length] ?? 0
}
