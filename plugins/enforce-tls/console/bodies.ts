/**
 * Bodies: that of a request, read as far as it may be at all, and that of an answer, of any size, written in pieces.
 */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import express, { type Response } from 'express'
import { inPieces } from '../work/turns.js'
import type { Reply, ReplyFile } from './route.js'
import type { InPieces } from '../work/pieces.js'
import type { IncomingMessage } from 'node:http'
import { jsonExcess } from '../rules/json.js'
import { Problem } from './problem.js'

/** The largest body. */
export const BODY_MAX = '1mb'
/** The largest body of a request that anybody may send. */
export const BODY_MAX_ANYBODY = '8kb'

/** What was found wrong with a body before it was read. */
const refused = new WeakMap<IncomingMessage, Problem>()

/** Reads a body in JSON; what is wrong with it is for `assertReadable` to throw. */
export function readJson(limit: string) {
  return express.json({
    limit,
    type: 'application/json',
    inflate: false,
    verify: (request, _response, body, encoding) => {
      if (encoding !== 'utf-8') {
        refused.set(request, new Problem(415, 'not-json', 'Send the body in UTF-8.'))
        return
      }
      // The marks of JSON are the same in bytes and in characters.
      const excess = jsonExcess(body.toString('latin1'))
      if (excess !== null)
        refused.set(
          request,
          new Problem(400, excess.includes('deeper') ? 'too-deep' : 'too-large', `The body ${excess}.`),
        )
    },
  })
}

/** @throws {Problem} for a body that is not to be looked at. */
export function assertReadable(request: IncomingMessage): void {
  const problem = refused.get(request)
  if (problem) throw problem
}

/** So many characters are written between two yields. */
const PIECE = 65_536
/** A list or object with fewer parts is written at once, unless one of them is long. */
const PARTS = 50
/** Long lists are not deeper inside an answer. */
const DEPTH = 4

/** What `JSON.stringify` makes of plain data, as UTF-8. */
export function writingJson(value: unknown): InPieces<Buffer[]> {
  return joining(texts(value))
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

/** Sends an answer, whose body may have any size. */
export async function send(
  response: Response,
  { status, body, file, constant, etag, headers = {} }: Reply,
): Promise<void> {
  if (file) return await sendFile(response, file)
  const written = body === undefined ? null : await (constant ? once(body) : inPieces(writingJson(body)))
  if (etag !== undefined) response.set('ETag', etag)
  response.set(headers).status(status ?? (written === null ? 204 : 200))
  if (written === null) return void response.end()
  response.type('json').set('Content-Length', String(written.reduce((sum, { length }) => sum + length, 0)))
  // Whoever does not wait for the answer need not have it.
  await pipeline(Readable.from(written), response).catch(() => response.destroy())
}

/** To be saved and not to be shown: a page of ours that runs scripts must not run as a part of the console. */
async function sendFile(response: Response, { type, name, content }: ReplyFile): Promise<void> {
  response.set('Content-Disposition', `attachment; filename="${name}"`).type(type)
  const pieces = await inPieces(joining(content))
  await pipeline(Readable.from(pieces), response).catch(() => response.destroy())
}

/** As UTF-8. A stream hands on all that it has in one turn, and each part costs it more than its text: many lines are few parts. */
function* joining(lines: Iterable<string>): InPieces<Buffer[]> {
  const pieces: Buffer[] = []
  let piece = ''
  for (const line of lines) {
    piece += line
    if (piece.length < PIECE) continue
    pieces.push(Buffer.from(piece))
    piece = ''
    yield
  }
  pieces.push(Buffer.from(piece))
  return pieces
}

/** Bodies that never change, as they are sent. */
const constants = new WeakMap<object, Promise<Buffer[]>>()

function once(body: unknown): Promise<Buffer[]> {
  const written = constants.get(body as object) ?? inPieces(writingJson(body))
  constants.set(body as object, written)
  return written
}
