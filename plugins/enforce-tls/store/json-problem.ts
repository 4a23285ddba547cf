/**
 * The first place where a text is not the JSON that a person meant: a syntax error, or a key that an object
 * holds twice, of which `JSON.parse` would silently drop the first. And where its parts are, for texts that are too
 * long to be parsed at once. Pure.
 */
import { DEPTH_MAX } from '../rules/json.js'
import { quote } from '../text/quote.js'
import { atOnce, type InPieces } from '../work/pieces.js'

/** What is wrong, and where; line and column count from 1. */
export interface JsonProblem {
  readonly problem: string
  readonly line: number
  readonly column: number
}

const WHITE = /[ \t\n\r]*/y
const STRING = /"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"/y // eslint-disable-line no-control-regex
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/** A value in a text: from `start` to before `end`. */
export interface Part {
  readonly start: number
  readonly end: number
  /** The parts of an object by name, in order; `null` for what is none, or lies deeper than was asked for. */
  readonly members: ReadonlyMap<string, Part> | null
}

/** So many characters are looked at between two yields, about a millisecond's worth. */
const PIECE = 8192

class Found extends Error {
  constructor(
    readonly problem: string,
    readonly at: number,
  ) {
    super(problem)
  }
}

/** Finds the first problem of a JSON text (RFC 8259; names within an object must be unique); `null` for a good one. */
export function jsonProblem(text: string): JsonProblem | null {
  const found = atOnce(scanning(text, 0))
  return 'problem' in found ? found : null
}

/**
 * Looks through a JSON text, in pieces.
 *
 * @param depth how many levels of objects are taken apart
 * @returns its parts, or its first problem
 */
export function* scanning(text: string, depth: number): InPieces<Part | JsonProblem> {
  try {
    return yield* new Scanner(text, depth).document()
  } catch (error) {
    if (!(error instanceof Found)) throw error
    const lines = text.slice(0, error.at).split('\n')
    return { problem: error.problem, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
  }
}

class Scanner {
  readonly #text: string
  readonly #depth: number
  #at = 0
  #pauseAt = PIECE

  constructor(text: string, depth: number) {
    this.#text = text
    this.#depth = depth
  }

  *document(): InPieces<Part> {
    const part = this.#scalar() ?? (yield* this.#container(0))
    if (this.#at < this.#text.length) throw this.#unexpected('the end of the file')
    return part
  }

  /** A value that holds no others; `null` where a list or an object begins. */
  #scalar(): Part | null {
    this.#take(WHITE)
    const start = this.#at
    const first = this.#text[start]
    if (first === '{' || first === '[') return null
    if (this.#take(STRING) === null && this.#take(SCALAR) === null) throw this.#unexpected('a value')
    const end = this.#at
    this.#take(WHITE)
    return { start, end, members: null }
  }

  *#container(depth: number): InPieces<Part> {
    if (depth > DEPTH_MAX) throw new Found(`is nested deeper than ${DEPTH_MAX} levels`, this.#at)
    const start = this.#at
    const members = this.#text[start] === '{' ? yield* this.#members(depth) : yield* this.#elements(depth)
    const end = this.#at
    this.#take(WHITE)
    return { start, end, members }
  }

  *#members(depth: number): InPieces<ReadonlyMap<string, Part> | null> {
    const members = new Map<string, Part | null>()
    if (this.#begins('}'))
      do {
        this.#take(WHITE)
        const at = this.#at
        const token = this.#take(STRING)
        if (token === null) throw this.#unexpected('a key in double quotes')
        const key = JSON.parse(token) as string
        if (members.has(key))
          throw new Found(`has the key ${quote(key)} a second time in the same object`, at)
        this.#take(WHITE)
        if (this.#text[this.#at] !== ':') throw this.#unexpected('a colon')
        this.#at++
        const part = this.#scalar() ?? (yield* this.#container(depth + 1))
        members.set(key, depth < this.#depth ? part : null)
        if (this.#isLong()) yield
      } while (this.#goesOn('}'))
    return depth < this.#depth ? (members as Map<string, Part>) : null
  }

  *#elements(depth: number): InPieces<null> {
    if (this.#begins(']'))
      do {
        if (this.#scalar() === null) yield* this.#container(depth + 1)
        if (this.#isLong()) yield
      } while (this.#goesOn(']'))
    return null
  }

  /** Steps into a list or an object; whether there is anything in it. */
  #begins(end: string): boolean {
    this.#at++
    this.#take(WHITE)
    if (this.#text[this.#at] !== end) return true
    this.#at++
    return false
  }

  /** Steps over what follows an element; whether there is another one. */
  #goesOn(end: string): boolean {
    const next = this.#text[this.#at]
    if (next !== ',' && next !== end) throw this.#unexpected(`a comma or ${end}`)
    this.#at++
    return next === ','
  }

  #isLong(): boolean {
    if (this.#at < this.#pauseAt) return false
    this.#pauseAt = this.#at + PIECE
    return true
  }

  /** Steps over what a pattern fits here, if it does. */
  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at
    const token = pattern.exec(this.#text)?.[0] ?? null
    this.#at += token?.length ?? 0
    return token
  }

  #unexpected(expected: string): Found {
    const found = this.#text[this.#at]
    return new Found(
      `has ${found === undefined ? 'its end' : quote(found)} where ${expected} is expected`,
      this.#at,
    )
  }
}
