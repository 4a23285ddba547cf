/** A message to thousands of recipients, of whom each requires something else, keeps nobody else's mail waiting. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { longestRound, watchdogEnvironment } from '../support/loop-watchdog.js'
import { startRedis } from '../support/redis-server.js'
import { storedRule } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

const RECIPIENTS = 4000
/** So many have a rule of their own. */
const RULES = 800
/** Far more than own work takes, and far less than comparing each with each: that was a matter of seconds. */
const ROUND_MAX = 400

it('a message to 4,000 recipients is divided among them in pieces', async () => {
  await using redis = await startRedis()
  await using bank = await startPeer()
  const recipients = Array.from({ length: RECIPIENTS }, (_, n) => `person${n}@bank.example`)
  const rules = recipients
    .slice(0, RULES)
    .flatMap((to, n) => [`r${n}`, JSON.stringify(storedRule({ to: [to], position: n + 1 }))])
  await redis.cli('HSET', 'enforce-tls:domains', 'acme.example', '{"enabled":true}')
  await redis.cli('HSET', 'enforce-tls:rules:acme.example', ...rules)
  await using haraka = await startHaraka({
    config: { 'enforce-tls.ini': `[redis]\nport=${redis.port}\n` },
    routes: { 'bank.example': [bank.route()] },
    env: watchdogEnvironment(),
  })
  await haraka.waitForLog(/rule store is available/)
  const sent = await haraka.send({ from: 'ann@acme.example', to: recipients })
  // Reading so many recipients is Haraka's own work.
  const mark = haraka.mark()
  assert.equal(sent.accepted.length, RECIPIENTS)
  // One part for each rule, and one for all the others.
  await haraka.until(() => bank.messages.length === RULES + 1, 'all messages', 120_000)
  await haraka.waitForEmptyQueue(60_000)
  const got = bank.messages.flatMap(({ acceptedFor }) => acceptedFor)
  assert.deepEqual([got.length, new Set(got).size], [RECIPIENTS, RECIPIENTS])
  assert.ok(
    bank.messages.every(({ tls, acceptedFor }) => tls || acceptedFor.length > 1),
    'a covered recipient got it in the clear',
  )
  assert.match(haraka.log, /divided into 100 items, the last of which is divided further/)
  const longest = longestRound(haraka.log, mark)
  assert.ok(longest < ROUND_MAX, `${longest} ms`)
})
