/**
 * Texts that a subject or another header field is looked at for: words, or a regular expression. Pure; what
 * can't be used is answered with what is wrong.
 *
 * Regular expressions run on RE2JS, a port of Go's RE2: its time grows with the length of the text and never
 * explodes, whatever expression a tenant writes and whatever header a sender makes up. It is pure
 * JavaScript, so that nothing has to be compiled where the plugin is installed; what it does without are
 * back references and look-around.
 */
import { RE2JS, type RE2JSException } from 're2js'

/** One text, ready. Decides whether a header's value has it. */
export type TextMatcher = (value: HeaderValue) => boolean

/** A header's value in the two forms in which texts are looked for. */
export interface HeaderValue {
  readonly text: string
  /** As `foldedWords` gives them. */
  readonly words: string
}

/** The largest compiled expression, in RE2's instructions; counted repetitions such as `{500}` add up. */
const PROGRAM_MAX = 1000

/**
 * Scripts that put no spaces between words: each letter counts as a word, so that a word is found within a
 * sentence.
 */
const UNSPACED =
  '\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}'
const WORD = new RegExp(`[${UNSPACED}]\\p{M}*|(?:(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}_])+`, 'gu')

/** A text's words, case-folded, with a space before and behind each; `' '` for none. */
export function foldedWords(text: string): string {
  // Upper case first: it makes one of ß and ss, and of the two small sigmas.
  const words = text.normalize('NFKC').toUpperCase().toLowerCase().match(WORD) ?? []
  return ` ${words.map((word) => `${word} `).join('')}`
}

/** A header's value, ready to be looked at. */
export function headerValue(text: string): HeaderValue {
  return { text, words: foldedWords(text) }
}

/**
 * Reads one text: words that must follow each other, whole and in any case, or `/…/` or `/…/i`.
 *
 * @returns the matcher, or `{ problem }` as the end of a sentence that names the text.
 */
export function compileText(text: string): { readonly matches: TextMatcher } | { readonly problem: string } {
  if (text.startsWith('/')) return compileExpression(text)
  const words = foldedWords(text)
  if (words === ' ')
    return {
      problem: 'has no letter or digit; words, or a regular expression written /…/ or /…/i, are expected',
    }
  return { matches: (value) => value.words.includes(words) }
}

function compileExpression(text: string): ReturnType<typeof compileText> {
  const [, source = '', flags = ''] = /^\/([^]+)\/(\w*)$/.exec(text) ?? []
  if (source === '') return { problem: 'begins with / but is no regular expression; /…/ or /…/i is expected' }
  if (flags !== '' && flags !== 'i')
    return { problem: `is a regular expression with the flags ${flags}; only i is known` }
  try {
    const expression = RE2JS.compile(source, flags === 'i' ? RE2JS.CASE_INSENSITIVE : 0)
    const size = expression.programSize()
    if (size > PROGRAM_MAX)
      return { problem: `is too large a regular expression: ${size} steps, ${PROGRAM_MAX} are allowed` }
    return { matches: ({ text: value }) => expression.test(value) }
  } catch (error) {
    return { problem: `is no regular expression that can be used: ${(error as RE2JSException).message}` }
  }
}
