/** Asks every route of the API with random and hostile paths, queries, headers, bodies and methods, as anybody. */
import { openApiDocument } from '../../plugins/enforce-tls/console/openapi.js'
import { ROUTES } from '../../plugins/enforce-tls/console/routes.js'
import { FUZZ_DOMAINS, FUZZ_GROUPS, goodRule, largestRule } from './entries.js'
import type { Hostile } from './hostile.js'
import { request } from './http.js'
import { again, pause, type Stage } from './stage.js'

interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly maxLength?: number
  readonly maxItems?: number
}

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema: Schema }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
}

/** Requests under way at once. */
const ASKERS = 3
const SIGN_INS = 20

export async function fuzzRequests(stage: Stage, hostile: Hostile): Promise<void> {
  const { paths } = openApiDocument(ROUTES) as unknown as {
    paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const ask = async (): Promise<void> => {
    const { path, method, operation } = hostile.pick(operations)
    const wanted = {
      method: hostile.once(20)
        ? hostile.pick(['HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'DELETE', 'PUT', 'POST'])
        : method,
      path: pathOf(hostile, path, operation),
      headers: headersOf(stage, hostile),
      body: bodyOf(hostile, operation),
      cut: hostile.once(25),
    }
    stage.ledger.note('requests', { ...wanted, headers: asWhom(stage, wanted.headers) })
    await request(stage, wanted)
    await pause(hostile.between(0, 100))
  }
  const signIns = async (): Promise<void> => {
    stage.ledger.note('requests', `${SIGN_INS} sign-ins at once`)
    await Promise.all(
      hostile.list(SIGN_INS, (index) =>
        request(stage, {
          method: 'POST',
          path: 'session',
          headers: { 'content-type': 'application/json', 'x-forwarded-for': `192.0.2.${index}` },
          body: JSON.stringify({
            user: hostile.once(2) ? 'admin' : hostile.word(),
            password: hostile.word(20),
          }),
        }),
      ),
    )
    await pause(hostile.between(1000, 5000))
  }
  await Promise.all([...hostile.list(ASKERS, () => again(stage, ask)), again(stage, signIns)])
}

/** With the role in the place of the token. */
function asWhom({ tokens }: Stage, headers: Readonly<Record<string, string>>): Record<string, string> {
  const roles = Object.entries(tokens).map(([role, token]) => [token, role] as const)
  const named = (value: string) => roles.reduce((text, [token, role]) => text.replace(token, role), value)
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, named(value)]))
}

/** `*` is nowhere among the owners: its rule is what covered mail relies on. */
function pathOf(hostile: Hostile, template: string, { parameters = [] }: Operation): string {
  const path = template.slice(1).replace(/\{(\w+)\}/g, (_, name: string) => {
    if (hostile.once(6)) return encodeURIComponent(notEveryone(wellFormed(hostile.text())))
    if (name === 'name') return hostile.pick(FUZZ_GROUPS)
    if (name === 'id') return hostile.pick(['r0', 'r1', 'r2', '1-1', 'nobody'])
    return hostile.pick([...FUZZ_DOMAINS, 'ann%40fuzz1.example'])
  })
  const query = parameters
    .filter((parameter) => parameter.in === 'query' && !hostile.once(3))
    .map(({ name }) => {
      const value = hostile.one(
        () => hostile.pick(['1', '1000', '7d', '2020-01-01', 'fuzz1.example', '*', '-1', '1e9']),
        () => wellFormed(hostile.text()),
      )
      return `${name}=${encodeURIComponent(value)}`
    })
  const more = hostile.once(20) ? ['a[b][c]=1&'.repeat(50), `x=${'%25'.repeat(2000)}`] : []
  const all = [...query, ...more].join('&')
  return all === '' ? path : `${path}?${all}`
}

function wellFormed(text: string): string {
  return Buffer.from(text.slice(0, 2000)).toString()
}

function notEveryone(text: string): string {
  return text.includes('*') ? 'star' : text
}

function headersOf({ tokens }: Stage, hostile: Hostile): Record<string, string> {
  const who = hostile.pick([tokens.admin, tokens.admin, tokens.viewer, null, 'ets_nobody_nothing'])
  const headers: Record<string, string> = hostile.once(20) ? {} : { 'content-type': 'application/json' }
  if (who !== null) headers['authorization'] = `Bearer ${who}`
  const odd: readonly (readonly [string, string])[] = [
    ['if-match', '"x"'.repeat(hostile.between(1, 500))],
    ['if-none-match', '*'],
    ['cookie', `enforce-tls=${hostile.word(300)}`],
    ['content-encoding', 'gzip'],
    ['content-type', 'application/json; charset=utf-7'],
    ['x-csrf-token', hostile.word(2000)],
    ['sec-fetch-site', 'cross-site'],
    ['transfer-encoding', 'chunked'],
    ['expect', '100-continue'],
    ['authorization', `Bearer ${hostile.word(7000)}`],
    ['range', 'bytes=0-1,2-3'],
    ['accept', '*/*,'.repeat(1000)],
  ]
  if (hostile.once(4)) {
    const [name, value] = hostile.pick(odd)
    headers[name] = value
  }
  if (headers['transfer-encoding'] !== undefined) headers['content-length'] = ''
  return headers
}

function bodyOf(hostile: Hostile, { requestBody }: Operation): string {
  const schema = requestBody?.content['application/json']?.schema
  if (schema === undefined) return hostile.once(10) ? JSON.stringify(hostile.json()) : ''
  const good = () => valueOf(hostile, schema, '')
  return hostile.one(
    () => JSON.stringify(good()),
    () => JSON.stringify(good()),
    () => JSON.stringify(hostile.mutate(good())),
    () => JSON.stringify(hostile.json()),
    () => hostile.deepJson(),
    () => hostile.text(),
    () => JSON.stringify(good()).slice(0, hostile.between(0, 300)),
  )
}

/** A value that the schema permits, mostly; sometimes the largest. */
function valueOf(hostile: Hostile, schema: Schema, name: string): unknown {
  const { type, properties = {}, items = {}, maxLength = 1000, maxItems = 1000 } = schema
  if (name === 'rule' && Object.keys(properties).length === 0)
    return hostile.once(5) ? largestRule(hostile) : goodRule(hostile)
  if (schema.enum) return hostile.pick(schema.enum)
  if (name === 'header') return headerText(hostile, maxLength)
  // What is checked is looked up and connected to: nobody must be there.
  if (name === 'target')
    return hostile.one(
      () => `${hostile.word()}.invalid`,
      () => hostile.text(),
    )
  switch (type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(properties)
          .filter(() => !hostile.once(8))
          .map(([key, inner]) => [key, valueOf(hostile, inner, key)]),
      )
    case 'array': {
      const length = hostile.once(4) ? Math.min(maxItems, 40_000) : hostile.between(0, 5)
      return hostile.list(length, () => valueOf(hostile, items, ''))
    }
    case 'boolean':
      return hostile.once(2)
    case 'integer':
      return hostile.between(0, 2000)
    default:
      return hostile.one(
        () => hostile.pick(['fuzz1.example', 'ann@fuzz1.example', 'x@bank.example', 'r1', 'top']),
        () => notEveryone(hostile.expression()),
        () => notEveryone(hostile.text()).slice(0, maxLength),
        () => 'x'.repeat(maxLength),
      )
  }
}

function headerText(hostile: Hostile, maxLength: number): string {
  const line = hostile.pick([
    'Subject: a',
    'X-Fuzz: aaaaaaaaaaaaaaaa',
    ' folded',
    `X: ${'a'.repeat(5000)}`,
    'nothing',
    '=?utf-8?Q?=41?=',
  ])
  return `${line}\r\n`.repeat(
    hostile.once(3) ? Math.floor(maxLength / (line.length + 2)) : hostile.between(1, 20),
  )
}
