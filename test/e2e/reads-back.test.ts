import assert from 'node:assert/strict'
import { it } from 'node:test'
import { inProcess } from '../cli/enforce-tls.js'
import { startHaraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import { startPeer } from '../support/smtp-peer.js'

it('a group with an address that needs quotes holds for a Haraka that reads it first, and stops no other mail', async () => {
  await using redis = await startRedis()
  const command = async (...words: readonly string[]) => {
    const { code, stderr } = await inProcess([...words, '--redis', redis.url])
    assert.equal(code, 0, stderr)
  }
  await command('domain', 'enable', 'acme.example')
  await command('group', 'set', 'banks', '"jane doe"@bank.example', '""@bank.example', '"a@b"@bank.example')
  await command('rule', 'create', 'acme.example', 'Banks', '--to', 'group:banks', '--enable', '--no-check')
  await command('status')

  await using plain = await startPeer({ starttls: false })
  await using mailbox = await startPeer()
  await using haraka = await startHaraka({
    config: { 'enforce-tls.ini': `[redis]\nport=${redis.port}\n` },
    routes: { '*': [plain.route()], 'acme.example': [mailbox.route()] },
  })
  const covered = ['"Jane Doe"@bank.example', '"a@b"@bank.example']
  for (const to of covered) await haraka.send({ from: 'ann@acme.example', to, subject: 'covered' })
  await haraka.send({ from: 'ann@acme.example', to: 'janedoe@bank.example', subject: 'free' })
  const bounces = await mailbox.waitForMessages(covered.length)
  for (const to of covered)
    assert.ok(
      bounces.some(({ data }) => data.includes(to)),
      to,
    )
  await plain.waitForMessages(1)
  await haraka.waitForEmptyQueue()
  assert.deepEqual(
    plain.messages.map(({ data }) => /Subject: (\w+)/.exec(data)?.[1]),
    ['free'],
  )
})
