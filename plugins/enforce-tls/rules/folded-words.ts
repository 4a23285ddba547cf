/** Words of a text as rules compare them: whole, in any case, in whatever way a character is spelt. Pure. */

/**
 * Scripts that put no spaces between words: each letter counts as a word, so that a word is found within a
 * sentence.
 */
const UNSPACED =
  '\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}'
const WORD = new RegExp(`[${UNSPACED}]\\p{M}*|(?:(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}_])+`, 'gu')

/**
 * What a reader does not see: zero-width characters, soft hyphens, bidirectional marks, variation selectors
 * (Unicode's Default_Ignorable_Code_Point), other format characters, and controls that are no white space.
 */
const INVISIBLE = /[\p{DI}\p{Cf}]|(?!\s)\p{Cc}/gu

/**
 * More marks on one letter than any language has, as UAX #15 has it for its stream-safe format: to normalise a
 * run of thousands would take quadratic time.
 */
const TOO_MANY_MARKS = /(\p{M}{30})\p{M}+/gu

/** A text's words, case-folded, with a space before and behind each; `' '` for none. */
export function foldedWords(text: string): string {
  const visible = text.replace(INVISIBLE, '').replace(TOO_MANY_MARKS, '$1')
  // Upper case first: it makes one of ß and ss, and of the two small sigmas.
  const words = visible.normalize('NFKC').toUpperCase().toLowerCase().match(WORD) ?? []
  return ` ${words.map((word) => `${word} `).join('')}`
}
