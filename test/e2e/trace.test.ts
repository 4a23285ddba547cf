/** One message, from Haraka to `enforce-tls trace`: found by its names, which nobody can read out of the log. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { enforceTls, inProcess } from '../cli/enforce-tls.js'
import { deliveries } from '../support/evidence.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import { fileStoreConfig, storedRule } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

interface Traced {
  readonly uuid: string
  readonly sender: string | null
  readonly to: readonly string[]
  readonly state: string
  readonly rules: readonly { readonly name: string }[]
  readonly steps: readonly { readonly says: string; readonly protocol: string | null }[]
}

async function traced(haraka: Haraka, ...args: readonly string[]): Promise<Traced[]> {
  const ran = await inProcess(['trace', ...args, '--json', '--config', haraka.folder])
  const found = JSON.parse(ran.stdout) as Traced[]
  assert.equal(ran.code, found.length === 0 ? 1 : 0, ran.stderr)
  return found
}

const MESSAGE = [
  'Received: from somewhere',
  'Message-ID:',
  ' <Secret.Id@acme.example>',
  'From: ann@acme.example',
  'Subject: Hush',
  '',
  'Message-ID: <not-this@acme.example>',
  '',
].join('\r\n')

it('a message is found by sender, recipient and Message-ID, and the log in Redis has none of them', async () => {
  await using redis = await startRedis()
  await using bank = await startPeer({ hostname: 'mx.bank.example' })
  await using plain = await startPeer({ starttls: false })
  await using mailbox = await startPeer()
  await redis.cli('HSET', 'enforce-tls:domains', 'acme.example', '{"enabled":true}')
  await redis.cli(
    'HSET',
    'enforce-tls:rules:acme.example',
    'r1',
    JSON.stringify({ ...storedRule({ to: ['bank.example', 'clinic.example'] }), name: 'Banks and clinics' }),
  )
  await using haraka = await startHaraka({
    config: { 'enforce-tls.ini': `[redis]\nport=${redis.port}\n` },
    routes: {
      'bank.example': [bank.route({ name: 'mx.bank.example' })],
      'clinic.example': [plain.route({ name: 'mx.clinic.example' })],
      'acme.example': [mailbox.route()],
    },
  })
  await haraka.send({
    from: 'Ann@acme.example',
    to: ['cfo@bank.example', 'ceo@bank.example', 'lab@clinic.example'],
    data: MESSAGE,
  })
  await haraka.until(async () => (await deliveries(redis)).length >= 4, 'two attempts and two outcomes')
  const stream = JSON.stringify(await deliveries(redis))
  assert.doesNotMatch(stream, /cfo|ceo|lab@|ann@|Secret\.Id|not-this|Hush/i)

  const [byRecipient, ...more] = await traced(haraka, '--to', 'CFO@BANK.example')
  assert.deepEqual(more, [])
  assert.deepEqual(byRecipient?.to, ['cfo@bank.example'])
  assert.equal(byRecipient.state, 'delivered')
  assert.deepEqual(
    byRecipient.steps.map(({ says }) => says),
    ['TLS as required', 'Delivered over TLS 1.3'],
  )
  assert.equal(byRecipient.rules[0]?.name, 'Banks and clinics')
  const byId = await traced(haraka, '--message-id', '<Secret.Id@acme.example>')
  assert.deepEqual(byId.map(({ state }) => state).sort(), ['bounced', 'delivered'])
  assert.equal((await traced(haraka, '--from', 'ann@acme.example')).length, 2)
  assert.deepEqual(await traced(haraka, '--message-id', 'not-this@acme.example'), [])
  assert.deepEqual(await traced(haraka, '--to', 'nobody@bank.example'), [])
  const inLog = /\[enforce-tls\] outcome uuid=(\S+) .*domain=bank\.example/.exec(haraka.log)?.[1] ?? ''
  assert.equal((await traced(haraka, '--uuid', inLog)).length, 1)

  const statement = await enforceTls([
    ...['trace', '--to', 'cfo@bank.example', '--statement', '--config', haraka.folder],
  ])
  assert.match(statement.stdout, /\nYes\. It was handed to mx\.bank\.example /)
  assert.match(
    statement.stdout,
    /Not verified:\n- Whose certificate it was: any certificate was accepted\.\n/,
  )
  const bounced = await enforceTls([
    'trace',
    '--to',
    'lab@clinic.example',
    '--statement',
    '--config',
    haraka.folder,
  ])
  assert.match(bounced.stdout, /It was not delivered: a bounce to its sender was queued\./)
  // What sent the bounce is not covered itself, so it is in no entry.
  assert.equal((await traced(haraka, '--to', 'ann@acme.example')).length, 0)
})

for (const [addresses, expected] of [
  ['full', /"sender":"ann@acme\.example","to":"\[\\"cfo@bank\.example\\"\]"/],
  ['none', /^(?!.*(?:sender|"to"|messageId)).*$/],
] as const)
  it(`in a file, addresses=${addresses}`, async () => {
    await using bank = await startPeer()
    await using haraka = await startHaraka({
      config: fileStoreConfig(
        { 'acme.example': [{ to: ['bank.example'] }] },
        `[evidence]\naddresses=${addresses}\n`,
      ),
      routes: { 'bank.example': [bank.route()] },
    })
    await haraka.send({ from: 'Ann@acme.example', to: 'cfo@bank.example', data: MESSAGE })
    const file = join(haraka.folder, 'config', 'enforce-tls.rules.json.deliveries.jsonl')
    await haraka.until(
      async () => (await traced(haraka, '--partner', 'bank.example'))[0]?.state === 'delivered',
      'a delivery in the log',
    )
    for (const line of readFileSync(file, 'utf8').trim().split('\n')) assert.match(line, expected)
    const found = await traced(haraka, '--message-id', 'Secret.Id@acme.example')
    assert.equal(found.length, addresses === 'full' ? 1 : 0)
    if (addresses === 'none') {
      const said = await enforceTls(['trace', '--to', 'cfo@bank.example', '--config', haraka.folder])
      assert.match(said.stdout, /Its entries have no addresses \(\[evidence\] addresses=none/)
    }
  })

for (const addresses of ['none', 'hash'])
  it(`what a server answers brings no address into a log with addresses=${addresses}`, async () => {
    await using bank = await startPeer({
      on: { STARTTLS: '454 4.7.0 not for <cfo@bank.example> of ann@acme.example' },
    })
    await using haraka = await startHaraka({
      config: fileStoreConfig(
        { 'acme.example': [{ to: ['bank.example'] }] },
        `[evidence]\naddresses=${addresses}\n`,
      ),
      routes: { 'bank.example': [bank.route()] },
    })
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
    const file = join(haraka.folder, 'config', 'enforce-tls.rules.json.deliveries.jsonl')
    await haraka.until(
      async () => (await traced(haraka, '--partner', 'bank.example'))[0]?.state === 'waiting',
      'a deferral in the log',
    )
    const log = readFileSync(file, 'utf8')
    assert.match(log, /answered STARTTLS with 454 4\.7\.0 not for <address> of <address>/)
    assert.doesNotMatch(log, /cfo@|ann@/)
    // Who reads Haraka's own log has the addresses there anyway.
    assert.match(haraka.log, /not for <cfo@bank\.example>/)
  })
