/**
 * Texts that a subject or another header field is looked at for: words, or a regular expression. Pure; what
 * can't be used is answered with what is wrong.
 */
import { expressionProblem, EXPRESSION_MAX, isFound, parseExpression, stepsFor } from './expression.js'
import { foldedWords } from './folded-words.js'
import type { Reading } from './header-value.js'
import type { Flaw } from './flaw.js'

/** One text, ready. */
export interface TextMatcher {
  readonly text: string
  /** What it costs to look for it, in steps of about 20 ns; `null`: too much to be done at once. */
  steps(reading: Reading): number | null
  /** Whether a header's value has it; `steps` has been asked before. */
  matches(reading: Reading): boolean
}

/** The most expressions of one rule. */
export const EXPRESSIONS_MAX = 20
/** The most that they may come to together, as `expressionSize` has it. */
export const EXPRESSIONS_SIZE_MAX = 1000

/**
 * Reads the texts of one rule, one after the other: words that must follow each other, whole and in any case, or
 * `/…/` or `/…/i`.
 */
export class TextReader {
  #expressions = 0
  #size = 0

  /**
   * @returns the matcher, or `{ problem }` as the end of a sentence that names the text; `tooLarge` where that is
   *   a limit, beyond which an expression is not compiled, and so not known to be one
   */
  read(text: string): TextMatcher | (Flaw & { readonly tooLarge: boolean }) {
    if (text.startsWith('/')) return this.#expression(text)
    const words = foldedWords(text)
    if (words === ' ')
      return {
        problem: 'has no letter or digit',
        expected: 'words, or a regular expression written /…/ or /…/i',
        tooLarge: false,
      }
    // As long as the words of the rule are nearly the same as those of the message, a search is a slow one.
    const steps = (reading: Reading) => 2 * reading.words.length
    return { text, steps, matches: (reading) => reading.words.includes(words) }
  }

  #expression(text: string): ReturnType<TextReader['read']> {
    const expression = parseExpression(text)
    if ('problem' in expression) return { ...expression, tooLarge: false }
    const tooLarge = this.#limit(expression.size)
    if (tooLarge !== null) return { problem: tooLarge, tooLarge: true }
    const problem = expressionProblem(expression)
    if (problem !== null) return { problem, tooLarge: false }
    return {
      text,
      steps: (reading) => stepsFor(expression, reading.text),
      matches: (reading) => isFound(expression, reading.text),
    }
  }

  #limit(size: number): string | null {
    if (size > EXPRESSION_MAX)
      return `is too large a regular expression: ${size} steps, ${EXPRESSION_MAX} are allowed; each character counts, as often as {…} repeats it, and \\p{…} counts 25`
    this.#expressions++
    this.#size += size
    if (this.#expressions > EXPRESSIONS_MAX)
      return `is one regular expression too many: ${EXPRESSIONS_MAX} are allowed in one rule; make another rule for it`
    if (this.#size > EXPRESSIONS_SIZE_MAX)
      return `makes the regular expressions of the rule too large: ${this.#size} steps, ${EXPRESSIONS_SIZE_MAX} are allowed; make another rule for it`
    return null
  }
}
