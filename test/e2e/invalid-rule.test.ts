import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import { storedRule } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

const RULES = 'enforce-tls:rules:acme.example'

it('an invalid rule in Redis makes the mail of its owner wait, with one log line that names key, field and problem', async () => {
  await using redis = await startRedis()
  await redis.cli('HSET', 'enforce-tls:domains', 'acme.example', '{"enabled":true}')
  const bad = storedRule({ to: ['bank..example'] })
  await redis.cli('HSET', RULES, 'r1', JSON.stringify(bad))
  await using plain = await startPeer({ starttls: false })
  await using haraka = await startHaraka({
    config: {
      'enforce-tls.ini': `[main]\ndefer_seconds=1\non_store_failure=deliver\n[redis]\nport=${redis.port}\n`,
    },
    routes: { '*': [plain.route()] },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'joe@other.example', subject: 'One' })
  await haraka.send({ from: 'ann@acme.example', to: 'joe@other.example', subject: 'Two' })
  await haraka.send({ from: 'joe@neighbour.example', to: 'ann@other.example', subject: 'Three' })
  const [neighbours] = await plain.waitForMessages(1)
  assert.match(neighbours?.data ?? '', /Subject: Three/, 'other owners are not touched')
  await haraka.waitForLog(/the message waits 1 s/)
  const lines = haraka.log.split('\n').filter((line) => /ERROR.* waits until/.test(line))
  assert.equal(lines.length, 1)
  assert.match(
    lines[0] ?? '',
    /mail of acme\.example waits until this entry is valid, or deleted: redis .*: key enforce-tls:rules:acme\.example, field r1: field criteria\.to\.matchesAny\[0\]: "bank\.\.example" has an empty label/,
  )
  await haraka.waitForQueue(2)

  await redis.cli('HSET', RULES, 'r1', JSON.stringify(storedRule({ to: ['bank.example'] })))
  await plain.waitForMessages(3)
  await haraka.waitForEmptyQueue()
  await haraka.waitForLog(/rules of acme\.example are in order again/)

  await redis.cli('HSET', RULES, 'r1', '{"name":')
  await haraka.send({ from: 'ann@acme.example', to: 'joe@other.example', subject: 'Four' })
  await plain.waitForMessages(4)
  await haraka.waitForLog(
    /an entry of acme\.example is not valid, and its last valid version stays in force: .*field r1: is not JSON/,
  )
})
