import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { installedPackage } from '../support/installed-package.js'
import { startRedis } from '../support/redis-server.js'
import { storedRule, writeRules } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'
import { runToEnd } from '../support/watched-process.js'

const RULES = 'enforce-tls:rules:acme.example'

it('beside rules that are broken by hand, what is switched on holds at once, and what is unknown makes mail wait', async () => {
  await using redis = await startRedis()
  await using open = await startPeer({ starttls: false })
  await using acme = await startPeer()
  const off = storedRule({ to: ['old.example'], enabled: false })
  await writeRules(redis, {
    'acme.example': [
      { id: 'old', to: ['old.example'], enabled: false },
      { id: 'bank', to: ['bank.example'] },
    ],
  })
  await using haraka = await startHaraka({
    config: { 'enforce-tls.ini': `[main]\ndefer_seconds=1\n[redis]\nport=${redis.port}\n` },
    routes: { '*': [open.route()], 'acme.example': [acme.route()] },
  })
  const { bin } = await installedPackage()
  const command = (...words: string[]) => runToEnd(process.execPath, [bin, ...words, '--redis', redis.url])
  const send = (to: string) => haraka.send({ from: 'ann@acme.example', to })
  await send('friend@open.example')
  await open.waitForMessages(1)

  await redis.cli('HSET', RULES, 'old', JSON.stringify({ ...off, enbled: false }))
  await redis.cli('HSET', RULES, 'bank', '{"name":')
  const create = ['rule', 'create', 'acme.example', 'Patient data', '--to', 'clinic.example']
  await command(...create, '--enable', '--no-check')
  await send('lab@clinic.example')
  await send('cfo@bank.example')
  await acme.waitForMessages(2)
  await send('friend@open.example')
  await open.waitForMessages(2)
  assert.match(
    haraka.log,
    /ERROR.*an entry of acme\.example is not valid, and counts as off, as it says: .*field old: field enbled/,
  )
  assert.match(haraka.log, /ERROR.*its last valid version stays in force: .*field bank: is not JSON/)

  await redis.cli('HSET', RULES, 'new', '{"name":')
  await send('friend@open.example')
  await send('lab@clinic.example')
  await haraka.waitForLog(
    /mail of acme\.example waits until this entry is valid, or deleted: .*field new: is not JSON/,
  )
  await haraka.waitForQueue(2)
  await redis.cli('HDEL', RULES, 'new')
  await open.waitForMessages(3)
  await acme.waitForMessages(3)
  await haraka.waitForEmptyQueue()
  await redis.cli('HDEL', RULES, 'bank', 'old')
  await send('cfo@bank.example')
  await open.waitForMessages(4)
  await haraka.waitForLog(/rules of acme\.example are in order again/)
  const told = haraka.log.split('\n').filter((line) => /ERROR.* of acme\.example /.test(line))
  assert.equal(told.length, 3, told.join('\n'))
})

it('a group that is broken by hand stays in force as it was, for every owner that uses it', async () => {
  await using redis = await startRedis()
  await using open = await startPeer({ starttls: false })
  await using bounces = await startPeer()
  await redis.cli('HSET', 'enforce-tls:groups', 'banks', '["bank.example"]')
  const banks = [{ to: ['group:banks'] }]
  await writeRules(redis, { 'acme.example': banks, 'other.example': banks })
  await using haraka = await startHaraka({
    config: { 'enforce-tls.ini': `[main]\ndefer_seconds=1\n[redis]\nport=${redis.port}\n` },
    routes: { '*': [open.route()], 'acme.example': [bounces.route()], 'other.example': [bounces.route()] },
  })
  const mail = async (to: string) => {
    for (const from of ['ann@acme.example', 'bob@other.example']) await haraka.send({ from, to })
  }
  await mail('friend@open.example')
  await open.waitForMessages(2)
  await redis.cli('HSET', 'enforce-tls:groups', 'banks', '["bank')
  await mail('cfo@bank.example')
  await bounces.waitForMessages(2)
  await mail('friend@open.example')
  await open.waitForMessages(4)
  for (const domain of ['acme.example', 'other.example'])
    await redis.cli(
      'HSET',
      `enforce-tls:rules:${domain}`,
      'c',
      JSON.stringify(storedRule({ to: ['clinic.example'] })),
    )
  await mail('lab@clinic.example')
  await bounces.waitForMessages(4)
  await redis.cli('HSET', 'enforce-tls:groups', 'banks', '["court.example"]')
  await mail('cfo@bank.example')
  await open.waitForMessages(6)
  await haraka.waitForEmptyQueue()
  const inTheClear = open.messages.flatMap(({ acceptedFor }) => acceptedFor)
  assert.deepEqual(inTheClear, [
    ...Array<string>(4).fill('friend@open.example'),
    ...Array<string>(2).fill('cfo@bank.example'),
  ])
  assert.equal(bounces.messages.length, 4)
})
