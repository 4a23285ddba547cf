/** The test kit itself: a Haraka without the plugin, receiving servers, Redis and certificates do what tests rely on. */
import assert from 'node:assert/strict'
import { connect } from 'node:tls'
import { describe, it } from 'node:test'
import { makeAuthority, validity } from '../support/certificates.js'
import { startHaraka, startHarakaInVain } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { afterClientHello, bytes, cut, inTurn, tlsAlert } from '../support/peer-steps.js'
import { startRedis } from '../support/redis-server.js'
import { startPeer } from '../support/smtp-peer.js'

const plain = { enforceTls: false } as const

describe('a Haraka without the plugin', () => {
  it('delivers in the clear to a server without STARTTLS', async () => {
    await using peer = await startPeer({ starttls: false })
    await using haraka = await startHaraka({ ...plain, routes: { 'bank.example': [peer.route()] } })

    const sent = await haraka.send({
      from: 'alice@acme.example',
      to: ['a@bank.example', 'b@bank.example'],
      subject: 'Offer',
    })
    const [message] = await peer.waitForMessages()
    await haraka.waitForEmptyQueue()

    assert.equal(sent.code, 250)
    assert.equal(message?.secure, false)
    assert.equal(message.from, 'alice@acme.example')
    assert.deepEqual(message.acceptedFor, ['a@bank.example', 'b@bank.example'])
    assert.match(message.data, /^Subject: Offer\r\n/m)
    assert.deepEqual(new Set(peer.cleartextAfterEhlo()), new Set(['MAIL', 'RCPT', 'DATA', '(message)']))
    assert.ok(peer.clearBytesAfterEhlo() > message.data.length)
  })

  it('delivers over TLS to a server that offers it', async () => {
    await using peer = await startPeer()
    await using haraka = await startHaraka({
      ...plain,
      routes: { '*': [peer.route({ name: 'mx1.bank.example' })] },
    })

    await haraka.send({ from: 'alice@acme.example', to: 'a@bank.example' })
    const [message] = await peer.waitForMessages()
    await haraka.waitForEmptyQueue()

    assert.equal(message?.secure, true)
    assert.equal(message.tls?.protocol, 'TLSv1.3')
    assert.equal(message.tls.servername, 'mx1.bank.example')
    assert.deepEqual(peer.cleartextAfterEhlo(), [])
    assert.equal(peer.clearBytesAfterEhlo(), 0)
    assert.deepEqual(peer.connections[0]?.verbs('clear'), ['EHLO', 'STARTTLS'])
  })

  it('delivers by LMTP over a unix socket, with a reply for each recipient', async () => {
    await using haraka = await startHaraka({ ...plain, outbound: { temp_fail_intervals: 'none' } })
    await using store = await startPeer({
      lmtp: true,
      path: `${haraka.folder}/lmtp.sock`,
      messageReplies: { 'full@box.example': '552 5.2.2 mailbox full' },
    })
    await using sender = await startPeer()
    haraka.setRoutes({ 'box.example': [store.route()], 'acme.example': [sender.route()] })

    await haraka.send({ from: 'alice@acme.example', to: ['full@box.example', 'ok@box.example'] })
    const [message] = await store.waitForMessages()
    const [bounce] = await sender.waitForMessages()
    await haraka.waitForEmptyQueue()

    assert.deepEqual(message?.acceptedFor, ['ok@box.example'])
    assert.equal(bounce?.from, '')
    const { recipients } = parseBounce(bounce.data)
    assert.deepEqual(
      recipients.map((fields) => fields['final-recipient']),
      ['rfc822;full@box.example'],
    )
  })

  it('tries deferred mail again when told to, and keeps it over kill -9', async () => {
    await using peer = await startPeer({
      on: { MAIL: inTurn('451 4.3.0 later', '451 4.3.0 later', '250 ok') },
    })
    await using haraka = await startHaraka({ ...plain, routes: { '*': [peer.route()] } })

    await haraka.send({ from: '', to: 'a@bank.example' })
    await haraka.waitForLog(/Temp failing/)
    const after = haraka.mark()
    await haraka.flushUntil(() => /Temp failing/.test(haraka.log.slice(after)), 'another deferral')
    await haraka.waitForQueue(1)
    await haraka.kill9()
    assert.equal(haraka.exitCode, 137)

    await haraka.restart()
    const [message] = await peer.waitForMessages()
    await haraka.waitForEmptyQueue()
    assert.equal(message?.from, '')
    assert.equal(message.connection, 3)
  })

  it('runs as a cluster', async () => {
    await using peer = await startPeer()
    await using haraka = await startHaraka({ ...plain, nodes: 2, routes: { '*': [peer.route()] } })
    assert.equal(new Set(haraka.pids.workers).size, 2)
    await haraka.send({ from: 'alice@acme.example', to: 'a@bank.example' })
    await peer.waitForMessages()
  })

  it('reports a refusal to start', async () => {
    const { exitCode, log } = await startHarakaInVain({
      ...plain,
      extraPlugins: { refuser: `exports.register = () => { throw new Error('not like this') }` },
    })
    assert.notEqual(exitCode, 0)
    assert.match(log, /not like this/)
  })
})

describe('a test peer', () => {
  for (const [name, handshake] of [
    ['garbage', afterClientHello(bytes('neither SMTP nor TLS'))],
    ['an alert', afterClientHello(tlsAlert(40))],
    ['a cut', afterClientHello(cut)],
  ] as const) {
    it(`answers a handshake with ${name}, and the next connection properly`, async () => {
      await using bad = await startPeer({ on: { handshake } })
      await using good = await startPeer()
      const routes = { '*': [bad.route(), good.route({ priority: 1 })] }
      await using haraka = await startHaraka({ ...plain, routes })

      await haraka.send({ from: 'alice@acme.example', to: 'a@bank.example' })
      await good.waitForMessages()

      assert.deepEqual(bad.cleartextAfterEhlo(), [])
      assert.ok((bad.connections[0]?.tlsBytes ?? 0) > 100)
      assert.deepEqual(bad.received, [])
    })
  }
})

describe('Redis of a test', () => {
  it('starts, answers, stands still, and is the same after a restart', async () => {
    await using redis = await startRedis({
      persistent: true,
      args: ['--requirepass', 'secret'],
      credentials: { password: 'secret' },
    })
    assert.equal(await redis.cli('SET', 'key', 'value'), 'OK')
    redis.pause()
    const answer = redis.cli('GET', 'key')
    redis.resume()
    assert.equal(await answer, 'value')
    const { port } = redis
    await redis.restart()
    assert.equal(redis.port, port)
    assert.equal(await redis.cli('GET', 'key'), 'value')
  })
})

describe('certificates of a test', () => {
  it('are trusted, expired, not yet valid or for another name as asked for', async () => {
    const authority = await makeAuthority('Test CA')
    const cases = [
      [{ dnsNames: ['mx.bank.example'] }, undefined],
      [{ dnsNames: ['*.bank.example'] }, undefined],
      [{ dnsNames: ['mx.bank.example'], keyType: 'rsa' as const }, undefined],
      [{ dnsNames: ['mx.bank.example'], ...validity.expired() }, 'CERT_HAS_EXPIRED'],
      [{ dnsNames: ['mx.bank.example'], ...validity.notYetValid() }, 'CERT_NOT_YET_VALID'],
      [{ dnsNames: ['mx.notbank.example'] }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
      [{ commonName: 'mx.bank.example' }, undefined],
    ] as const
    for (const [options, expected] of cases) {
      await using peer = await startPeer({
        tls: await authority.issue(options),
        on: { connect: (session) => session.upgrade() },
      })
      const code = await new Promise<string | undefined>((resolve) => {
        const socket = connect({
          host: '127.0.0.1',
          port: peer.port,
          servername: 'mx.bank.example',
          ca: authority.cert,
        })
        socket.once('secureConnect', () => resolve(undefined))
        socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
        socket.once('close', () => socket.destroy())
      })
      assert.equal(code, expected, JSON.stringify(options))
    }
  })
})
