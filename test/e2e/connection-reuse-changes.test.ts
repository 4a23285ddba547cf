/** What changes between two messages of a session: each is judged by what holds now. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fingerprints, makeAuthority, selfSigned } from '../support/certificates.js'
import { settableClock } from '../support/clock.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { rulesDocument, trustingConfig, type TestRule } from '../support/rules.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'

const NAME = 'mx.bank.example'
const IDLE = 'connection_idle=60s\n'

interface Scene {
  readonly haraka: Haraka
  readonly bank: SmtpPeer
  readonly acme: SmtpPeer
}

async function send({ haraka }: Scene, subject: string): Promise<void> {
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example', subject })
  await haraka.waitForEmptyQueue()
}

function rule(action: TestRule['action'], enabled = true): Record<string, readonly TestRule[]> {
  return { 'acme.example': [{ to: ['bank.example'], enabled, ...(action ? { action } : {}) }] }
}

/** Writes rules; the file is looked at for every message. */
function change({ haraka }: Scene, rules: ReturnType<typeof rule>): void {
  haraka.writeConfig({ 'enforce-tls.rules.json': rulesDocument(rules) })
}

/** Two messages with a change between them. */
async function twoMessages(
  before: ReturnType<typeof rule>,
  between: (scene: Scene) => unknown,
  look: (scene: Scene) => void,
  env?: NodeJS.ProcessEnv,
  notAfter?: Date,
): Promise<void> {
  const authority = await makeAuthority('Test CA')
  const certificate = await authority.issue({ dnsNames: [NAME], ...(notAfter ? { notAfter } : {}) })
  await using bank = await startPeer({ tls: certificate })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config: trustingConfig(authority, before, IDLE),
    routes: { 'acme.example': [acme.route()], '*': [bank.route({ name: NAME })] },
    ...(env ? { env } : {}),
  })
  const scene = { haraka, bank, acme }
  await send(scene, 'first')
  assert.equal(bank.connections[0]?.closed, false)
  await between(scene)
  await send(scene, 'second')
  assert.equal(bank.connections[0].messages.length, 1, 'the second does not go over the session of the first')
  assert.doesNotMatch(haraka.log, /Temp failing|\[CRIT\]/)
  look(scene)
}

function assertDelivered({ bank, acme }: Scene): void {
  assert.equal(bank.messages.length, 2, bank.transcript())
  assert.equal(bank.connections.length, 2)
  assert.deepEqual([bank.cleartextAfterEhlo(), acme.messages], [[], []])
}

function assertBounced(name: string) {
  return ({ bank, acme }: Scene): void => {
    assert.equal(bank.messages.length, 1, bank.transcript())
    assert.equal(acme.messages.length, 1)
    assert.match(acme.messages[0]?.data ?? '', new RegExp(`X-Enforce-TLS-Result: ${name}`))
    assert.deepEqual(bank.cleartextAfterEhlo(), [])
  }
}

describe('between two messages of a session', () => {
  // OpenSSL has a clock of its own: that a fresh handshake is judged by the dates, others see.
  it('the certificate expires: the second goes over another session', async () => {
    await using clock = settableClock()
    await twoMessages(
      rule({ level: 'verify' }),
      async ({ haraka }) => {
        clock.set(2 * 86_400_000)
        await haraka.waitForLog(/test-clock/)
      },
      (scene) => {
        assertDelivered(scene)
        assert.equal(scene.bank.messages[1]?.tls?.resumed, false)
      },
      clock.env,
      new Date(Date.now() + 86_400_000),
    )
  })

  for (const [what, [before, after]] of Object.entries({
    'the level becomes stricter': [{ level: 'encrypt' }, { level: 'verify' }],
    'the level becomes less strict': [{ level: 'verify' }, { level: 'encrypt' }],
    'the minimum version rises': [{ level: 'encrypt' }, { level: 'encrypt', minVersion: 'TLSv1.3' }],
  } as const))
    it(`${what}: the second goes over another session`, async () => {
      await twoMessages(rule(before), (scene) => change(scene, rule(after)), assertDelivered)
    })

  it('the names become others: the second bounces', async () => {
    await twoMessages(
      rule({ level: 'secure' }),
      (scene) => change(scene, rule({ level: 'fingerprint', fingerprints: ['00'.repeat(32)] })),
      assertBounced('fingerprint-mismatch'),
    )
  })

  it('the rule is switched off: the second is Haraka’s own', async () => {
    await twoMessages(
      rule({ level: 'encrypt' }),
      (scene) => change(scene, rule({ level: 'encrypt' }, false)),
      ({ bank }) => assert.deepEqual([bank.messages.length, bank.connections.length], [2, 2]),
    )
  })

  for (const [what, ini] of Object.entries({
    'min_version rises': `[tls]\nca=test-ca.pem\nmin_version=TLSv1.3\n${IDLE}`,
    'reuse is switched off': `[tls]\nca=test-ca.pem\nconnection_reuse=false\n`,
    'something that has nothing to do with it changes': `[main]\ndefer_seconds=61\n[tls]\nca=test-ca.pem\n${IDLE}`,
  }))
    it(`${what} in the settings: the second goes over another session`, async () => {
      await twoMessages(rule({ level: 'encrypt' }), (scene) => settings(scene, ini), assertDelivered)
    })

  it('other authorities are trusted: the second bounces', async () => {
    const other = await makeAuthority('Other CA')
    await twoMessages(
      rule({ level: 'verify' }),
      async (scene) => {
        scene.haraka.writeConfig({ 'other-ca.pem': other.cert })
        await settings(scene, `[tls]\nca=other-ca.pem\n${IDLE}`)
      },
      assertBounced('certificate-not-trusted'),
    )
  })

  it('a pin becomes another: the second bounces', async () => {
    const own = await selfSigned({ dnsNames: [NAME] })
    const pinned = (pin: string) => rule({ level: 'fingerprint', fingerprints: [pin] })
    await using bank = await startPeer({ tls: own })
    await using acme = await startPeer()
    await using haraka = await startHaraka({
      config: trustingConfig(own, pinned(fingerprints(own.cert).certificate), IDLE),
      routes: { 'acme.example': [acme.route()], '*': [bank.route({ name: NAME })] },
    })
    const scene = { haraka, bank, acme }
    await send(scene, 'first')
    change(scene, pinned('00'.repeat(32)))
    await send(scene, 'second')
    assertBounced('fingerprint-mismatch')(scene)
  })
})

async function settings({ haraka }: Scene, ini: string): Promise<void> {
  const after = haraka.mark()
  haraka.writeConfig({ 'enforce-tls.ini': `[store]\ntype=file\n${ini}` })
  await haraka.waitForLog(/enforce-tls\.ini was read again/, { after })
}
