/** How many connections there are, that nobody else waits for them, and that they end. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startHaraka, type Haraka, type HarakaOptions } from '../support/haraka.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer, type PeerOptions, type SmtpPeer } from '../support/smtp-peer.js'

const MESSAGES = 30
const rules = { 'acme.example': [{ to: ['bank.example', 'other.example'] }] }

async function start(
  routes: HarakaOptions['routes'],
  ini: string,
  options: HarakaOptions = {},
): Promise<Haraka> {
  return startHaraka({
    config: fileStoreConfig(rules, `[tls]\n${ini}`),
    ...(routes ? { routes } : {}),
    ...options,
  })
}

async function sendMany(haraka: Haraka): Promise<void> {
  const numbers = Array.from({ length: MESSAGES }, (_, number) => number)
  await Promise.all(
    numbers.map((number) => haraka.send({ from: 'ann@acme.example', to: `x${number}@bank.example` })),
  )
}

function assertAllOnce(peers: readonly SmtpPeer[]): void {
  const got = peers.flatMap((peer) => peer.messages.flatMap(({ acceptedFor }) => acceptedFor))
  assert.deepEqual([got.length, new Set(got).size], [MESSAGES, MESSAGES])
  for (const peer of peers) assert.deepEqual(peer.cleartextAfterEhlo(), [])
}

/** A server that takes no message until it is let. */
function held(): { behaviour: PeerOptions; letGo: () => void } {
  let letGo = (): void => undefined
  const gate = new Promise<void>((resolve) => (letGo = resolve))
  const message = async (session: { proceed(): Promise<void> }): Promise<void> => {
    await gate
    await session.proceed()
  }
  return { behaviour: { onSecure: { message } }, letGo }
}

describe('with connections_per_host=2', () => {
  for (const first of ['is the only one', 'comes after one that is down'] as const)
    it(`a server that ${first} gets 30 messages over two connections, and nobody else waits`, async () => {
      const { behaviour, letGo } = held()
      await using bank = await startPeer(behaviour)
      await using down = await startPeer()
      await using other = await startPeer()
      await down.goDown()
      const hosts = [bank.route({ name: 'mx2.bank.example', priority: 20 })]
      if (first !== 'is the only one') hosts.unshift(down.route({ name: 'mx1.bank.example', priority: 10 }))
      await using haraka = await start(
        { 'bank.example': hosts, 'other.example': [other.route()] },
        'connections_per_host=2\n',
        // Fewer than there are messages: those that wait must not fill it.
        { outbound: { concurrency_max: 5 } },
      )
      await sendMany(haraka)
      await bank.waitForConnections(2)
      await haraka.send({ from: 'ann@acme.example', to: 'y@other.example' })
      await other.waitForMessages(1)
      assert.equal(bank.messages.length, 0)
      letGo()
      await haraka.waitForEmptyQueue(30_000)
      assertAllOnce([bank])
      assert.equal(bank.mostOpen, 2)
      assert.equal(bank.connections.length, 2, 'each serves many messages')
      assert.doesNotMatch(haraka.log, /Temp failing|\[CRIT\]/)
      // Each host is tried once for each message.
      const tried = haraka.log.match(/attempt .*mx=mx1\.bank\.example.*/g)?.length ?? 0
      assert.equal(tried, first === 'is the only one' ? 0 : MESSAGES)
    })

  it('a server that takes one message in each connection gets all of them', async () => {
    await using bank = await startPeer({
      onSecure: {
        message: async (session) => {
          await session.proceed()
          session.end()
        },
      },
    })
    await using haraka = await start({ '*': [bank.route()] }, 'connections_per_host=2\n')
    await sendMany(haraka)
    await haraka.waitForEmptyQueue(30_000)
    assertAllOnce([bank])
    assert.doesNotMatch(haraka.log, /Temp failing|\[CRIT\]/)
    assert.equal(bank.connections.length, MESSAGES)
  })

  it('messages without reuse keep to it, too', async () => {
    await using bank = await startPeer()
    await using haraka = await start(
      { '*': [bank.route()] },
      'connections_per_host=2\nconnection_reuse=false\n',
    )
    await sendMany(haraka)
    await haraka.waitForEmptyQueue(30_000)
    assertAllOnce([bank])
    assert.equal(bank.connections.length, MESSAGES)
    assert.ok(bank.mostOpen <= 4, `two that serve and two that say goodbye, not ${bank.mostOpen}`)
  })
})

it('two workers have connections of their own, and every message arrives once', async () => {
  await using bank = await startPeer()
  await using haraka = await start({ '*': [bank.route()] }, 'connections_per_host=2\n', { nodes: 2 })
  await sendMany(haraka)
  await haraka.waitForEmptyQueue(30_000)
  assertAllOnce([bank])
  assert.ok(bank.mostOpen <= 4, String(bank.mostOpen))
  assert.ok(bank.connections.length < MESSAGES, 'reused')
})

describe('an idle connection ends with QUIT within two seconds', () => {
  const graceful = ['[main]', 'listen=127.0.0.1:0', 'nodes=0', 'graceful_shutdown=true', ''].join('\n')
  for (const [when, end] of Object.entries({
    'when Haraka stops gracefully': (haraka: Haraka) => haraka.stop(),
    'when the settings change': async (haraka: Haraka) => {
      haraka.writeConfig(fileStoreConfig(rules, '[tls]\nconnection_idle=50s\n'))
      await haraka.waitForLog(/enforce-tls\.ini was read again/)
    },
  }))
    it(when, async () => {
      await using bank = await startPeer()
      await using haraka = await startHaraka({
        config: { ...fileStoreConfig(rules, '[tls]\nconnection_idle=60s\n'), 'smtp.ini': graceful },
        routes: { '*': [bank.route()] },
      })
      await haraka.send({ from: 'ann@acme.example', to: 'x@bank.example' })
      await bank.waitForMessages(1)
      await haraka.waitForEmptyQueue()
      assert.equal(bank.connections[0]?.closed, false)
      await end(haraka)
      await bank.waitForCommand('QUIT', 2000)
      await bank.waitForSilence(2000)
    })

  it('when the server does not answer it', async () => {
    await using bank = await startPeer({ onSecure: { QUIT: () => undefined } })
    await using haraka = await start({ '*': [bank.route()] }, 'connection_idle=100ms\n')
    await haraka.send({ from: 'ann@acme.example', to: 'x@bank.example' })
    await bank.waitForCommand('QUIT')
    await bank.waitForSilence(2500)
  })
})

it('recipients that are refused do not end reuse, and one of them bounces', async () => {
  await using bank = await startPeer({
    rcptReplies: { 'gone@bank.example': '550 5.1.1 no such user' },
  })
  await using acme = await startPeer()
  await using haraka = await start(
    { 'acme.example': [acme.route()], '*': [bank.route()] },
    'connection_idle=60s\n',
  )
  const send = async (...to: string[]): Promise<void> => {
    await haraka.send({ from: 'ann@acme.example', to })
    await haraka.waitForEmptyQueue()
  }
  await send('a@bank.example', 'gone@bank.example', 'b@bank.example')
  await send('c@bank.example')
  assert.equal(bank.connections.length, 1, 'a fresh session is believed')
  await send('d@bank.example', 'gone@bank.example')
  await send('gone@bank.example')
  await send('e@bank.example')
  assert.deepEqual(
    bank.messages.map(({ acceptedFor }) => acceptedFor.join(' ')),
    ['a@bank.example b@bank.example', 'c@bank.example', 'd@bank.example', 'e@bank.example'],
  )
  assert.equal(acme.messages.length, 3)
  assert.doesNotMatch(haraka.log, /Temp failing/)
})
