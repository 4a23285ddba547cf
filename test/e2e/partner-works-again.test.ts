import assert from 'node:assert/strict'
import { it } from 'node:test'
import { logPairs } from '../support/evidence.js'
import { LATER, RULES, startWaitingScene } from '../support/waiting-scene.js'

it('mail that reaches a partner over TLS takes along what waits for it, in other nodes too, and only that', async () => {
  await using scene = await startWaitingScene()
  const second = await scene.addHaraka('mail02.test.example')
  await scene.send()
  await scene.send('cfo@bank.example', second)
  await scene.send('lab@clinic.example')
  const { nodes } = await scene.waitForListed(3)
  assert.deepEqual(
    nodes.map(({ name }) => name),
    ['mail02.test.example', 'mta.test.example'],
  )
  await scene.bank.behave({})
  await scene.send('new@bank.example')
  await scene.bank.waitForMessages(3, 30_000)
  const left = await scene.waitForListed(1)
  assert.equal(left.messages[0]?.domain, 'clinic.example')
  assert.ok(scene.bank.messages.every(({ tls }) => tls))
  assert.equal(scene.bank.messages.length, 3)
})

it('a session takes along only what waits under the same requirement', async () => {
  await using scene = await startWaitingScene({
    rules: {
      ...RULES,
      'other.example': [
        { to: ['bank.example'], id: 'stricter', action: { level: 'verify', onFailure: 'defer' } },
      ],
    },
    bank: {},
  })
  await scene.send('cfo@bank.example', scene.haraka, 'bob@other.example')
  const { messages } = await scene.waitForListed(1)
  assert.equal(messages[0]?.class, 'certificate-not-trusted')
  await scene.bank.behave({ on: { STARTTLS: LATER } })
  await scene.send()
  await scene.waitForListed(2)
  await scene.bank.behave({})
  await scene.send('new@bank.example')
  await scene.bank.waitForMessages(2)
  const left = await scene.waitForListed(1)
  assert.equal(left.messages[0]?.domain, 'bank.example')
  assert.equal(left.messages[0].rules[0]?.id, 'stricter')
  const ofStricter = logPairs(scene.haraka.log).filter(
    ({ kind, rule }) => kind === 'attempt' && rule === 'stricter',
  )
  assert.equal(ofStricter.length, 1)
})

it('a partner that works and fails by turns uses up none of the tries, and a message goes back to its time', async () => {
  await using scene = await startWaitingScene({ intervals: '1h*2' })
  await scene.send()
  const { messages } = await scene.waitForListed(1)
  const [before] = messages
  assert.ok(before)
  for (let tries = 2; tries <= 5; tries++) {
    const ran = await scene.queue('retry', before.id)
    assert.equal(ran.code, 0, ran.stdout + ran.stderr)
    await scene.haraka.waitForLog(new RegExp(`(?:result=deferred[^]*){${tries}}`))
    const [after] = (await scene.waitForListed(1)).messages
    assert.equal(after?.tries, 1)
    const moved = Math.abs(Date.parse(after.next) - Date.parse(before.next))
    assert.ok(moved < 5000, `${moved} ms`)
  }
  assert.deepEqual(scene.acme.messages, [])
  await scene.bank.behave({})
  await scene.send('new@bank.example')
  await scene.bank.waitForMessages(2)
  await scene.haraka.waitForEmptyQueue()
})

it('a node that is down is named, its mail is as it was, and it takes no orders', async () => {
  await using scene = await startWaitingScene()
  const second = await scene.addHaraka('mail02.test.example')
  await scene.send('cfo@bank.example', second)
  const { messages } = await scene.waitForListed(1)
  const id = messages[0]?.id ?? ''
  await second.kill9()
  // As if a minute had gone by.
  const node = messages[0]?.node ?? ''
  const seen = '2026-01-02T03:04:05.000Z'
  await scene.redis.cli(
    'HSET',
    'enforce-tls:waiting:nodes',
    node,
    JSON.stringify({ name: 'mail02.test.example', at: seen, more: false }),
  )
  const ran = await scene.queue('list')
  assert.match(
    ran.stdout.replace(/\s+/g, ' '),
    /mail02\.test\.example has not been seen since 2026-01-02 .*; its waiting mail is as it was then\./,
  )
  assert.match(ran.stdout, new RegExp(id))
  const refused = await scene.queue('retry', id)
  assert.equal(refused.code, 1)
  assert.match(
    refused.stdout,
    /mail02\.test\.example has not been seen since .*; order it again when it is back/,
  )
})

it('while Redis is away mail waits and goes as ever, and what waits is told afterwards', async () => {
  await using scene = await startWaitingScene()
  await scene.send()
  await scene.waitForListed(1)
  scene.redis.pause()
  await scene.send('second@bank.example')
  await scene.haraka.waitForLog(/(?:result=deferred[^]*){2}/)
  const unknown = await scene.queue('list')
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /redis .* did not /)
  scene.redis.resume()
  await scene.waitForListed(2, 40_000)
})
