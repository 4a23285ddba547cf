/** The OpenAPI 3.1 document, made from the routes themselves. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pageHeaders } from './paging.js'
import type { Needs, Route, Schema } from './route.js'
import { error, rule, text } from './schemas.js'

const WHO: Readonly<Record<Needs, string>> = {
  nobody: 'Anybody.',
  reader: 'Every user and token; what they may not see is not found.',
  session: 'Signed-in users.',
  editor: 'Administrators; domain administrators for their domains only.',
  admin: 'Administrators.',
  'admin-session': 'Administrators who are signed in; tokens may not.',
}
const STATUS: Readonly<Record<number, string>> = {
  200: 'Done.',
  201: 'Created.',
  204: 'Done, no content.',
  400: 'Malformed request.',
  401: 'Not signed in.',
  403: 'Not allowed, or CSRF token missing.',
  404: 'Not found, or not visible to you.',
  409: 'Not possible in the current state.',
  412: 'Changed by someone else in the meantime.',
  413: 'Larger than 1 MB.',
  415: 'Not JSON.',
  422: 'The request has an invalid value.',
  428: 'If-Match is missing.',
  429: 'Too many requests; Retry-After says when to try again.',
  500: 'Unexpected error, or invalid data in the store.',
  503: 'The store is unavailable, or too many searches are running; then Retry-After says when to try again.',
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
        'Message rules: which mail requires TLS. Requests that change something send X-CSRF-Token in a session, and If-Match if the resource exists.',
    },
    servers: [{ url: '.', description: 'The folder of this document.' }],
    security: [{ session: [] }, { token: [] }],
    paths,
    components: {
      schemas: { Error: error, Rule: rule },
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'enforce-tls-session' },
        token: { type: 'http', scheme: 'bearer', description: 'A token from enforce-tls token create.' },
      },
    },
  }
}

function operation(each: Route): object {
  const { operationId, summary, needs, body, answers, paged, types } = each
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
          { ...answer(Number(status), schema, types), ...(paged ? { headers: pageHeaders } : {}) },
        ]),
      ),
      ...Object.fromEntries(
        failures(each).map((status) => [status, answer(status, { $ref: '#/components/schemas/Error' })]),
      ),
    },
  }
}

function parameters({ path: template, query = {}, method, needs, precondition, confirms }: Route): object[] {
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
      : [header('X-CSRF-Token', 'In a session, its `csrf`. Not needed with a token.')]),
    ...(precondition ? [header('If-Match', 'The ETag of the resource to change, if it exists.')] : []),
    ...(confirms
      ? [
          header(
            'X-Asked',
            'What the answer of POST impact about this change says in `asked`. If the change would do something else by now, nothing is written, and the answer is 412 with the code asks-anew. Without it, the change is made whatever it does.',
          ),
        ]
      : []),
  ]
}

/** The failures that each route may answer with. */
function failures({ needs, body, precondition, path: template, method, passwords }: Route): number[] {
  const editing = needs === 'editor' || needs === 'admin' || needs === 'admin-session'
  return [
    400,
    ...(needs === 'nobody' && method === 'get' ? [] : [401]),
    ...(method === 'get' && (needs === 'nobody' || needs === 'reader') ? [] : [403]),
    ...(needs === 'nobody' ? [] : [404]),
    ...(editing || passwords || template === '/explain' ? [409] : []),
    ...(editing ? [412] : []),
    ...(body ? [413, 415] : []),
    422,
    ...(precondition ? [428] : []),
    ...(passwords || template === '/check' ? [429] : []),
    500,
    503,
  ]
}

function answer(
  status: number,
  schema: Schema | null,
  types: readonly string[] = ['application/json'],
): object {
  return {
    description: STATUS[status] ?? 'Done.',
    ...(schema === null ? {} : { content: Object.fromEntries(types.map((type) => [type, { schema }])) }),
  }
}

function version(): string {
  const file = path.resolve(__dirname, '..', '..', '..', '..', 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
