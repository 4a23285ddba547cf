/** A browser or a program that uses the API, and holds every answer against the OpenAPI document. */
import assert from 'node:assert/strict'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { openApiDocument } from '../../plugins/enforce-tls/console/openapi.js'
import { ROUTES } from '../../plugins/enforce-tls/console/routes.js'

/** An answer of the API. */
export interface Answer<T = unknown> {
  readonly status: number
  readonly headers: Headers
  readonly etag: string
  readonly body: T
}

/** An error's body. */
export interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly field?: string }
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
type Sent = Readonly<Record<string, string | null>>

const ajv = new Ajv2020({ strict: false }).addSchema(openApiDocument(ROUTES), 'api')

export class Client {
  readonly #url: string
  cookie: string | null = null
  csrf: string | null = null
  token: string | null = null

  constructor(url: string) {
    this.#url = url
  }

  async signIn(user: string, password: string): Promise<Answer<{ csrf: string }>> {
    const answer = await this.post<{ csrf: string }>('session', { user, password })
    const [cookie = ''] = answer.headers.getSetCookie()
    if (answer.status === 200) {
      this.cookie = cookie.split(';')[0] ?? ''
      this.csrf = answer.body.csrf
    }
    return answer
  }

  get<T>(path: string, headers?: Sent): Promise<Answer<T>> {
    return this.send<T>('GET', path, undefined, headers)
  }

  post<T>(path: string, body?: unknown, headers?: Sent): Promise<Answer<T>> {
    return this.send<T>('POST', path, body, headers)
  }

  put<T>(path: string, body: unknown, ifMatch?: string): Promise<Answer<T>> {
    return this.send<T>('PUT', path, body, ifMatch === undefined ? {} : { 'if-match': ifMatch })
  }

  delete<T>(path: string, ifMatch?: string): Promise<Answer<T>> {
    return this.send<T>('DELETE', path, undefined, ifMatch === undefined ? {} : { 'if-match': ifMatch })
  }

  /** @param headers beside or instead of those that a good request has; `null` leaves one out */
  async send<T>(method: Method, path: string, body?: unknown, headers: Sent = {}): Promise<Answer<T>> {
    const all: Sent = {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      cookie: this.cookie,
      authorization: this.token === null ? null : `Bearer ${this.token}`,
      'x-csrf-token': this.csrf,
      ...headers,
    }
    const response = await fetch(`${this.#url}api/${path}`, {
      method,
      headers: Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null),
      redirect: 'manual',
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const answer = {
      status: response.status,
      headers: response.headers,
      etag: response.headers.get('etag') ?? '',
      body: (text === ''
        ? undefined
        : typeOf(response.headers).endsWith('json')
          ? JSON.parse(text)
          : text) as T,
    }
    assertDescribed(method, path, answer)
    return answer
  }
}

/** The media type, which is JSON unless a route says more. */
function typeOf(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';', 1)[0] ?? ''
}

/** Fails for an answer that the document does not have, or not so. */
function assertDescribed(method: Method, path: string, { status, body, headers }: Answer): void {
  const [bare = ''] = path.split('?')
  const parts = `/${bare}`.split('/')
  const found = ROUTES.find((route) => {
    const template = route.path.split('/')
    return (
      route.method === method.toLowerCase() &&
      template.length === parts.length &&
      template.every((part, index) => part.startsWith('{') || part === parts[index])
    )
  })
  const what = `${method} ${path} answered ${status}: ${JSON.stringify(body)}`
  const type = typeOf(headers)
  if (body !== undefined) assert.ok((found?.types ?? ['application/json']).includes(type), what)
  // What is no route at all has the shape of every error.
  const pointer =
    found === undefined
      ? '/components/schemas/Error'
      : ['', 'paths', found.path, found.method, 'responses', String(status)]
          .map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'))
          .join('/')
  const reference =
    found === undefined || body === undefined
      ? pointer
      : `${pointer}/content/${type.replaceAll('/', '~1')}/schema`
  const validate = ajv.getSchema(`api#${reference}`)
  assert.ok(validate, `not in the document: ${what}`)
  if (body !== undefined) assert.ok(validate(body), `${what}: ${ajv.errorsText(validate.errors)}`)
}
