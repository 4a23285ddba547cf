/** Ids of new rules. */
import { randomInt } from 'node:crypto'

/** Digits and letters that nobody mixes up when reading an id aloud. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789'
const LENGTH = 10

/** An id that no other rule has. */
export function newRuleId(): string {
  return Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('')
}
