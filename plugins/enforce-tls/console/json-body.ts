/** The JSON of an answer of any size, written in pieces. Pure. */
import type { InPieces } from '../work/pieces.js'

/** So many characters are written between two yields. */
const PIECE = 65_536
/** A list or object with fewer parts is written at once, unless one of them is long. */
const PARTS = 50
/** Long lists are not deeper inside an answer. */
const DEPTH = 4

/** What `JSON.stringify` makes of plain data, as UTF-8. */
export function* writingJson(value: unknown): InPieces<Buffer[]> {
  const written: Buffer[] = []
  let piece = ''
  for (const text of texts(value)) {
    piece += text
    if (piece.length < PIECE) continue
    written.push(Buffer.from(piece))
    piece = ''
    yield
  }
  written.push(Buffer.from(piece))
  return written
}

function* texts(value: unknown): Generator<string> {
  if (!isLong(value)) yield JSON.stringify(value)
  else if (Array.isArray(value)) {
    let before = '['
    for (const part of value as unknown[]) {
      yield before
      yield* texts(part)
      before = ','
    }
    yield ']'
  } else {
    let before = '{'
    for (const [name, part] of Object.entries(value)) {
      if (part === undefined) continue
      yield `${before}${JSON.stringify(name)}:`
      yield* texts(part)
      before = ','
    }
    yield before === '{' ? '{}' : '}'
  }
}

/** Whether there are many parts somewhere in it. */
function isLong(value: unknown, depth = 0): value is object {
  if (typeof value !== 'object' || value === null || depth > DEPTH) return false
  const parts: readonly unknown[] = Array.isArray(value) ? value : Object.values(value)
  return parts.length > PARTS || parts.some((part) => isLong(part, depth + 1))
}
