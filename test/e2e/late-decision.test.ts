import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import { writeRules } from '../support/rules.js'
import { slowWayTo } from '../support/slow-redis.js'
import { startPeer } from '../support/smtp-peer.js'

it('a decision that comes after its time-out does not let out what a newer rule covers', async () => {
  await using redis = await startRedis()
  await using way = await slowWayTo(redis.port)
  await using clinic = await startPeer({ starttls: false })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config: {
      'enforce-tls.ini': `[main]\ndefer_seconds=1\n[redis]\nport=${way.port}\ncommand_timeout=20s\n`,
      'enforce-tls.timeout': '2\n',
    },
    routes: { 'clinic.example': [clinic.route()], 'acme.example': [acme.route()] },
  })
  await haraka.waitForLog(/rule store is available/)
  way.hold()
  // Redis answers this one that there is no rule; the answer is held up on its way.
  await haraka.send({ from: 'ann@acme.example', to: 'lab@clinic.example' })
  await haraka.waitForLog(/enforce-tls timed out on hook send_email/)
  await writeRules(redis, { 'acme.example': [{ to: ['clinic.example'] }] })
  await haraka.until(
    () => haraka.log.split('enforce-tls timed out on hook send_email').length > 2,
    'the second look at the rules',
  )
  way.release()
  await haraka.waitForEmptyQueue()
  assert.deepEqual(clinic.cleartextAfterEhlo(), [])
  assert.equal(acme.messages.length, 1)
})
