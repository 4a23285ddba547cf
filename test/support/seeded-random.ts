/** Random numbers that can be had again: the same seed gives the same numbers (mulberry32). Never fails. */
import { randomInt } from 'node:crypto'

export interface SeededRandom {
  readonly seed: number
  /** A whole number from `from` up to and without `to`. */
  between(from: number, to: number): number
}

/** @param seed a whole number; a new one each time by default */
export function seededRandom(seed = randomInt(2 ** 31)): SeededRandom {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { seed, between: (from, to) => from + Math.floor(next() * (to - from)) }
}
