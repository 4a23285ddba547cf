/** Servers that flood: once a session is decided, nobody reads on, and nothing that they say is kept. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { createSecureContext } from 'node:tls'
import { establishTls } from '../../../plugins/enforce-tls/delivery/tls/establish.js'
import { selfSigned } from '../../support/certificates.js'
import { startPeer } from '../../support/smtp-peer.js'

/** What the kernel's buffers of both sides may hold, generously, in bytes. */
const IN_BUFFERS = 16 * 1024 * 1024
/** A line without end. */
const FLOOD = Buffer.alloc(60_000, 'x')

/** Sends as fast as it is taken, until the other side has gone; gives how much that was. */
async function flood(socket: Socket): Promise<number> {
  while (!socket.destroyed) {
    if (socket.bytesWritten > 10 * IN_BUFFERS) break
    if (!socket.write(FLOOD))
      await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => 0)
  }
  return socket.bytesWritten
}

/** Answers the commands in turn, greeting first, then floods. */
async function floodingServer(...replies: readonly string[]) {
  let end: (bytes: number) => void = () => undefined
  const flooded = new Promise<number>((resolve) => (end = resolve))
  const server = createServer((socket) => {
    const left = [...replies]
    const answer = (): void => {
      socket.write(left.shift() ?? '')
      if (left.length === 0) {
        socket.off('data', answer).resume()
        void flood(socket).then(end)
      }
    }
    socket.on('error', () => undefined)
    socket.on('data', answer)
    answer()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    flooded,
    close: () => server.close(),
  }
}

function establish(socket: Socket) {
  return establishTls({
    socket,
    helo: 'mta.example',
    lmtp: false,
    serverName: undefined,
    context: () => createSecureContext(),
    verify: () => null,
    timeouts: { reply: 5000, handshake: 5000 },
  })
}

describe('a server that floods', () => {
  const EHLO = '250-hello\r\n250 STARTTLS\r\n'
  const rows: readonly (readonly [when: string, replies: readonly string[], detail: RegExp])[] = [
    ['at once', [''], /a reply line of more than/],
    ['with what is no reply', ['hello\r\n'], /instead of an SMTP reply/],
    ['with one line', ['220 '.padEnd(60_000, 'x')], /a reply line of more than/],
    ['with lines of a reply', ['220-x\r\n'.repeat(10_000)], /a reply of more than/],
    ['with long lines of a reply', [`220-${'x'.repeat(4000)}\r\n`.repeat(500)], /a reply of more than/],
    ['behind its greeting', ['220 hi\r\n'], /sent more than/],
    ['after it put the connection off', ['421 later\r\n'], /421 later/],
    ['after it refused EHLO', ['220 hi\r\n', '550 no\r\n'], /rejected EHLO/],
    ['after it offered no STARTTLS', ['220 hi\r\n', '250 hi\r\n'], /does not offer/],
    ['after it put STARTTLS off', ['220 hi\r\n', EHLO, '454 later\r\n'], /454 later/],
    ['behind its agreement to TLS', ['220 hi\r\n', EHLO, '220 go\r\n'], /TLS|more data/],
  ]
  for (const [when, replies, detail] of rows)
    it(`${when} is cut off`, async () => {
      const server = await floodingServer(...replies)
      const socket = connect(server.port, '127.0.0.1')
      await once(socket, 'connect')
      const result = await establish(socket)
      assert.ok(!result.ok)
      assert.match(result.failure.detail, detail)
      const sent = await server.flooded
      assert.ok(sent < IN_BUFFERS, `${sent} bytes were taken`)
      assert.ok(socket.bytesRead < 1024 * 1024, `${socket.bytesRead} bytes were read`)
      server.close()
    })

  it('inside TLS, once its certificate was refused, is cut off', async () => {
    const certificate = await selfSigned({ dnsNames: ['mx.example'] })
    let sent = 0
    await using peer = await startPeer({
      tls: certificate,
      onSecure: {
        QUIT: async (session) => {
          while (!session.closed) {
            session.raw(FLOOD)
            sent += 1
            await session.pause(5)
          }
        },
      },
    })
    const socket = connect(peer.port, '127.0.0.1')
    await once(socket, 'connect')
    const result = await establishTls({
      socket,
      helo: 'mta.example',
      lmtp: false,
      serverName: undefined,
      context: () => createSecureContext(),
      verify: () => ({ class: 'certificate-not-trusted', temporary: false, detail: 'is not trusted' }),
      timeouts: { reply: 5000, handshake: 5000 },
    })
    assert.ok(!result.ok)
    await peer.waitForSilence()
    assert.ok(sent < 100, `${sent} blocks were sent`)
  })
})
