/** Connections to an HTTP server with a console in it: how many there are, and that idle ones shut nobody out. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, createServer, get, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { it } from 'node:test'
import { limitConnections } from '../../../plugins/enforce-tls/console/connection-limit.js'
import { ConsoleHost, type ConsoleHostOptions } from '../../../plugins/enforce-tls/console/console-host.js'
import { toSettings } from '../../../plugins/enforce-tls/settings/schema.js'

/** Puts a console into a server. */
function putInto(server: Server, enabled: boolean): void {
  const settings = toSettings({ console: { enabled: String(enabled) } })
  const plugin = { loginfo: () => undefined } as unknown as ConsoleHostOptions['plugin']
  const host = new ConsoleHost({ plugin, settings: () => settings } as unknown as ConsoleHostOptions)
  host.serve(() => undefined, { http: { app: { get: () => undefined, use: () => undefined }, server } })
}

async function listening(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}

/** The status of a request on a connection of its own. */
async function ask(port: number, agent = new Agent()): Promise<number | undefined> {
  const [response] = (await once(get({ port, host: '127.0.0.1', agent }), 'response')) as [
    { statusCode?: number; resume(): void },
  ]
  response.resume()
  return response.statusCode
}

/** Opens connections that never get to a whole request; each is there when it comes back. */
async function half(port: number, count: number, said: string): Promise<Socket[]> {
  return await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined)
      await once(socket, 'connect')
      socket.write(said)
      return socket
    }),
  )
}

it('600 idle or half-read connections to a server with a console shut nobody out', async () => {
  const server = createServer((_request, response) => response.end('here'))
  putInto(server, true)
  const port = await listening(server)
  const sockets: Socket[] = []
  for (const said of ['', 'GET / HT', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{'])
    sockets.push(...(await half(port, 200, said)))
  assert.equal(await ask(port), 200)
  await new Promise<void>((resolve, reject) => {
    server.getConnections((error, count) => {
      if (error) return reject(error)
      assert.ok(count <= 500, String(count))
      resolve()
    })
  })
  for (const socket of sockets) socket.destroy()
  server.closeAllConnections()
  server.close()
})

it('what is being answered stays, the longest idle goes, and the new one where nothing is idle', async () => {
  const answers: (() => void)[] = []
  const server = createServer((request, response) => {
    if (request.url === '/slow') answers.push(() => response.end('late'))
    else response.end('here')
  })
  limitConnections(server, 2)
  const port = await listening(server)
  const [slow] = await half(port, 1, 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n')
  const [idle] = await half(port, 1, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  assert.ok(slow && idle)
  await once(idle, 'data')
  const closed = once(idle, 'close')
  const [second] = await half(port, 1, 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n')
  await closed
  while (answers.length < 2) await once(server, 'request')
  await assert.rejects(ask(port), /socket hang up|ECONNRESET/)
  for (const answer of answers) answer()
  assert.match(String((await once(slow, 'data')) as unknown), /late/)
  assert.equal(await ask(port), 200)
  second?.destroy()
  server.closeAllConnections()
  server.close()
})

it('a client that does not take its answer gives way as well', async () => {
  const server = createServer((request, response) =>
    response.end(request.url === '/long' ? Buffer.alloc(20_000_000) : 'here'),
  )
  limitConnections(server, 1)
  const port = await listening(server)
  const [taker] = await half(port, 1, 'GET /long HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(server, 'request')
  taker?.pause()
  assert.equal(await ask(port), 200)
  taker?.destroy()
  server.closeAllConnections()
  server.close()
})

it("connections are limited only with a console, and an operator's own limit and times stay", () => {
  const rows = [
    [true, {}, [undefined, 20_000, 60_000]],
    [true, { maxConnections: 7, headersTimeout: 5000, requestTimeout: 0 }, [7, 5000, 0]],
    [false, {}, [undefined, 60_000, 300_000]],
  ] as const
  for (const [enabled, before, expected] of rows) {
    const server = Object.assign(createServer(), before)
    const listeners = server.listenerCount('connection')
    putInto(server, enabled)
    assert.deepEqual([server.maxConnections, server.headersTimeout, server.requestTimeout], expected)
    const isOurs = enabled && !('maxConnections' in before)
    assert.equal(server.listenerCount('connection') - listeners, isOurs ? 1 : 0)
  }
})
