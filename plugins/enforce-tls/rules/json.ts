/**
 * Reading JSON that somebody else wrote. `JSON.parse` takes a text of any depth, and whatever walks through the
 * value afterwards (a comparison, a schema, `JSON.stringify`) runs out of stack. So depth is looked at first. Pure.
 */

/** As many values as the longest group has patterns, and some; far more names than anything of ours has. */
const VALUES_MAX = 120_000
const NAMES_MAX = 20_000
/** Far more levels than anything of ours has, far fewer than the stack holds. */
export const DEPTH_MAX = 64

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d]

/** Why a JSON text is not read whatever it holds, as the end of a sentence; `null` for none. One pass, for any text. */
export function jsonExcess(text: string): string | null {
  let depth = 0
  let values = 0
  let names = 0
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === QUOTE) {
      at = endOfString(text, at)
      if (at < 0) return null
    } else if (char === LIST || char === OBJECT) {
      if (++depth > DEPTH_MAX) return `is nested deeper than ${DEPTH_MAX} levels`
    } else if (char === LIST_END || char === OBJECT_END) depth--
    else if (char === COMMA && ++values > VALUES_MAX) return `has more than ${VALUES_MAX} values`
    else if (char === COLON && ++names > NAMES_MAX) return `has more than ${NAMES_MAX} names`
  }
  return null
}

/** The longest text of one entry, in characters: reading it as a whole takes some milliseconds. */
const LENGTH_MAX = 8 * 1024 * 1024

/** A text that is not read, though it may be JSON. */
class NotRead extends SyntaxError {}

/**
 * `JSON.parse`, for texts of unknown depth and length.
 *
 * @param max the longest text that is read, in characters
 * @throws {SyntaxError} where the text is not JSON, or is not read; `notJson` says which.
 */
export function parseJson(text: string, max = LENGTH_MAX): unknown {
  if (text.length > max)
    throw new NotRead(`is longer than ${max < 1024 * 1024 ? `${max / 1024} kB` : `${max / 1024 / 1024} MB`}`)
  const excess = jsonExcess(text)
  if (excess !== null) throw new NotRead(excess)
  return JSON.parse(text)
}

/** What `parseJson` found wrong, as the end of a sentence. */
export function notJson(error: unknown): string {
  const { message } = error as SyntaxError
  return error instanceof NotRead ? message : `is not JSON: ${message}`
}

/** `parseJson` that never throws: the value, or what is wrong as the end of a sentence. */
export function readJson(
  text: string,
  max?: number,
): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: parseJson(text, max) }
  } catch (error) {
    return { problem: notJson(error) }
  }
}

/** `parseJson` for texts of which others may have made anything: what is no JSON, or not of the kind, is `null`. */
export function parsedAs<T>(text: string, is: (value: unknown) => value is T): T | null {
  try {
    const value = parseJson(text)
    return is(value) ? value : null
  } catch {
    return null
  }
}

/** An object with any names and values. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The quote that ends a string, -1 where none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes++
    if (escapes % 2 === 0) return end
  }
  return -1
}
