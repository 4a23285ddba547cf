import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startHaraka, type HarakaOptions } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import { fileStoreConfig, writeRules } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

const covered = fileStoreConfig({ 'acme.example': [{ to: ['clinic.example'] }] })

describe('a covered message does not leave in the clear, and is not lost, when another plugin', () => {
  const hooks: readonly (readonly [what: string, source: string])[] = [
    ['answers OK in send_email', 'exports.hook_send_email = (next) => next(OK)'],
    ['answers DENY in send_email', 'exports.hook_send_email = (next) => next(DENY)'],
    ['throws in send_email', "exports.hook_send_email = () => { throw new Error('broken') }"],
    ['never answers in send_email', 'exports.hook_send_email = () => {}'],
    ['never answers in bounce', 'exports.hook_bounce = () => {}'],
    ['throws in bounce', "exports.hook_bounce = () => { throw new Error('broken') }"],
    ['never answers in get_mx', 'exports.hook_get_mx = () => {}'],
  ]
  for (const [what, source] of hooks) {
    it(what, async () => {
      await using clinic = await startPeer({ starttls: false })
      await using acme = await startPeer()
      const options: HarakaOptions = {
        config: { ...covered, plugin_timeout: '1\n' },
        extraPlugins: { other: source },
        plugins: [
          'test-relay',
          'enforce-tls',
          ...(what.includes('get_mx') ? ['other', 'test-routes'] : ['test-routes', 'other']),
        ],
        routes: { 'clinic.example': [clinic.route()], 'acme.example': [acme.route()] },
        outbound: { temp_fail_intervals: '5s' },
      }
      await using haraka = await startHaraka(options)
      await haraka.send({ from: 'ann@acme.example', to: 'lab@clinic.example' })
      if (what.includes('get_mx')) await haraka.waitForLog(/Temporary MX lookup error|Temp fail/i)
      else await acme.waitForMessages(1)
      assert.deepEqual(clinic.cleartextAfterEhlo(), [])
      assert.equal(haraka.exitCode, undefined)
    })
  }

  it('never answers in deferred: the retry queue goes on', async () => {
    await using clinic = await startPeer({ on: { STARTTLS: '454 later' } })
    await using acme = await startPeer()
    await using haraka = await startHaraka({
      config: { ...covered, plugin_timeout: '1\n' },
      extraPlugins: { other: 'exports.hook_deferred = () => {}' },
      routes: { 'clinic.example': [clinic.route()], 'acme.example': [acme.route()] },
      outbound: { temp_fail_intervals: '5s' },
    })
    await haraka.send({ from: 'ann@acme.example', to: 'lab@clinic.example' })
    await acme.waitForMessages(1, 20_000)
    await haraka.waitForEmptyQueue()
    assert.equal(clinic.connections.length, 2)
    assert.doesNotMatch(haraka.log, /NaN/)
  })
})

it('a hook of ours that outlives plugin_timeout holds the message until the rules are known', async () => {
  await using redis = await startRedis()
  await writeRules(redis, { 'acme.example': [{ to: ['clinic.example'] }] })
  await using clinic = await startPeer({ starttls: false })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config: {
      'enforce-tls.ini': `[main]\ndefer_seconds=1\n[redis]\nport=${redis.port}\ncommand_timeout=20s\n`,
      'enforce-tls.timeout': '1\n',
    },
    routes: { 'clinic.example': [clinic.route()], 'acme.example': [acme.route()] },
  })
  redis.pause()
  await haraka.send({ from: 'ann@acme.example', to: 'lab@clinic.example' })
  await haraka.waitForLog(/enforce-tls timed out on hook send_email/)
  redis.resume()
  await acme.waitForMessages(1)
  await haraka.waitForEmptyQueue()
  assert.deepEqual(clinic.cleartextAfterEhlo(), [])
  assert.equal(acme.messages.length, 1)
})
