/** Sending an answer of the API. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Response } from 'express'
import { inPieces } from '../work/turns.js'
import { writingJson } from './json-body.js'
import type { Reply } from './route.js'

/** Sends an answer, whose body may have any size. */
export async function send(
  response: Response,
  { status, body, constant, etag, headers = {} }: Reply,
): Promise<void> {
  const written = body === undefined ? null : await (constant ? once(body) : inPieces(writingJson(body)))
  if (etag !== undefined) response.set('ETag', etag)
  response.set(headers).status(status ?? (written === null ? 204 : 200))
  if (written === null) return void response.end()
  response.type('json').set('Content-Length', String(written.reduce((sum, { length }) => sum + length, 0)))
  // Whoever does not wait for the answer need not have it.
  await pipeline(Readable.from(written), response).catch(() => response.destroy())
}

/** Bodies that never change, as they are sent. */
const constants = new WeakMap<object, Promise<Buffer[]>>()

function once(body: unknown): Promise<Buffer[]> {
  const written = constants.get(body as object) ?? inPieces(writingJson(body))
  constants.set(body as object, written)
  return written
}
