/** The description of the API, for programs. */
import { route, type Route } from '../route.js'
import { openApiDocument } from '../openapi.js'

/** @param routes gives all routes, this one among them */
export function openApiRoutes(routes: () => readonly Route[]): Route[] {
  let document: object | null = null
  return [
    route({
      method: 'get',
      path: '/openapi.json',
      operationId: 'getOpenApi',
      summary: 'This document.',
      needs: 'nobody',
      answers: { 200: { type: 'object', required: ['openapi', 'paths'] } },
      handle: () => Promise.resolve({ body: (document ??= openApiDocument(routes())), constant: true }),
    }),
  ]
}
