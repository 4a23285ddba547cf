/** The receiving server of the tests notices cleartext wherever a client puts it, and misbehaves as it is told. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { PeerBehaviour } from '../support/peer-behaviour.js'
import { dripForever, injectInNextPacket, replyAndCut, reset, silence } from '../support/peer-steps.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'
import { until } from '../support/until.js'

class Client {
  heard = ''
  closed = false
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => (this.heard += text))
    socket.on('error', () => undefined)
    socket.on('close', () => (this.closed = true))
  }

  static async connect(peer: SmtpPeer): Promise<Client> {
    const socket = connectTcp(peer.port, '127.0.0.1')
    const client = new Client(socket)
    // A reset may come even before the connection counts as made.
    await until(() => !socket.connecting || client.closed, { what: 'a connection' })
    return client
  }

  async say(bytes: string | Buffer, answer: RegExp): Promise<void> {
    const before = this.heard.length
    this.#socket.write(bytes)
    await until(() => answer.test(this.heard.slice(before)), {
      what: () => `${String(answer)} in ${this.heard}`,
    })
  }

  async hears(answer: RegExp): Promise<void> {
    await until(() => answer.test(this.heard), { what: () => `${String(answer)} in ${this.heard}` })
  }

  async isClosed(): Promise<void> {
    await until(() => this.closed, { what: 'the end of the connection' })
  }

  async upgrade(options: ConnectionOptions = {}): Promise<{ inside: Client; socket: TLSSocket }> {
    this.#socket.removeAllListeners('data')
    const socket = connectTls({ socket: this.#socket, rejectUnauthorized: false, ...options })
    await once(socket, 'secureConnect')
    return { inside: new Client(socket), socket }
  }

  write(bytes: string | Buffer): void {
    this.#socket.write(bytes)
  }

  end(): void {
    this.#socket.destroy()
  }
}

async function untilStarttls(peer: SmtpPeer): Promise<Client> {
  const client = await Client.connect(peer)
  await client.hears(/^220 /)
  await client.say('EHLO client.example\r\n', /^250 STARTTLS\r\n$/m)
  return client
}

describe('cleartext', () => {
  it('is not what comes before the envelope', async () => {
    await using peer = await startPeer({ on: { STARTTLS: '454 4.7.0 not now' } })
    const client = await untilStarttls(peer)
    await client.say('STARTTLS\r\n', /^454 /m)
    await client.say('RSET\r\n', /^250 /m)
    await client.say('QUIT\r\n', /^221 /m)
    await client.isClosed()
    assert.deepEqual(peer.cleartextAfterEhlo(), [])
    assert.equal(peer.clearBytesAfterEhlo(), 0)
  })

  for (const [name, behaviour, bytes, verbs] of [
    [
      'an envelope after a refused STARTTLS',
      { on: { STARTTLS: '454 4.7.0 no' } },
      'MAIL FROM:<a@b.example>\r\n',
      ['MAIL'],
    ],
    [
      'an envelope after a 220 and silence',
      { on: { handshake: silence } },
      'MAIL FROM:<a@b.example>\r\n',
      ['MAIL'],
    ],
    ['an envelope after a 220 where TLS is expected', {}, 'MAIL FROM:<a@b.example>\r\n', ['MAIL']],
    ['half a line', { on: { handshake: silence } }, 'RCPT TO:<secret', ['(partial line)']],
    [
      'a command behind a TLS record',
      { on: { handshake: silence } },
      '\x16\x03\x01\x00\x02ab' + 'DATA\r\n',
      ['DATA'],
    ],
  ] as readonly (readonly [string, PeerBehaviour, string, readonly string[]])[]) {
    it(`is ${name}`, async () => {
      await using peer = await startPeer(behaviour)
      const client = await untilStarttls(peer)
      await client.say('STARTTLS\r\n', /^(?:220|454) /m)
      client.write(Buffer.from(bytes, 'latin1'))
      await until(() => peer.clearBytesAfterEhlo() > 0, { what: 'the bytes' })
      assert.deepEqual(peer.cleartextAfterEhlo(), verbs)
      client.end()
    })
  }
})

describe('TLS at the test peer', () => {
  it('is recorded with name, protocol, cipher and resumption, and carries the message', async () => {
    await using peer = await startPeer({ rcptReplies: { 'b@c.example': '550 5.1.1 no' } })
    const sessions: Buffer[] = []
    for (const servername of ['mx.one.example', 'mx.one.example']) {
      const client = await untilStarttls(peer)
      await client.say('STARTTLS\r\n', /^220 /m)
      const session = sessions.at(-1)
      const { inside, socket } = await client.upgrade({ servername, ...(session && { session }) })
      socket.on('session', (ticket: Buffer) => void sessions.push(ticket))
      await inside.say('EHLO client.example\r\n', /^250 SIZE/m)
      await inside.say('MAIL FROM:<a@b.example>\r\n', /^250 /m)
      await inside.say('RCPT TO:<b@c.example>\r\n', /^550 /m)
      await inside.say('RCPT TO:<d@c.example>\r\n', /^250 /m)
      await inside.say('DATA\r\n', /^354 /m)
      await inside.say('Subject: x\r\n\r\n..dot\r\nMAIL\r\n.\r\n', /^250 /m)
      await inside.say('QUIT\r\n', /^221 /m)
      await inside.isClosed()
    }
    assert.equal(peer.clearBytesAfterEhlo(), 0)
    assert.deepEqual(
      peer.connections.map(({ tls }) => [tls?.servername, tls?.protocol, tls?.resumed]),
      [
        ['mx.one.example', 'TLSv1.3', false],
        ['mx.one.example', 'TLSv1.3', true],
      ],
    )
    const [message] = peer.messages
    assert.equal(message?.data, 'Subject: x\r\n\r\n.dot\r\nMAIL\r\n')
    assert.deepEqual(message.acceptedFor, ['d@c.example'])
    assert.equal(message.secure, true)
  })

  it('is limited to the versions asked for, and a failed handshake is recorded', async () => {
    await using peer = await startPeer({ tls: { maxVersion: 'TLSv1.2' } })
    const good = await untilStarttls(peer)
    await good.say('STARTTLS\r\n', /^220 /m)
    const { socket } = await good.upgrade()
    assert.equal(socket.getProtocol(), 'TLSv1.2')
    assert.equal(peer.connections[0]?.tls?.servername, undefined)
    const bad = await untilStarttls(peer)
    await bad.say('STARTTLS\r\n', /^220 /m)
    await assert.rejects(bad.upgrade({ minVersion: 'TLSv1.3' }))
    await until(() => peer.connections[1]?.tlsError, { what: 'the error to be recorded' })
    socket.destroy()
  })
})

describe('misbehaviour of the test peer', () => {
  it('can be bytes behind the 220, in the same packet or in the next', async () => {
    for (const STARTTLS of ['220 go\r\n250 fake', injectInNextPacket('250 fake\r\n')]) {
      await using peer = await startPeer({ on: { STARTTLS } })
      const client = await untilStarttls(peer)
      await client.say('STARTTLS\r\n', /^220 .*\r\n250 fake\r\n$/m)
      const { inside } = await client.upgrade()
      await inside.say('NOOP\r\n', /^250 /m)
      assert.deepEqual(peer.connections[0]?.verbs('tls'), ['NOOP'])
      inside.end()
    }
  })

  it('can be silence, endless lines, a closed and a reset connection', async () => {
    await using peer = await startPeer({ on: { connect: silence } })
    const silent = await Client.connect(peer)
    await peer.waitForConnections(1)
    assert.equal(silent.heard, '')
    silent.end()

    await peer.behave({ on: { connect: dripForever('220-wait', 5) } })
    const dripped = await Client.connect(peer)
    await dripped.hears(/(?:220-wait\r\n){5}/)
    dripped.end()

    for (const connect of [replyAndCut('421 4.3.2 closing'), reset]) {
      await peer.behave({ on: { connect } })
      await (await Client.connect(peer)).isClosed()
    }
    await peer.waitForSilence()
  })

  it('can differ inside TLS', async () => {
    await using peer = await startPeer({ onSecure: { EHLO: '554 5.3.2 go away' } })
    const client = await untilStarttls(peer)
    await client.say('STARTTLS\r\n', /^220 /m)
    const { inside } = await client.upgrade()
    await inside.say('EHLO client.example\r\n', /^554 /m)
    assert.equal(peer.connections[0]?.transcript.at(-1), 'S(tls): 554 5.3.2 go away')
    inside.end()
  })

  it('is reported by close() when a step of the test itself throws', async () => {
    const peer = await startPeer({
      on: {
        EHLO: () => {
          throw new Error('a slip in the test')
        },
      },
    })
    const client = await Client.connect(peer)
    client.write('EHLO client.example\r\n')
    await client.isClosed()
    await assert.rejects(peer.close(), (error: Error) => String(error.cause).includes('a slip in the test'))
  })
})
