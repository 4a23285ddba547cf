/**
 * Makes visible what hides in a text that people or peers wrote, so that none of it turns, hides or forges the words
 * around it: the one place for pages, reports, mails, the terminal and the log. Pure.
 */

/** What separates words and lines, but for plain spaces. */
const BREAKS = /[\t\n\v\f\r\u2028\u2029]/g
/** Controls, what turns or is not seen, and what no character is; only the choice between two looks of a character stays. */
const HIDDEN = /(?![\ufe00-\ufe0f])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{DI}]/gu
/** Before and behind a joiner that stays: letters of scripts that need it, and parts of one emoji. */
const JOINED_BEFORE = /[^\p{ASCII}\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}]$/u
const JOINED_BEHIND = /^[^\p{ASCII}\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}\p{DI}]/u

/** The text with escapes, such as `\u202e`, for characters that are not seen, and spaces for the ends of lines. */
export function visible(text: string): string {
  return text.replace(BREAKS, ' ').replace(HIDDEN, (hidden, at: number, all: string) => {
    const joins =
      (hidden === '\u200c' || hidden === '\u200d') &&
      JOINED_BEFORE.test(all.slice(Math.max(0, at - 2), at)) &&
      JOINED_BEHIND.test(all.slice(at + 1, at + 3))
    return joins ? hidden : escaped(hidden)
  })
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16)
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`
}
