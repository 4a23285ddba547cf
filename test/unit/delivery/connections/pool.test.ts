import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  ConnectionPool,
  type ConnectionSettings,
} from '../../../../plugins/enforce-tls/delivery/connections/pool.js'
import { CONTEXT, fakeConnection, type FakeConnection } from '../../../support/fake-connection.js'

const PLACE = '192.0.2.25:25'
const PURPOSE = { place: PLACE, key: 'k', context: CONTEXT }
const QUIT = 'QUIT\r\n'

function pool(settings: Partial<ConnectionSettings> = {}, queueTurns = 100): ConnectionPool {
  const all = {
    connectionReuse: true,
    connectionIdle: 60_000,
    connectionMaxMessages: 100,
    connectionsPerHost: 2,
    ...settings,
  }
  return new ConnectionPool(
    () => all,
    () => queueTurns,
  )
}

function given(connections: ConnectionPool, what: Partial<FakeConnection> = {}): FakeConnection {
  const connection = fakeConnection(what)
  connections.give(connection)
  return connection
}

describe('the pool of connections', () => {
  it('gives what it was given to the same purpose, the latest first, each once', () => {
    const connections = pool()
    const [first, second] = [given(connections), given(connections)]
    assert.equal(connections.idle, 2)
    assert.equal(connections.take(PURPOSE), second)
    assert.equal(connections.take(PURPOSE), first)
    assert.equal(connections.take(PURPOSE), null)
    assert.equal(connections.idle, 0)
    for (const event of ['data', 'end', 'close', 'error'])
      assert.equal(first.fake.listenerCount(event), 0, `${event} is nobody else’s`)
  })

  for (const [what, other] of Object.entries({
    'another place': { place: '192.0.2.26:25' },
    'another key': { key: 'other' },
    'other TLS settings': { context: { context: {} } },
  }))
    it(`gives it to no message of ${what}`, () => {
      const connections = pool()
      given(connections)
      assert.equal(connections.take({ ...PURPOSE, ...other }), null)
      assert.equal(connections.idle, 1)
      connections.close()
    })

  const now = Date.now()
  const UNUSABLE: Readonly<Record<string, Partial<FakeConnection>>> = {
    'has served as many messages as it may': { messages: 100 },
    'is as old as it may be': { since: performance.now() - 300_000 },
    'has a certificate that has expired': { dates: { from: 0, to: now - 1 } },
    'has a certificate that is not valid yet': { dates: { from: now + 60_000, to: now + 120_000 } },
  }
  for (const [what, connection] of Object.entries(UNUSABLE))
    it(`does not keep one that ${what}`, () => {
      const connections = pool()
      assert.equal(given(connections, connection).fake.said, QUIT)
      assert.equal(connections.idle, 0)
    })

  it('does not give one whose certificate has expired while it was idle', (t) => {
    const connections = pool()
    const connection = given(connections, { dates: { from: 0, to: Date.now() + 1000 } })
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 2000 })
    assert.equal(connections.take(PURPOSE), null)
    assert.equal(connection.fake.said, QUIT)
  })

  for (const property of ['writable', 'readable'] as const)
    it(`does not give one that is not ${property} any more`, () => {
      const connections = pool()
      given(connections).fake[property] = false
      assert.equal(connections.take(PURPOSE), null)
    })

  for (const event of ['data', 'end', 'close', 'error'])
    it(`ends an idle one at the event ${event}`, () => {
      const connections = pool()
      const connection = given(connections)
      connection.fake.emit(event, event === 'error' ? new Error('reset') : Buffer.from('x'))
      assert.equal(connections.idle, 0)
      assert.ok(connection.fake.destroyed)
      assert.equal(connections.take(PURPOSE), null)
    })

  it('ends an idle one after connection_idle, and not one in use', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const connections = pool({ connectionIdle: 2000 })
    const [idle, used] = [given(connections), given(connections)]
    assert.equal(connections.take(PURPOSE), used)
    t.mock.timers.tick(1999)
    assert.equal(idle.fake.said, null)
    t.mock.timers.tick(1)
    assert.equal(idle.fake.said, QUIT)
    assert.equal(used.fake.said, null)
  })

  it('keeps 500 idle ones at most, to all places together', () => {
    const connections = pool()
    const all = Array.from({ length: 501 }, (_, n) => given(connections, { place: `place ${n}` }))
    assert.equal(connections.idle, 500)
    assert.deepEqual(
      all.map(({ fake }, n) => (fake.said === QUIT ? n : null)).filter((n) => n !== null),
      [0],
    )
    connections.close()
  })

  it('keeps none without connection_reuse', () => {
    assert.equal(given(pool({ connectionReuse: false })).fake.said, QUIT)
  })

  it('ends the idle ones when the settings change, and those under way when they come back', () => {
    const connections = pool()
    const [idle, busy] = [given(connections), fakeConnection()]
    connections.renew()
    assert.equal(idle.fake.said, QUIT)
    connections.give(busy)
    assert.equal(busy.fake.said, QUIT)
    const later = given(connections, { since: performance.now() + 1 })
    assert.equal(connections.take(PURPOSE), later)
  })

  it('keeps none once it is closed', () => {
    const connections = pool()
    const idle = given(connections)
    connections.close()
    const later = given(connections, { since: performance.now() + 1 })
    assert.deepEqual([idle.fake.said, later.fake.said, connections.idle], [QUIT, QUIT, 0])
  })

  it('asks no connection of a kind for more messages than one of it has served', () => {
    const connections = pool()
    connections.limit(fakeConnection({ messages: 3 }))
    assert.equal(given(connections, { messages: 3 }).fake.said, QUIT)
    assert.equal(given(connections, { messages: 3, key: 'other' }).fake.said, null)
    const second = given(connections, { messages: 2 })
    assert.equal(connections.take(PURPOSE), second)
    connections.close()
  })
})

describe('a place', () => {
  it('has as many connections as connections_per_host says, and another one when one is given back', () => {
    const connections = pool()
    const [first, second] = [connections.enter(PLACE), connections.enter(PLACE)]
    assert.ok(first && second)
    assert.equal(connections.enter(PLACE), null)
    assert.ok(connections.enter('elsewhere'))
    first.leave()
    first.leave()
    assert.ok(connections.enter(PLACE))
    assert.equal(connections.enter(PLACE), null, 'leaving twice gives one back')
  })

  it('counts idle connections: a fresh one makes the oldest give way', () => {
    const connections = pool()
    const [oldest, latest] = [given(connections, { key: 'a' }), given(connections, { key: 'b' })]
    connections.enter(PLACE)
    assert.equal(connections.take(PURPOSE), null)
    connections.makeRoom(PLACE)
    assert.deepEqual([oldest.fake.said, latest.fake.said], [QUIT, null])
    connections.close()
  })

  it('calls who waits in turn, one for each connection given back; who was called before comes first', () => {
    const connections = pool({ connectionsPerHost: 1 })
    const called: string[] = []
    const wait = (name: string, again = false): void =>
      connections.wait(PLACE, () => called.push(name), again)
    const place = connections.enter(PLACE)
    wait('first')
    wait('second')
    wait('late for the second time', true)
    place?.leave()
    assert.deepEqual(called, ['late for the second time'])
    connections.enter(PLACE)?.leave()
    connections.enter(PLACE)?.leave()
    assert.deepEqual(called, ['late for the second time', 'first', 'second'])
  })

  it('is looked after: when somebody called does not come, others are called', (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const connections = pool({ connectionsPerHost: 1 })
    const called: number[] = []
    const place = connections.enter(PLACE)
    for (const n of [1, 2, 3, 4]) connections.wait(PLACE, () => called.push(n), false)
    t.mock.timers.tick(1000)
    assert.deepEqual(called, [], 'there is no room')
    place?.leave()
    assert.deepEqual(called, [1])
    t.mock.timers.tick(1000)
    assert.deepEqual(called, [1, 2])
    t.mock.timers.tick(1000)
    assert.deepEqual(called, [1, 2, 3])
  })

  it('that nobody is in calls soon', (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    let called = 0
    pool().wait(PLACE, () => called++, false)
    t.mock.timers.tick(1000)
    assert.equal(called, 1)
  })

  it('lets as many stand ready as it has connections, calls them before those behind, and not for ever', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const connections = pool()
    connections.enter(PLACE)
    connections.enter(PLACE)?.leave()
    const place = connections.enter(PLACE)
    const called: string[] = []
    const [ready, second] = [1, 2].map(() => connections.standReady(PLACE, 1000, false))
    assert.equal(await connections.standReady(PLACE, 1000, false), false)
    connections.wait(PLACE, () => called.push('behind'), false)
    place?.leave()
    assert.equal(await ready, true)
    assert.deepEqual(called, ['behind'], 'who may stand ready next')
    t.mock.timers.tick(1000)
    assert.equal(await second, false)
  })

  it('that hangs has nobody stand ready: the turn is for others', async () => {
    const connections = pool({ connectionsPerHost: 1 })
    connections.enter(PLACE)
    assert.equal(await connections.standReady(PLACE, 1000, false), false)
  })

  it('has no more connections than half of the messages that the queue has under way', () => {
    const connections = pool({ connectionsPerHost: 20 }, 5)
    assert.ok(connections.enter(PLACE))
    assert.ok(connections.enter(PLACE))
    assert.equal(connections.enter(PLACE), null)
  })

  it('counts a connection that is saying goodbye until it is closed, and one that stays open only once', () => {
    const connections = pool({ connectionsPerHost: 1 })
    const { fake, socket } = fakeConnection()
    const place = connections.enter(PLACE)
    place?.uses(socket)
    place?.leave()
    assert.equal(connections.enter(PLACE), null)
    fake.emit('close')
    const next = connections.enter(PLACE)
    assert.ok(next)
    const kept = fakeConnection()
    next.uses(kept.socket)
    next.handBack()
    next.leave()
    assert.equal(kept.fake.listenerCount('close'), 0, 'nothing is left on what others use now')
    assert.ok(connections.enter(PLACE))
    assert.equal(fake.listenerCount('close'), 0)
  })

  it('lets an idle connection go when its time is over, however long it might be idle', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const connections = pool({ connectionIdle: 3_600_000 })
    const old = given(connections, { since: performance.now() - 299_000 })
    t.mock.timers.tick(500)
    assert.equal(old.fake.said, null)
    t.mock.timers.tick(600)
    assert.equal(old.fake.said, QUIT)
  })
})
