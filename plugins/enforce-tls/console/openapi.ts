/** The OpenAPI 3.1 document, made from the routes themselves. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pageHeaders } from './paging.js'
import type { Needs, Route, Schema } from './route.js'
import { error, rule, text } from './schemas.js'

const WHO: Readonly<Record<Needs, string>> = {
  nobody: 'Anybody.',
  reader: 'Every user and token; what they may not see is not there.',
  session: 'Users who signed in.',
  editor: 'Administrators; those of some domains for these only.',
  admin: 'Administrators of all.',
}
const STATUS: Readonly<Record<number, string>> = {
  200: 'Done.',
  201: 'Made.',
  204: 'Done; no content.',
  400: 'The request can not be understood.',
  401: 'Not signed in.',
  403: 'Not permitted, or without CSRF token.',
  404: 'Not there, or not for these eyes.',
  409: 'Things are not so that this can be done.',
  412: 'Changed by somebody else in the meantime.',
  413: 'Larger than 1 MB.',
  415: 'Not JSON.',
  422: 'Something in the request is not valid.',
  428: 'If-Match is missing.',
  429: 'Too many tries; Retry-After says when.',
  500: 'Something is wrong here, or in the store.',
  503: 'The store does not answer.',
}

/** The whole document. */
export function openApiDocument(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const each of routes) paths[each.path] = { ...paths[each.path], [each.method]: operation(each) }
  return {
    openapi: '3.1.0',
    info: {
      title: 'enforce-tls console',
      version: version(),
      license: { name: 'MIT', identifier: 'MIT' },
      description:
        'Message rules: which mail must travel over TLS. A request to change something carries X-CSRF-Token in a session, and If-Match where something is there already.',
    },
    servers: [{ url: '.', description: 'Where this document is.' }],
    security: [{ session: [] }, { token: [] }],
    paths,
    components: {
      schemas: { Error: error, Rule: rule },
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'enforce-tls-session' },
        token: { type: 'http', scheme: 'bearer', description: 'enforce-tls token create' },
      },
    },
  }
}

function operation(each: Route): object {
  const { operationId, summary, needs, body, answers, paged } = each
  return {
    operationId,
    summary,
    description: `For: ${WHO[needs]}`,
    ...(needs === 'nobody' ? { security: [] } : {}),
    parameters: parameters(each),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, schema]) => [
          status,
          { ...answer(Number(status), schema), ...(paged ? { headers: pageHeaders } : {}) },
        ]),
      ),
      ...Object.fromEntries(
        failures(each).map((status) => [status, answer(status, { $ref: '#/components/schemas/Error' })]),
      ),
    },
  }
}

function parameters({ path: template, query = {}, method, needs, precondition }: Route): object[] {
  const inPath = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: text,
  }))
  const inQuery = Object.entries(query).map(([name, schema]) => ({ name, in: 'query', schema }))
  const header = (name: string, description: string) => ({ name, in: 'header', description, schema: text })
  return [
    ...inPath,
    ...inQuery,
    ...(method === 'get' || needs === 'nobody'
      ? []
      : [header('X-CSRF-Token', 'In a session: its `csrf`. Not with a token.')]),
    ...(precondition ? [header('If-Match', 'The ETag of what is to be changed, where it is there.')] : []),
  ]
}

/** The failures that each route may answer with. */
function failures({ needs, body, precondition, path: template, method }: Route): number[] {
  const editing = needs === 'editor' || needs === 'admin'
  return [
    400,
    ...(needs === 'nobody' && method === 'get' ? [] : [401]),
    ...(method === 'get' ? [] : [403]),
    ...(needs === 'nobody' ? [] : [404]),
    ...(editing || template === '/explain' ? [409] : []),
    ...(editing ? [412] : []),
    ...(body ? [413, 415] : []),
    422,
    ...(precondition ? [428] : []),
    ...((template.startsWith('/session') && method !== 'get') || template === '/check' ? [429] : []),
    500,
    503,
  ]
}

function answer(status: number, schema: Schema | null): object {
  return {
    description: STATUS[status] ?? 'Done.',
    ...(schema === null ? {} : { content: { 'application/json': { schema } } }),
  }
}

function version(): string {
  const file = path.resolve(__dirname, '..', '..', '..', '..', 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
