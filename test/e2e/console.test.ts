/** The console in a real Haraka: on its HTTP server, in all workers, beside what else is served there. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { hashPassword } from '../../plugins/enforce-tls/console/auth/password.js'
import { Client } from '../console/client.js'
import { freePort } from '../support/free-port.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

const PASSWORD = 'correct horse battery'
const BANK = {
  name: 'Bank',
  enabled: true,
  criteria: { to: { matchesAny: ['bank.example'] } },
  actions: { relayWithTls: { level: 'encrypt' } },
}

async function admin(): Promise<string> {
  const user = { role: 'admin', domains: [], password: await hashPassword(PASSWORD), changedAt: 'now' }
  return JSON.stringify(user)
}

/** Another plugin that serves something of its own. */
const NEIGHBOUR = `
exports.register = function () { this.register_hook('init_http', 'serve') }
exports.serve = function (next, server) {
  server.http.app.use(server.http.express.json())
  server.http.app.get('/neighbour', (req, res) => res.send('neighbour ' + process.pid))
  next()
}
`

async function status(url: string): Promise<number> {
  return (await fetch(url)).status
}

function workersLog(haraka: Haraka): number {
  return [...haraka.log.matchAll(/the console is at \/enforce-tls\//g)].length
}

describe('the console in a Haraka', () => {
  it('is one in all workers, and what is changed there holds for the next message', async () => {
    await using redis = await startRedis()
    await redis.cli('HSET', 'enforce-tls:users', 'admin', await admin())
    await using bank = await startPeer({ starttls: false })
    await using acme = await startPeer()
    const port = await freePort()
    await using haraka = await startHaraka({
      nodes: 2,
      config: {
        'enforce-tls.ini': `[redis]\nport=${redis.port}\n[console]\nenabled=true\n`,
        'http.ini': `listen=127.0.0.1:${port}\n`,
      },
      extraPlugins: { neighbour: NEIGHBOUR },
      routes: { 'bank.example': [bank.route()], 'acme.example': [acme.route()] },
    })
    await haraka.until(() => workersLog(haraka) === 2, 'the console in two workers')
    const url = `http://127.0.0.1:${port}/enforce-tls/`
    const client = new Client(url)
    assert.equal((await client.signIn('admin', PASSWORD)).status, 200)
    const seen = new Set<string>()
    // A connection of its own for each request: the kernel or the cluster gives it to one of the workers.
    for (let round = 0; round < 20; round++) {
      assert.equal((await client.get('session', { connection: 'close' })).status, 200)
      const neighbour = await fetch(`http://127.0.0.1:${port}/neighbour`, {
        headers: { connection: 'close' },
      })
      seen.add(await neighbour.text())
    }
    assert.equal(seen.size, 2)

    await haraka.send({ from: 'ann@acme.example', to: 'before@bank.example' })
    await bank.waitForMessages(1)
    assert.equal((await client.put('domains/acme.example', { enabled: true })).status, 200)
    assert.equal((await client.post('owners/acme.example/rules', { rule: BANK })).status, 201)
    await haraka.send({ from: 'ann@acme.example', to: 'after@bank.example' })
    const [bounce] = await acme.waitForMessages()
    assert.match(bounce?.data ?? '', /could not establish a TLS connection/)
    assert.equal(bank.messages.length, 1)
    assert.match(await redis.cli('XREVRANGE', 'enforce-tls:history', '+', '-', 'COUNT', '1'), /\nadmin\n/)
  })

  it('is off until it is switched on, also while Haraka runs, and leaves the rest of the server alone', async () => {
    const port = await freePort()
    const store = { 'enforce-tls.rules.json.users.json': `{"users":{"admin":${await admin()}}}` }
    await using haraka = await startHaraka({
      config: { ...fileStoreConfig({}), ...store, 'http.ini': `listen=127.0.0.1:${port}\n` },
      extraPlugins: { neighbour: NEIGHBOUR },
    })
    await haraka.waitForLog(new RegExp(`Listening on 127\\.0\\.0\\.1:${port}\\b`))
    const host = `http://127.0.0.1:${port}`
    const found = [await status(`${host}/enforce-tls/`), await status(`${host}/neighbour`)]
    assert.deepEqual(found, [404, 200])
    haraka.writeConfig(fileStoreConfig({}, '[console]\nenabled=true\n'))
    await haraka.waitForLog(/enforce-tls\.ini was read again/)
    assert.deepEqual([await status(`${host}/enforce-tls/`), await status(`${host}/neighbour`)], [200, 200])
    const client = new Client(`${host}/enforce-tls/`)
    assert.equal((await client.signIn('admin', PASSWORD)).status, 200)
    const { body: check } = await client.post<{ verdict: string }>('check', { target: 'nobody.invalid' })
    assert.notEqual(check.verdict, 'delivered')
    const sessions = readFileSync(
      join(haraka.folder, 'config', 'enforce-tls.rules.json.sessions.json'),
      'utf8',
    )
    assert.match(sessions, /admin/)
  })

  it('that is on without an HTTP server is told of', async () => {
    await using haraka = await startHaraka({ config: fileStoreConfig({}, '[console]\nenabled=true\n') })
    await haraka.waitForLog(
      /\[console\] enabled=true, but Haraka's HTTP server is off; set listen in config\/http\.ini/,
    )
    assert.equal(haraka.log.match(/\[console\] enabled=true/g)?.length, 1)
  })
})
