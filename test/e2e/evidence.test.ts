import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { DeliveryReport } from '../../plugins/enforce-tls/report/delivery-report.js'
import { startHaraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import { storedRule } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'
import { enforceTls } from '../cli/enforce-tls.js'
import { deliveries, logPairs } from '../support/evidence.js'

it('the log, the stream in Redis and the report tell what became of mail, and nothing of its content', async () => {
  await using redis = await startRedis()
  await using bank = await startPeer({ hostname: 'mx.bank.example' })
  await using plain = await startPeer({ starttls: false })
  await using busy = await startPeer({ on: { STARTTLS: '454 TLS " not=available\u001b[31m' } })
  await using mailbox = await startPeer()
  const rule = (id: string, to: string, more: object = {}) =>
    redis.cli(
      'HSET',
      'enforce-tls:rules:acme.example',
      id,
      JSON.stringify({ ...storedRule({ to: [to] }), ...more }),
    )
  await redis.cli('HSET', 'enforce-tls:domains', 'acme.example', '{"enabled":true}')
  await rule('bank', 'bank.example')
  await rule('clinic', 'clinic.example')
  await rule('court', 'court.example')
  await rule('try', 'partner.example', { mode: 'report' })
  await using haraka = await startHaraka({
    config: { 'enforce-tls.ini': `[redis]\nport=${redis.port}\n` },
    routes: {
      'bank.example': [bank.route({ name: 'mx.bank.example' })],
      'clinic.example': [plain.route({ name: 'mx.clinic.example' })],
      'court.example': [busy.route({ name: 'mx.court.example' })],
      'partner.example': [plain.route({ name: 'mx.partner.example' })],
      'acme.example': [mailbox.route()],
    },
  })
  for (const domain of ['bank', 'clinic', 'court', 'partner'])
    await haraka.send({ from: 'ann@acme.example', to: `secret-name@${domain}.example`, subject: 'Hush' })

  await haraka.until(
    async () => (await deliveries(redis)).length >= 7,
    'three attempts, three outcomes and a report in the stream',
  )
  const entries = await deliveries(redis)
  const told = entries.map(({ kind, domain, result, class: name }) => [kind, domain, result, name ?? null])
  for (const expected of [
    ['attempt', 'bank.example', 'secured', null],
    ['outcome', 'bank.example', 'delivered', null],
    ['attempt', 'clinic.example', 'failed', 'starttls-not-supported'],
    ['outcome', 'clinic.example', 'bounced', 'starttls-not-supported'],
    ['attempt', 'court.example', 'failed', 'starttls-deferred'],
    ['outcome', 'court.example', 'deferred', 'starttls-deferred'],
    ['report', 'partner.example', 'would-bounce', 'starttls-not-supported'],
  ])
    assert.ok(
      told.some((one) => JSON.stringify(one) === JSON.stringify(expected)),
      JSON.stringify([expected, told]),
    )
  assert.equal(new Set(entries.map(({ id }) => id)).size, entries.length)
  assert.doesNotMatch(JSON.stringify(entries), /secret-name|ann@|Hush/)

  const delivered = entries.find(({ kind, domain }) => kind === 'outcome' && domain === 'bank.example')
  assert.match(haraka.log, /\[enforce-tls\] outcome uuid=/)
  const lines = logPairs(haraka.log)
  const line = lines.find(({ kind, domain }) => kind === 'outcome' && domain === 'bank.example')
  assert.deepEqual(line, {
    kind: 'outcome',
    uuid: delivered?.['uuid'],
    rule: 'bank',
    owner: 'acme.example',
    level: 'encrypt',
    domain: 'bank.example',
    recipients: '1',
    result: 'delivered',
    mx: 'mx.bank.example',
    address: `127.0.0.1:${bank.port}`,
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    fingerprint: delivered?.['fingerprint'],
    issuer: 'CN=mx.bank.example',
    verified: 'nothing',
  })
  assert.match(line['fingerprint'] ?? '', /^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/)
  const deferred = lines.find(({ kind, domain }) => kind === 'attempt' && domain === 'court.example')
  assert.equal(deferred?.['status'], '4.7.4')
  assert.equal(deferred['detail'], 'answered STARTTLS with 454 TLS " not=available\\u001b[31m')

  const ran = await enforceTls(['report', '--json', '--redis', redis.url])
  assert.equal(ran.code, 0, ran.stderr)
  const report = JSON.parse(ran.stdout) as DeliveryReport
  assert.deepEqual(report.enforced, {
    messages: 3,
    delivered: 1,
    bounced: 1,
    kept: 0,
    waiting: 1,
    ...{ rerouted: 0, released: 0, other: 0 },
    asUsual: 0,
    freed: 0,
    ...{ waived: 0, waivedClear: 0, waivedTls: 0 },
    requiretls: 0,
  })
  assert.deepEqual(report.reported, {
    messages: 1,
    wouldBounce: 1,
    wouldWait: 0,
    wouldDeliver: 0,
    wouldDeliverAsUsual: 0,
    unknown: 0,
  })
  assert.deepEqual(report.versions, [{ version: 'TLSv1.3', messages: 1, share: 1 }])
})
