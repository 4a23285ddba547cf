import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { inProcess } from '../cli/enforce-tls.js'
import type { DeliveryReport } from '../../plugins/enforce-tls/report/delivery-report.js'
import { startHaraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

it('a covered message of the null sender is tried again, and then kept for a person to look at', async () => {
  await using plain = await startPeer({ starttls: false })
  await using haraka = await startHaraka({
    config: fileStoreConfig({ '*': [{ to: ['bank.example'] }] }),
    routes: { '*': [plain.route()] },
    outbound: { temp_fail_intervals: '5s' },
  })
  await haraka.send({ from: '', to: 'cfo@bank.example', subject: 'Receipt' })
  await haraka.waitForLog(/undeliverable, kept as error\.\S+: the sender is <>/, { timeout: 20_000 })
  assert.equal(plain.connections.length, 2)
  assert.deepEqual(plain.cleartextAfterEhlo(), [])
  assert.ok(haraka.queueFiles().every((name) => name.startsWith('error.')))
  assert.equal(haraka.queueFiles().length, 1)
})

it('a bounce that no rule covers and that nobody takes is kept for a person to look at, too', async () => {
  await using clinic = await startPeer({ starttls: false })
  await using acme = await startPeer({ on: { RCPT: '550 5.1.1 nobody here' } })
  await using haraka = await startHaraka({
    config: fileStoreConfig({ 'acme.example': [{ to: ['clinic.example'] }] }),
    routes: { 'clinic.example': [clinic.route()], 'acme.example': [acme.route()] },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'lab@clinic.example' })
  await haraka.waitForLog(/undeliverable, kept as error\.\S+/, { timeout: 20_000 })
  await haraka.until(() => haraka.queueFiles().length === 1, 'only the bounce to be left')
  const [kept] = haraka.queueFiles()
  assert.match(kept ?? '', /^error\./)
  assert.match(
    readFileSync(join(haraka.folder, 'queue', kept ?? ''), 'utf8'),
    /could not establish a TLS connection/,
  )
  const run = (...args: readonly string[]) => inProcess([...args, '--config', haraka.folder])
  await haraka.until(
    async () => (await run('trace', '--to', 'lab@clinic.example', '--json')).stdout.includes('"notice"'),
    'the end of the bounce in the log of the message',
  )
  const traced = (await run('trace', '--to', 'lab@clinic.example')).stdout.replace(/\s+/g, ' ')
  assert.match(traced, /^Bounced: message /)
  assert.match(traced, /Next: Tell the sender\. The notice is error\.\S+ in the queue folder of /)
  const { stdout: json } = await run('trace', '--to', 'lab@clinic.example', '--json')
  assert.match(json, /the mail server of the sender answered 550 5\.1\.1 nobody here; it is kept as error\./)
  const { stderr } = await run('status')
  assert.match(stderr, /1 message as error\.\* in \S+\/queue, the latest of .*: neither they nor a notice/)
})

it('a bounce that carries the headers is itself held to TLS', async () => {
  await using clinic = await startPeer({ starttls: false })
  await using acme = await startPeer()
  await using other = await startPeer({ starttls: false })
  await using haraka = await startHaraka({
    config: fileStoreConfig(
      { 'acme.example': [{ to: ['clinic.example'] }], 'other.example': [{ to: ['clinic.example'] }] },
      '[failure]\nbounce_content=full\n',
    ),
    routes: {
      'clinic.example': [clinic.route()],
      'acme.example': [acme.route()],
      'other.example': [other.route()],
    },
    outbound: { temp_fail_intervals: 'none' },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'lab@clinic.example', subject: 'Diagnosis' })
  const [raw] = await acme.waitForMessages(1)
  assert.ok(raw?.tls)
  assert.match(parseBounce(raw.data).returned?.content ?? '', /Subject: Diagnosis/)

  await haraka.send({ from: 'joe@other.example', to: 'lab@clinic.example', subject: 'Diagnosis' })
  const [minimal] = await other.waitForMessages(1)
  assert.ok(minimal)
  assert.match(parseBounce(minimal.data).text, /could not establish a TLS connection/)
  assert.doesNotMatch(minimal.data, /Diagnosis/)
  await haraka.waitForEmptyQueue()
  assert.equal(other.connections.length, 2)

  const run = (...args: readonly string[]) => inProcess([...args, '--config', haraka.folder])
  await haraka.until(
    async () => (await run('trace', '--from', 'joe@other.example')).stdout.includes('queued instead'),
    'what became of the bounce in the log of the message',
  )
  const report = JSON.parse((await run('report', '--json')).stdout) as DeliveryReport
  assert.deepEqual(
    report.partners.map(({ domain, enforced }) => [domain, enforced.messages, enforced.bounced]),
    [['clinic.example', 2, 2]],
  )
  const { stdout } = await run('trace', '--from', 'ann@acme.example')
  assert.match(stdout.replace(/\s+/g, ' '), /The notice to the sender was\b.*\bdelivered over TLS 1\.3/)
  const all = JSON.parse((await run('trace', '--result', 'bounced', '--json')).stdout) as unknown[]
  assert.equal(all.length, 2)
})

it('a bounce that carries the headers waits a little for TLS on its way, then a minimal one goes', async () => {
  await using clinic = await startPeer({ starttls: false })
  await using acme = await startPeer({
    on: { STARTTLS: (session) => session.reply(session.number > 3 ? '220 go' : '454 4.7.0 not now') },
  })
  await using haraka = await startHaraka({
    config: fileStoreConfig(
      { 'acme.example': [{ to: ['clinic.example'] }] },
      '[failure]\nbounce_content=full\n',
    ),
    routes: { 'clinic.example': [clinic.route()], 'acme.example': [acme.route()] },
    outbound: { temp_fail_intervals: '5s*8' },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'lab@clinic.example', subject: 'Diagnosis' })
  await haraka.waitForLog(/outcome .*domain=acme\.example .*result=deferred/)
  await acme.waitForSilence()
  // The notes are in the queue file.
  await haraka.restart()
  const [minimal] = await acme.waitForMessages(1, 40_000)
  assert.ok(minimal)
  assert.doesNotMatch(minimal.data, /Diagnosis/)
  await haraka.waitForEmptyQueue()
  assert.equal(acme.connections.length, 4, acme.transcript())
})

it('a bounce that meets a rule itself is held to it, and goes round no circle', async () => {
  await using plain = await startPeer({ starttls: false })
  await using haraka = await startHaraka({
    config: fileStoreConfig({ '*': [{ to: ['*'] }] }),
    routes: { '*': [plain.route()] },
    outbound: { temp_fail_intervals: 'none' },
  })
  await haraka.send({ from: 'postmaster@acme.example', to: 'postmaster@clinic.example' })
  await haraka.waitForLog(/undeliverable, kept as error\./)
  assert.equal(haraka.queueFiles().length, 1)
  assert.equal(plain.connections.length, 2)
  assert.deepEqual(plain.cleartextAfterEhlo(), [])
})
