/**
 * Long replies as texts, in pieces: the client itself would make texts of a reply of many megabytes in one go, and
 * nothing else would happen meanwhile.
 */
import { StringDecoder } from 'node:string_decoder'
import type { InPieces } from '../../work/pieces.js'
import { inPieces } from '../../work/turns.js'

/** So much is decoded between two yields, in bytes: less than a millisecond. */
const PIECE = 256 * 1024

/** The texts of a reply, which is UTF-8; broken bytes become U+FFFD. */
export function decode(words: readonly Buffer[]): Promise<string[]> {
  return inPieces(decoding(words))
}

function* decoding(words: readonly Buffer[]): InPieces<string[]> {
  const texts: string[] = []
  let done = 0
  for (const word of words) {
    texts.push(word.length > PIECE ? yield* decodingLong(word) : word.toString())
    done += word.length
    if (done < PIECE) continue
    done = 0
    yield
  }
  return texts
}

function* decodingLong(word: Buffer): InPieces<string> {
  const decoder = new StringDecoder('utf8')
  let text = ''
  for (let at = 0; at < word.length; at += PIECE) {
    text += decoder.write(word.subarray(at, at + PIECE))
    yield
  }
  return text + decoder.end()
}
