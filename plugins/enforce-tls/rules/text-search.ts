/** Looks for a rule's texts in a message's header fields, in pieces. Pure. */
import { formatFlaw } from './format-problem.js'
import type { Found, HeaderBlock } from './header-block.js'
import type { HeaderValue } from './header-value.js'
import type { InPieces } from '../work/pieces.js'
import type { TextMatcher, TextReader } from './text-pattern.js'

/** Texts of one field of a rule, ready. */
export type Texts = readonly (TextMatcher | UnknownText)[]

/** A text of a rule in force that is too large to be looked for. */
interface UnknownText {
  readonly text: string
  readonly why: string
}

/** Why something is unknown, as a clause. */
interface Unknown {
  readonly why: string
}

/** @param reader has read what stands before these texts in their rule */
export function* compileTexts(texts: readonly string[], reader: TextReader): InPieces<Texts> {
  const compiled: Texts[number][] = []
  for (const text of texts) {
    const read = reader.read(text)
    if (!('problem' in read)) compiled.push(read)
    else if (read.tooLarge) compiled.push({ text, why: `${text} ${formatFlaw(read)}` })
    else throw new TypeError(`${text} ${formatFlaw(read)}`)
    yield
  }
  return compiled
}

/**
 * The first text that is in one of the fields of a name; `null`: none is.
 *
 * @param name in lower case
 */
export function* findText(
  texts: Texts,
  name: string,
  headers: HeaderBlock,
): InPieces<string | Unknown | null> {
  let unknown: Unknown | null = null
  for (const text of texts) {
    // There may be thousands of them, of which nothing is to be looked for because it is known.
    yield
    const found = yield* findOnce(text, name, headers)
    if (found === true) return text.text
    if (found !== false) unknown ??= found
  }
  return unknown
}

function* findOnce(text: Texts[number], name: string, headers: HeaderBlock): InPieces<Found> {
  if ('why' in text) {
    const isAbsent = headers.values(name).next().done === true
    return isAbsent ? false : { why: text.why }
  }
  const known = headers.found(name, text.text)
  if (known !== undefined) return known
  let found: Found = false
  for (const value of headers.values(name)) {
    const here = yield* findIn(value, text, headers)
    if (here === false) continue
    if (found === false || here === true) found = here
    if (here === true) break
  }
  headers.remember(name, text.text, found)
  return found
}

function* findIn(
  { readings, flaw }: HeaderValue,
  matcher: TextMatcher,
  headers: HeaderBlock,
): InPieces<Found> {
  let all = true
  for (const reading of readings) {
    const steps = matcher.steps(reading)
    yield
    if (steps === null)
      return { why: `${matcher.text} takes too long on a field of ${reading.text.length} characters` }
    if (!headers.spend(steps)) return { why: 'the rules look for more than is looked for in one message' }
    all = matcher.matches(reading)
    yield
    if (!all) break
  }
  if (flaw === null) return all
  return all && readings.length > 0 ? true : { why: flaw }
}
