import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

it('a deferred message whose queue file a person removes is forgotten, not tried for ever', async () => {
  await using bank = await startPeer({ on: { STARTTLS: '454 4.7.0 later' } })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config: fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] }, '[main]\ndefer_seconds=1\n'),
    routes: { 'bank.example': [bank.route()], 'acme.example': [acme.route()] },
    outbound: { temp_fail_intervals: '5s' },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  await haraka.waitForLog(/Temp failing/)
  for (const name of haraka.queueFiles()) rmSync(join(haraka.folder, 'queue', name))
  await haraka.waitForLog(/the queue file was removed/)
  const mark = haraka.mark()
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  await acme.waitForMessages(1, 20_000)
  await haraka.waitForEmptyQueue()
  assert.doesNotMatch(haraka.log.slice(mark), /failed, so the message waits|the queue file was removed/)
  assert.equal(acme.messages.length, 1)
  assert.equal(bank.connections.length, 3)
})
