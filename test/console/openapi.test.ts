import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ConsoleContext } from '../../plugins/enforce-tls/console/console-context.js'
import { openApiDocument } from '../../plugins/enforce-tls/console/openapi.js'
import { ROUTES } from '../../plugins/enforce-tls/console/routes.js'
import { serveRoutes } from '../../plugins/enforce-tls/console/serve-routes.js'
import { startConsole } from './console-server.js'

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> }
}

describe('the OpenAPI document', () => {
  it('is OpenAPI 3.1', async () => {
    const { Validator } = await import('@seriousme/openapi-schema-validator')
    const document = JSON.parse(JSON.stringify(openApiDocument(ROUTES))) as Record<string, unknown>
    const result = await new Validator().validate(document)
    assert.deepEqual(result.errors ?? [], [])
    assert.ok(result.valid)
  })

  it('has every route that the server answers, and no other', () => {
    const router = serveRoutes(ROUTES, {} as ConsoleContext)
    const served = (router.stack as unknown as readonly Layer[]).flatMap(({ route }) =>
      route === undefined ? [] : Object.keys(route.methods).map((method) => `${method} ${route.path}`),
    )
    const { paths } = openApiDocument(ROUTES) as { paths: Record<string, Record<string, unknown>> }
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    )
    assert.deepEqual(served.sort(), described.sort())
    assert.equal(new Set(ROUTES.map(({ operationId }) => operationId)).size, ROUTES.length)
    assert.ok(served.length > 20)
  })

  it('is served to anybody', async () => {
    await using server = await startConsole()
    const { status, body } = await server
      .client()
      .get<{ openapi: string; servers: { url: string }[] }>('openapi.json')
    assert.deepEqual([status, body.openapi, body.servers[0]?.url], [200, '3.1.0', '.'])
  })
})
