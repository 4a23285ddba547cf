import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startWaitingScene } from '../support/waiting-scene.js'

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
