/**
 * The first place where a text is not the JSON that a person meant: a syntax error, or a key that an object
 * holds twice, of which `JSON.parse` would silently drop the first. Pure; gives `null` for a good text.
 */
import { quote } from '../rules/owner.js'

/** What is wrong, and where; line and column count from 1. */
export interface JsonProblem {
  readonly problem: string
  readonly line: number
  readonly column: number
}

/** Far more than any document of ours needs, far less than the stack holds. */
const DEPTH_MAX = 64
const WHITE = /[ \t\n\r]*/y
const STRING = /"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"/y // eslint-disable-line no-control-regex
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

class Found extends Error {
  constructor(
    readonly problem: string,
    readonly at: number,
  ) {
    super(problem)
  }
}

/** Finds the first problem of a JSON text (RFC 8259; names within an object must be unique). */
export function jsonProblem(text: string): JsonProblem | null {
  try {
    new Scanner(text).document()
    return null
  } catch (error) {
    if (!(error instanceof Found)) throw error
    const lines = text.slice(0, error.at).split('\n')
    return { problem: error.problem, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
  }
}

class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): void {
    this.#value(0)
    if (this.#at < this.#text.length) throw this.#unexpected('the end of the file')
  }

  #value(depth: number): void {
    this.#take(WHITE)
    if (depth > DEPTH_MAX) throw new Found(`is nested deeper than ${DEPTH_MAX} levels`, this.#at)
    const first = this.#text[this.#at]
    if (first === '{') this.#members(depth)
    else if (first === '[') this.#list(']', () => this.#value(depth + 1))
    else if (this.#take(STRING) === null && this.#take(SCALAR) === null) throw this.#unexpected('a value')
    this.#take(WHITE)
  }

  #members(depth: number): void {
    const keys = new Set<string>()
    this.#list('}', () => {
      const at = this.#at
      const token = this.#take(STRING)
      if (token === null) throw this.#unexpected('a key in double quotes')
      const key = JSON.parse(token) as string
      if (keys.has(key)) throw new Found(`has the key ${quote(key)} a second time in the same object`, at)
      keys.add(key)
      this.#take(WHITE)
      if (this.#text[this.#at] !== ':') throw this.#unexpected('a colon')
      this.#at++
      this.#value(depth + 1)
    })
  }

  #list(end: string, element: () => void): void {
    this.#at++
    this.#take(WHITE)
    if (this.#text[this.#at] === end) {
      this.#at++
      return
    }
    for (;;) {
      this.#take(WHITE)
      element()
      const next = this.#text[this.#at]
      if (next !== ',' && next !== end) throw this.#unexpected(`a comma or ${end}`)
      this.#at++
      if (next === end) return
    }
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
