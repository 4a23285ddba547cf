import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { silence } from '../support/peer-steps.js'
import { fileStoreConfig, rulesDocument } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

const MESSAGES = 20

it('the mail of a worker that is killed goes on in another one, under the rules of now', async () => {
  await using bank = await startPeer({ on: { connect: silence } })
  await using plain = await startPeer({ on: { connect: silence }, starttls: false })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    nodes: 2,
    config: fileStoreConfig({ 'acme.example': [{ to: ['bank.example', 'plain.example'] }] }),
    routes: {
      'bank.example': [bank.route()],
      'plain.example': [plain.route()],
      'florist.example': [plain.route()],
      'acme.example': [acme.route()],
    },
  })
  const domains = ['bank.example', 'plain.example', 'florist.example']
  for (let number = 0; number < MESSAGES; number++)
    await haraka.send({ from: 'ann@acme.example', to: `x${number}@${domains[number % 3] ?? ''}` })
  const { workers } = haraka.pids
  assert.equal(workers.length, 2)
  haraka.writeConfig({
    'enforce-tls.rules.json': rulesDocument({ 'acme.example': [{ to: domains }] }),
  })
  await bank.behave({})
  await plain.behave({ starttls: false })
  for (const pid of workers) process.kill(pid, 'SIGKILL')

  const toBank = Math.ceil(MESSAGES / 3)
  await bank.waitForMessages(toBank, 30_000)
  await acme.waitForMessages(MESSAGES - toBank, 30_000)
  await haraka.waitForEmptyQueue()
  assert.equal(bank.messages.length, toBank)
  assert.equal(acme.messages.length, MESSAGES - toBank)
  assert.ok(bank.messages.every(({ tls }) => tls))
  assert.deepEqual([...bank.cleartextAfterEhlo(), ...plain.cleartextAfterEhlo()], [])
})
