import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, it } from 'node:test'
import { selfSigned } from '../support/certificates.js'
import { dnsPlugin, startDns } from '../support/dns-server.js'
import { ALL_TO_CLINIC, startGateway } from '../support/gateway.js'
import { metricsUrl } from '../support/metrics-url.js'
import { startRedis } from '../support/redis-server.js'
import { rulesDocument } from '../support/rules.js'
import { scrape, valueOf } from '../support/scrape.js'
import { startPeer } from '../support/smtp-peer.js'
import { TemporaryFolder } from '../support/temporary-folder.js'

const OUTGOING = '[main]\nforwarded_mail=outgoing\n'
const FROM_OUTSIDE = { from: 'joe@partner.example', to: 'lab@clinic.example' }

describe('mail for local recipients that queue/smtp_forward hands on', () => {
  it('is incoming by default: no outgoing rule stops it, which is said at start, noted once an hour and counted', async () => {
    await using gateway = await startGateway({
      ini: '[requiretls]\nannounce=true\n',
      rules: { '*': [{ to: ['*'], name: 'All of it' }] },
      config: { 'http.ini': 'listen=127.0.0.1:0\n' },
    })
    const { haraka, inside } = gateway
    assert.ok(
      haraka.log.includes(
        'mail for local recipients that queue/smtp_forward may forward counts as incoming: outgoing rules do not cover it ([main] forwarded_mail=incoming)',
      ),
    )
    assert.match(
      haraka.log,
      /\[WARN\].*REQUIRETLS is announced, but mail for local recipients that queue\/smtp_forward may forward goes on without it/,
    )
    for (let number = 0; number < 3; number++) assert.equal((await haraka.send(FROM_OUTSIDE)).code, 250)
    assert.equal(inside.messages.length, 3)
    const url = await metricsUrl(haraka)
    const counted = async () =>
      valueOf(await scrape(url), 'enforce_tls_forwarded_messages_total', { result: 'not-covered' })
    await haraka.until(async () => (await counted()) === 3, 'three messages to be counted')
    const notes = haraka.log.match(/not covered: a message that .*$/gm) ?? []
    assert.equal(notes.length, 1)
    assert.match(
      notes.join(),
      /queue\/smtp_forward may forward matches rule rule1 of \* \("All of it"\), which does not apply to it because of \[main\] forwarded_mail=incoming$/,
    )
    assert.deepEqual(haraka.queueFiles(), [])
  })

  it('is incoming by default: a store that does not answer neither refuses nor delays it', async () => {
    await using redis = await startRedis()
    const { key, cert } = await selfSigned({ dnsNames: ['mta.test.example'] })
    await using gateway = await startGateway({
      plugins: ['tls', 'all-local', 'enforce-tls', 'queue/smtp_forward'],
      config: {
        // Longer than a hook may take: a hook that waited for the store would end with 450.
        'enforce-tls.ini': `[redis]\nport=${redis.port}\ncommand_timeout=60s\n`,
        'tls.ini': '',
        'tls_key.pem': key,
        'tls_cert.pem': cert,
      },
    })
    const { haraka, inside } = gateway
    redis.pause()
    const { code, reply } = await haraka.send({ ...FROM_OUTSIDE, starttls: true })
    redis.resume()
    assert.equal(code, 250, reply)
    assert.equal(inside.messages.length, 1)
  })

  it('is outgoing where the settings say so: covered mail goes through the outbound queue, over TLS', async () => {
    await using gateway = await startGateway({
      ini: OUTGOING,
      forwards: { 'clinic.example': 'clinic' },
    })
    const { haraka, inside, clinic } = gateway
    assert.match(haraka.log, /queue\/smtp_forward may forward counts as outgoing: covered mail goes through/)
    assert.equal((await haraka.send(FROM_OUTSIDE)).code, 250)
    const [message] = await clinic.waitForMessages()
    assert.ok(message?.tls)
    await haraka.waitForEmptyQueue()
    assert.deepEqual(clinic.cleartextAfterEhlo(), [])
    assert.equal(inside.connections.length, 0)
    assert.equal((await haraka.send({ ...FROM_OUTSIDE, to: 'roses@florist.example' })).code, 250)
    assert.equal(inside.messages.length, 1)
  })

  it('and of that, with report_only, what asks for REQUIRETLS itself', async () => {
    const { key, cert } = await selfSigned({ dnsNames: ['mta.test.example'] })
    await using gateway = await startGateway({
      ini: `${OUTGOING}report_only=true\n[requiretls]\nannounce=true\npolicy_for[]=127.0.0.1 opportunistic+starttls\n`,
      plugins: ['tls', 'all-local', 'enforce-tls', 'queue/smtp_forward'],
      config: { 'tls.ini': '', 'tls_key.pem': key, 'tls_cert.pem': cert },
      forwards: { 'clinic.example': 'clinic' },
    })
    const { haraka, inside, clinic } = gateway
    assert.doesNotMatch(haraka.log, /REQUIRETLS is announced, but/)
    const { code, reply } = await haraka.send({ ...FROM_OUTSIDE, starttls: true, requiretls: true })
    assert.equal(code, 250, reply)
    const [message] = await clinic.waitForMessages()
    assert.ok(message?.tls)
    await haraka.waitForEmptyQueue()
    assert.deepEqual(clinic.cleartextAfterEhlo(), [])
    assert.equal(inside.connections.length, 0)
  })

  it('and a covered message to a server without TLS bounces', async () => {
    await using partner = await startPeer()
    await using gateway = await startGateway({
      ini: OUTGOING,
      forwards: { 'clinic.example': 'inside' },
      routes: { 'partner.example': [partner.route()] },
    })
    const { haraka, inside } = gateway
    assert.equal((await haraka.send(FROM_OUTSIDE)).code, 250)
    const [bounce] = await partner.waitForMessages()
    assert.equal(bounce?.from, '')
    await haraka.waitForEmptyQueue()
    assert.deepEqual(inside.cleartextAfterEhlo(), [])
  })

  it('and a message with covered and other recipients reaches each once', async () => {
    await using gateway = await startGateway({
      ini: OUTGOING,
      forwards: { 'clinic.example': 'clinic', 'florist.example': 'inside' },
    })
    const { haraka, inside, clinic } = gateway
    const to = ['lab@clinic.example', 'roses@florist.example', 'joe@clinic.example']
    assert.equal((await haraka.send({ ...FROM_OUTSIDE, to })).code, 250)
    await clinic.waitForMessages()
    await inside.waitForMessages()
    await haraka.waitForEmptyQueue()
    const reached = [...clinic.messages, ...inside.messages].flatMap(({ acceptedFor }) => acceptedFor)
    assert.deepEqual(reached.sort(), [...to].sort())
    assert.deepEqual(clinic.cleartextAfterEhlo(), [])
  })

  const NO_WAY =
    /^451 4\.7\.0 This message must be sent encrypted, but this server has no route for that; try again later/

  it('and is rejected for now, with the way out in the log, where DNS names this very server', async () => {
    await using dns = await startDns({
      'clinic.example': { mx: [{ preference: 10, exchange: 'gateway.test.example' }] },
      'gateway.test.example': { a: ['127.0.0.1'] },
    })
    await using gateway = await startGateway({
      ini: OUTGOING,
      plugins: ['all-local', 'dns', 'enforce-tls', 'queue/smtp_forward'],
      extraPlugins: { dns: dnsPlugin(dns) },
    })
    const { haraka, inside } = gateway
    const to = ['roses@florist.example', 'lab@clinic.example']
    const { code, reply } = await haraka.send({ ...FROM_OUTSIDE, to })
    assert.equal(code, 451)
    assert.match(reply, NO_WAY)
    assert.deepEqual(haraka.queueFiles(), [])
    assert.equal(inside.connections.length, 0)
    await haraka.waitForLog(
      /the outbound queue has no route for mail to florist\.example: no mail server of florist\.example is known/,
    )
    await haraka.send(FROM_OUTSIDE)
    await haraka.waitForLog(
      /the outbound queue has no route for mail to clinic\.example: it would come back to this server: gateway\.test\.example \(127\.0\.0\.1\) is a mail server of clinic\.example; rule rule1 of \* \("Enforced TLS"\) covers the message, so no other plugin may send it; name its server in a section \[clinic\.example\] with host= in config\/smtp_forward\.ini, or set \[main\] forwarded_mail=incoming in enforce-tls\.ini/,
    )
  })

  it('and is rejected for now where a plugin routes it back to this server', async () => {
    await using gateway = await startGateway({ ini: OUTGOING })
    const { haraka, inside } = gateway
    haraka.setRoutes({ 'clinic.example': [{ exchange: '127.0.0.1', port: haraka.port, priority: 0 }] })
    const { reply } = await haraka.send(FROM_OUTSIDE)
    assert.match(reply, NO_WAY)
    await haraka.waitForLog(/it would come back to this server: 127\.0\.0\.1 is a mail server of/)
    assert.equal(inside.connections.length, 0)
  })

  it('and is asked to come again while the rules are unknown', async () => {
    const broken = rulesDocument(ALL_TO_CLINIC)
    const config = {
      'enforce-tls.rules.json': {
        ...broken,
        domains: { 'partner.example': { enabled: true } },
        rules: { ...broken.rules, 'partner.example': { broken: { name: 'x' } } },
      },
    }
    await using gateway = await startGateway({ ini: OUTGOING, config })
    const { haraka, inside } = gateway
    const { reply } = await haraka.send({ ...FROM_OUTSIDE, to: 'roses@florist.example' })
    assert.match(reply, /^451 4\.3\.0 Temporary policy lookup failure, try again later/)
    await haraka.waitForLog(/rejected for now: the rules are unknown: .*broken/)
    assert.equal(inside.connections.length, 0)
    assert.deepEqual(haraka.queueFiles(), [])
  })

  it('and is queued once, however long other plugins take for that', async () => {
    await using gateway = await startGateway({
      ini: OUTGOING,
      forwards: { 'clinic.example': 'clinic' },
      plugins: ['all-local', 'enforce-tls', 'queue/smtp_forward', 'slow'],
      extraPlugins: { slow: 'exports.hook_pre_send_trans_email = (next) => { setTimeout(next, 1500) }\n' },
      config: { 'enforce-tls.timeout': '1\n' },
    })
    const { haraka, clinic } = gateway
    // A hook of ours that queued it would be over by then: 450, and the message queued as well.
    assert.equal((await haraka.send(FROM_OUTSIDE)).code, 250)
    await clinic.waitForMessages()
    await haraka.waitForEmptyQueue()
    assert.equal(clinic.messages.length, 1)
  })

  it('and is quarantined where another plugin wants that', async () => {
    await using folder = new TemporaryFolder('quarantine')
    await using gateway = await startGateway({
      ini: OUTGOING,
      forwards: { 'clinic.example': 'clinic' },
      plugins: ['all-local', 'suspicious', 'enforce-tls', 'queue/smtp_forward', 'queue/quarantine'],
      extraPlugins: {
        suspicious: `exports.hook_data_post = (next, { transaction }) => {
            transaction.notes.quarantine = 'spam'
            transaction.notes.quarantine_action = [OK, 'kept']
            next()
          }`,
      },
      config: { 'quarantine.ini': `quarantine_path=${folder.path}\n` },
    })
    const { haraka } = gateway
    assert.match((await haraka.send(FROM_OUTSIDE)).reply, /^250 kept/)
    assert.ok(readdirSync(folder.path).includes('spam'))
    assert.deepEqual(haraka.queueFiles(), [])
  })

  it('and goes over LMTP where queue/lmtp stands before the plugin that hands on', async () => {
    await using lmtp = await startPeer({ lmtp: true })
    await using gateway = await startGateway({
      ini: OUTGOING,
      plugins: ['all-local', 'enforce-tls', 'queue/lmtp', 'queue/smtp_forward'],
      config: { 'lmtp.ini': `host=127.0.0.1\nport=${lmtp.port}\n` },
    })
    const { haraka } = gateway
    assert.equal((await haraka.send(FROM_OUTSIDE)).code, 250)
    assert.ok((await lmtp.waitForMessages())[0]?.tls)
    await haraka.waitForEmptyQueue()
  })

  it('and does not come to a plugin that takes all behind the one that hands on', async () => {
    await using gateway = await startGateway({
      ini: OUTGOING,
      forwards: { 'clinic.example': 'clinic' },
      plugins: ['all-local', 'enforce-tls', 'queue/smtp_forward', 'queue/test'],
    })
    const { haraka, clinic } = gateway
    assert.equal((await haraka.send(FROM_OUTSIDE)).code, 250)
    assert.ok((await clinic.waitForMessages())[0]?.tls)
  })

  it('and a change of the settings holds from the next message on', async () => {
    await using gateway = await startGateway({ forwards: { 'clinic.example': 'clinic' } })
    const { haraka, clinic } = gateway
    await haraka.send(FROM_OUTSIDE)
    assert.deepEqual(
      clinic.messages.map(({ tls }) => tls !== undefined),
      [false],
    )
    haraka.writeConfig({ 'enforce-tls.ini': `[store]\ntype=file\n${OUTGOING}` })
    await haraka.waitForLog(/counts as outgoing/)
    await haraka.send(FROM_OUTSIDE)
    const [, second] = await clinic.waitForMessages(2)
    assert.ok(second?.tls)
  })

  it('and a change to outgoing is refused where another plugin comes first in the hook', async () => {
    const first =
      "exports.register = function () { this.register_hook('queue', 'look', -100) }\nexports.look = (next) => next()\n"
    await using gateway = await startGateway({
      plugins: ['all-local', 'first', 'enforce-tls', 'queue/smtp_forward'],
      extraPlugins: { first },
    })
    const { haraka, inside } = gateway
    haraka.writeConfig({ 'enforce-tls.ini': `[store]\ntype=file\n${OUTGOING}` })
    await haraka.waitForLog(
      /the plugin first runs before enforce-tls in the hook queue and could let mail through; put the line enforce-tls above first in config\/plugins, or set \[main\] forwarded_mail=incoming; the settings before this change stay in force/,
    )
    assert.equal((await haraka.send(FROM_OUTSIDE)).code, 250)
    assert.equal(inside.messages.length, 1)
  })
})
