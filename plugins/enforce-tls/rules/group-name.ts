/** Names of groups, and how a rule refers to one. Pure. */
import { quote } from '../text/quote.js'

/** How a rule refers to a group. */
export const GROUP_PREFIX = 'group:'

/** What is wrong with a group's name, as the end of a sentence; `null` for a good one. */
export function groupNameProblem(name: string): string | null {
  return NAME.test(name) ? null : `is not a group name; ${NAME_EXPECTED}`
}

/** @throws {TypeError} where a caller passes what is no group's name. */
export function assertGroupName(name: string): void {
  const problem = groupNameProblem(name)
  if (problem !== null) throw new TypeError(`${quote(name)} ${problem}`)
}
const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/
const NAME_EXPECTED =
  'a group name is 1 to 63 lower-case letters, digits, dots, hyphens and underscores, the first a letter or digit'
