/**
 * Answers the routes of the API with express: looks who asks and whether they may, reads and checks the request,
 * and reports every failure in one shape. Nothing of a request is trusted before it is checked.
 */
import express, { type NextFunction, type Request, type Response, type Router } from 'express'
import { Ajv, type ValidateFunction } from 'ajv'
import { describeSchemaError } from '../rules/schema-problem.js'
import { formatProblem } from '../rules/format-problem.js'
import { AdminProblem } from '../admin/problem.js'
import { StoreError } from '../store/rule-store.js'
import { assertNotForged, identify, type Identity } from './auth/identity.js'
import { AccountProblem } from './auth/people.js'
import { TooBusy } from './auth/password.js'
import type { ConsoleContext } from './console-context.js'
import { parseEtags } from './etag.js'
import { Problem, problemBody, accountProblemOf, apiProblemOf, formatUnavailable } from './problem.js'
import type { Call, Needs, Route, Schema } from './route.js'
import { answerOfRules } from './taken.js'
import { send, assertReadable, BODY_MAX, BODY_MAX_ANYBODY, readJson } from './bodies.js'

const NOBODY: Identity = { author: '', role: 'viewer', domains: ['nobody.invalid'], session: null }

// Our own schemas need not be checked against the schema of schemas, which takes longer than they do.
const options = { verbose: true, strict: false, meta: false, validateSchema: false } as const
const ajv = new Ajv(options)
const queryAjv = new Ajv({ ...options, coerceTypes: true })

/** The router of all routes; a path that is none of them is answered with 404. */
export function serveRoutes(routes: readonly Route[], context: ConsoleContext): Router {
  const router = express.Router({ caseSensitive: true, strict: true })
  const [readOwn, readAnybody] = [readJson(BODY_MAX), readJson(BODY_MAX_ANYBODY)]
  router.use((_request: Request, response: Response, next: NextFunction) => {
    response.set('Cache-Control', 'no-store')
    next()
  })
  for (const each of routes) {
    const path = each.path.replace(/\{(\w+)\}/g, ':$1')
    const answer = answering(each, context)
    // Who may not ask has no claim to have a megabyte read.
    const read = each.needs === 'nobody' ? readAnybody : readOwn
    router[each.method](path, permitting(each, context), read, answer)
  }
  router.use(() => {
    throw new Problem(404, 'not-found', 'No such path or method.')
  })
  router.use((error: unknown, request: Request, response: Response, next: NextFunction) =>
    answerProblem(error, { context, request, response, next }),
  )
  return router
}

function permitting({ needs, method }: Route, context: ConsoleContext) {
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    if (method !== 'get' && request.headers['sec-fetch-site'] === 'cross-site')
      throw new Problem(403, 'cross-site', 'Requests from pages of other sites are not allowed.')
    const identity = await identify(request, context, Date.now())
    if (needs !== 'nobody') {
      if (identity === null) throw new Problem(401, 'not-signed-in', 'Sign in, or send an API token.')
      if (method !== 'get') assertNotForged(request, identity)
      if (!isEnough(needs, identity))
        throw new Problem(
          403,
          'forbidden',
          needs.endsWith('session') && identity.session === null
            ? 'A token may not do this; sign in as a user.'
            : 'Your role does not allow this. Ask an administrator.',
        )
    }
    response.locals['identity'] = identity ?? NOBODY
    next()
  }
}

function isEnough(needs: Needs, { role, session }: Identity): boolean {
  if (needs === 'session') return session !== null
  if (needs === 'admin') return role === 'admin'
  if (needs === 'admin-session') return role === 'admin' && session !== null
  return needs === 'editor' ? role !== 'viewer' : true
}

function answering(definition: Route, context: ConsoleContext) {
  // With the first request of each route: those of all take longer than mail should wait for a turn.
  let checkBody: ValidateFunction | undefined
  let checkQuery: ValidateFunction | undefined
  return async (request: Request, response: Response): Promise<void> => {
    assertReadable(request)
    const query = { ...request.query } as Call['query']
    checked((checkQuery ??= queryAjv.compile(queryOf(definition))), query)
    if (definition.body) {
      if (!request.is('application/json'))
        throw new Problem(415, 'not-json', 'Send the body as JSON, with Content-Type: application/json.')
      checked((checkBody ??= ajv.compile(definition.body)), request.body)
    }
    const call: Call = {
      context,
      identity: response.locals['identity'] as Identity,
      params: request.params as Call['params'],
      query,
      body: request.body as unknown,
      ifMatch: parseEtags(request.headers['if-match']),
      ifNew: request.headers['if-none-match']?.trim() === '*',
      asked: request.get('x-asked') ?? null,
      request,
      response,
    }
    const { rules } = definition
    const answer = () => definition.handle(call as Call<never>)
    const handle = () => (rules === undefined ? answer() : answerOfRules(call, rules, answer))
    const reply = definition.searches
      ? await context.searches.run(call.identity, () => response.closed, handle)
      : await handle()
    await send(response, reply)
  }
}

function queryOf({ query = {} }: Route): Schema {
  return { type: 'object', properties: query, additionalProperties: false }
}

function checked(validate: ValidateFunction, value: unknown): void {
  if (validate(value)) return
  const [error] = validate.errors ?? []
  if (error === undefined) return
  const found = describeSchemaError(error)
  throw new Problem(422, 'invalid', formatProblem(found), { field: found.field })
}

interface Failed {
  readonly context: ConsoleContext
  readonly request: Request
  readonly response: Response
  readonly next: NextFunction
}

function answerProblem(error: unknown, { context, request, response, next }: Failed): void {
  // The connection is in an unknown state: express closes it.
  if (response.headersSent) return next(error)
  const identity = response.locals['identity'] as Identity | undefined
  const problem = toProblem(error, request, identity?.role === 'admin')
  if (problem.status >= 500 && problem.code !== 'busy')
    context.logError(`console: ${request.method} ${request.path}: ${describe(error)}`)
  if (problem.details.retryAfter !== undefined)
    response.set('Retry-After', String(problem.details.retryAfter))
  // A body that was not read to its end can't be followed by another request.
  if (problem.status === 413) response.set('Connection', 'close')
  response.status(problem.status).json(problemBody(problem))
}

/** @param trusted whether they may read where the store is, and what is wrong there */
function toProblem(error: unknown, { path, headers }: Request, trusted: boolean): Problem {
  if (error instanceof Problem) return error
  if (error instanceof AccountProblem) return accountProblemOf(error)
  if (error instanceof AdminProblem) return apiProblemOf(error, trusted)
  if (error instanceof TooBusy)
    return new Problem(
      429,
      'busy',
      'Too many passwords are being checked at the moment. Try again in a few seconds.',
      {
        retryAfter: 5,
      },
    )
  if (error instanceof StoreError) {
    if (error.code === 'STORE_CONFLICT')
      return new Problem(
        headers['if-match'] === undefined ? 409 : 412,
        'changed-meanwhile',
        'Someone else changed this in the meantime. Load the current version and repeat your change.',
      )
    if (error.code === 'STORE_HALFWAY' && !trusted)
      return new Problem(
        500,
        'store-halfway',
        'Only a part of this was saved. The history says which; look at it, and ask an administrator.',
      )
    if (error.code === 'STORE_REFUSED') return new Problem(422, 'invalid', `${error.message}.`)
    const status = error.code === 'STORE_UNAVAILABLE' || error.code === 'STORE_GONE' ? 503 : 500
    const code = error.code.toLowerCase().replace('_', '-')
    return new Problem(status, code, trusted ? error.message : formatUnavailable(path))
  }
  const { status, type, limit } = error as { status?: unknown; type?: unknown; limit?: unknown }
  if (typeof status === 'number' && status >= 400 && status < 500)
    return requestProblem({ status, type, limit: limit === 8192 ? '8 kB' : '1 MB' })
  return new Problem(500, 'unexpected', 'Unexpected error. The server log has the details.')
}

interface RequestError {
  readonly status: number
  readonly type: unknown
  /** Such as `1 MB`. */
  readonly limit: string
}

/** What express found wrong with a request before any of ours saw it. */
function requestProblem({ status, type, limit }: RequestError): Problem {
  if (status === 413) return new Problem(413, 'too-large', `The request is larger than ${limit}.`)
  if (type === 'entity.parse.failed') return new Problem(400, 'not-json', 'The body is not valid JSON.')
  return new Problem(status, 'bad-request', 'The request is malformed.')
}

function describe(error: unknown): string {
  return error instanceof StoreError
    ? error.message
    : error instanceof Error
      ? String(error.stack)
      : 'unknown'
}
