/** Other plugins in the hook `queue_outbound`: none of them gets a covered message, and the known ones still do their part. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'
import { TemporaryFolder } from '../support/temporary-folder.js'

const RULES = { 'acme.example': [{ to: ['bank.example'] }] }
const COVERED = { from: 'ann@acme.example', to: 'cfo@bank.example' }
const OTHER = { from: 'ann@acme.example', to: 'roses@florist.example' }

/** Takes every message, as a plugin that sends it somewhere would. */
const SENDER = `
exports.hook_queue_outbound = (next, connection) => {
  process.stdout.write('test-sender took ' + connection.transaction.rcpt_to[0].address + '\\n')
  next(OK)
}
`

/** What the plugin is, its name in config/plugins, and its source. */
const SENDERS: readonly (readonly [what: string, name: string, source: string])[] = [
  ["a plugin of the operator's own", 'archive', SENDER],
  ["a plugin of the operator's own with a name of Haraka's", 'queue/quarantine', SENDER],
  ["a plugin of the operator's own with the name of a package", 'karma', SENDER],
  [
    'a plugin that changes its name',
    'changing',
    `exports.register = function () { this.register_hook('queue_outbound', 'take'); this.name = 'queue/discard' }${SENDER.replace('hook_queue_outbound', 'take')}`,
  ],
  [
    'a plugin that registers its hook once Haraka runs',
    'late',
    `exports.hook_init_master = function (next) { this.register_hook('queue_outbound', 'take', -100); next() }${SENDER.replace('hook_queue_outbound', 'take')}`,
  ],
  [
    'a plugin whose hook is asynchronous',
    'slow',
    `exports.hook_queue_outbound = async (next, connection) => {
  await new Promise(setImmediate)
  process.stdout.write('test-sender took ' + connection.transaction.rcpt_to[0].address + '\\n')
  next(OK)
}`,
  ],
]

describe('a covered message is kept from', () => {
  for (const [what, name, source] of SENDERS)
    it(`${what}, which gets the others`, async () => {
      await using bank = await startPeer()
      await using haraka = await startHaraka({
        plugins: ['test-relay', 'test-routes', 'enforce-tls', name],
        extraPlugins: { [name]: source },
        config: fileStoreConfig(RULES),
        routes: { 'bank.example': [bank.route()] },
      })
      await haraka.send(OTHER)
      await haraka.waitForLog(/test-sender took roses@florist\.example/)
      await haraka.send(COVERED)
      const [message] = await bank.waitForMessages()
      assert.ok(message?.tls)
      assert.doesNotMatch(haraka.log, /test-sender took cfo/)
    })

  it('queue/qmail-queue, which gets the others', async () => {
    await using folder = new TemporaryFolder('qmail')
    const binary = path.join(folder.path, 'qmail-queue')
    const taken = path.join(folder.path, 'taken')
    writeFileSync(binary, `#!/bin/sh\ncat > /dev/null\ntouch ${taken}\n`)
    chmodSync(binary, 0o755)
    await using bank = await startPeer()
    await using haraka = await startHaraka({
      plugins: ['test-relay', 'test-routes', 'enforce-tls', 'queue/qmail-queue'],
      config: { ...fileStoreConfig(RULES), 'qmail-queue.path': `${binary}\n` },
      routes: { 'bank.example': [bank.route()] },
    })
    assert.ok(
      haraka.log.includes(
        'covered mail that Haraka relays goes through its outbound queue and not to queue/qmail-queue; other mail is delivered as usual',
      ),
    )
    await haraka.send(COVERED)
    assert.ok((await bank.waitForMessages())[0]?.tls)
    assert.ok(!existsSync(taken))
    await haraka.send(OTHER)
    assert.ok(existsSync(taken))
  })

  it('queue/deliver, which would put it into the same queue', async () => {
    await using bank = await startPeer()
    await using haraka = await startHaraka({
      plugins: ['test-relay', 'test-routes', 'enforce-tls', 'queue/deliver'],
      config: fileStoreConfig(RULES),
      routes: { 'bank.example': [bank.route()] },
    })
    await haraka.send(COVERED)
    assert.ok((await bank.waitForMessages())[0]?.tls)
    await haraka.waitForEmptyQueue()
    assert.equal(bank.messages.length, 1)
  })
})

describe('while the rules are unknown a message is kept from other queue plugins', () => {
  it('and waits in the outbound queue', async () => {
    await using haraka = await startHaraka({
      plugins: ['test-relay', 'test-routes', 'enforce-tls', 'sender'],
      extraPlugins: { sender: SENDER },
      config: {
        ...fileStoreConfig(RULES),
        'enforce-tls.rules.json': {
          domains: { 'acme.example': { enabled: true } },
          rules: { 'acme.example': { broken: { name: 'x' } } },
        },
      },
    })
    assert.equal((await haraka.send(OTHER)).code, 250)
    await haraka.waitForLog(/the message waits 60 s/)
    assert.doesNotMatch(haraka.log, /test-sender took/)
    assert.equal(haraka.queueFiles().length, 1)
  })

  it('also where the time of the hook runs out, a deny hook lifts that, and the rules come later', async () => {
    await using redis = await startRedis()
    const lifter = 'exports.hook_deny = (next) => next(OK)\n'
    const waiting =
      "exports.hook_queue_outbound = (next) => { process.stdout.write('test-second asked\\n'); setTimeout(next, 100) }\n"
    await using haraka = await startHaraka({
      plugins: ['test-relay', 'test-routes', 'enforce-tls', 'sender', 'second', 'lifter'],
      extraPlugins: { sender: SENDER, second: waiting, lifter },
      config: {
        'enforce-tls.ini': `[redis]\nport=${redis.port}\ncommand_timeout=20s\n`,
        'enforce-tls.timeout': '1\n',
      },
    })
    redis.pause()
    const sent = haraka.send(OTHER)
    await haraka.waitForLog(/enforce-tls timed out on hook queue_outbound/)
    redis.resume()
    assert.equal((await sent).code, 250)
    assert.doesNotMatch(haraka.log, /test-sender took|test-second asked/)
    assert.doesNotMatch(haraka.log, /plugin ran callback multiple times/)
  })
})

describe('of the plugins that send nothing', () => {
  it('dkim signs a covered message, once', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    await using bank = await startPeer()
    await using haraka = await startHaraka({
      plugins: ['test-relay', 'test-routes', 'enforce-tls', 'dkim', 'sender'],
      extraPlugins: { sender: SENDER },
      config: {
        ...fileStoreConfig(RULES),
        'dkim.ini': '[sign]\nenabled=true\n',
        'dkim/acme.example/private': privateKey.export({ type: 'pkcs8', format: 'pem' }),
        'dkim/acme.example/selector': 'test\n',
      },
      routes: { 'bank.example': [bank.route()] },
    })
    await haraka.send(COVERED)
    const [message] = await bank.waitForMessages()
    assert.ok(message?.tls)
    assert.equal(message.data.match(/^DKIM-Signature: /gm)?.length, 1)
    assert.doesNotMatch(haraka.log, /test-sender took/)
  })

  it('queue/discard drops a covered message that another plugin marked for it', async () => {
    await using bank = await startPeer()
    await using haraka = await startHaraka({
      plugins: ['test-relay', 'test-routes', 'marker', 'enforce-tls', 'sender', 'queue/discard'],
      extraPlugins: {
        sender: SENDER,
        marker: `exports.hook_data_post = (next, connection) => {
          connection.transaction.notes.discard = true
          next()
        }`,
      },
      config: fileStoreConfig(RULES),
      routes: { 'bank.example': [bank.route()] },
    })
    assert.equal((await haraka.send(COVERED)).code, 250)
    await haraka.waitForLog(/discarding message/)
    assert.deepEqual(haraka.queueFiles(), [])
    assert.equal(bank.connections.length, 0)
  })
})

it('a Haraka that would start without this plugin says so', async () => {
  await using haraka = await startHaraka({
    config: {
      ...fileStoreConfig(RULES),
      'smtp.ini': '[main]\nlisten=127.0.0.1:0\nnodes=0\nignore_bad_plugins=true\n',
    },
  })
  assert.match(
    haraka.log,
    /smtp\.ini has ignore_bad_plugins=true: if enforce-tls cannot be loaded, Haraka starts without it/,
  )
})
