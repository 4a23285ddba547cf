/** Reading the body of a request, as far as it may be read at all. */
import type { IncomingMessage } from 'node:http'
import express from 'express'
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
