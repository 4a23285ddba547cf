/** What a level asks for, in a sentence: where REQUIRETLS asks for more than it, no more is said to be enough. Pure. */
import { texts } from './texts.js'
import type { Action, Level } from './types.js'

export function levelHint(level: Level, requireOnward: Action['requireOnward']): string {
  return level === 'encrypt' && requireOnward === 'must'
    ? texts.actions.encryptOnward
    : texts.actions.levels[level]
}
