import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'

const NAME = 'mx.bank.example'
const rules = { 'acme.example': [{ to: ['bank.example'] }] }

/** @param tls keys of that section */
async function start(bank: SmtpPeer, tls = 'connection_idle=60s\n'): Promise<Haraka> {
  return startHaraka({
    config: fileStoreConfig(rules, `[tls]\n${tls}`),
    routes: { '*': [bank.route({ name: NAME })] },
  })
}

/** Sends one message after another, each when the one before is through. */
async function deliver(haraka: Haraka, bank: SmtpPeer, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent++) {
    const before = bank.messages.length
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example', subject: `message ${sent}` })
    await bank.waitForMessages(before + 1)
    await haraka.waitForEmptyQueue()
  }
}

describe('a connection', () => {
  it('serves one message after another, and ends with QUIT when no other comes', async () => {
    await using bank = await startPeer()
    await using haraka = await start(bank, 'connection_idle=8s\n')
    await deliver(haraka, bank, 3)
    assert.equal(bank.connections.length, 1, bank.transcript())
    await bank.waitForSilence()
    const [connection] = bank.connections
    assert.deepEqual(
      connection?.commands.map(({ verb }) => verb).filter((verb) => verb !== '(message)'),
      ['EHLO', 'STARTTLS', 'EHLO', ...Array<string[]>(3).fill(['MAIL', 'RCPT', 'DATA']).flat(), 'QUIT'],
    )
    assert.equal(bank.cleartextAfterEhlo().length, 0)
  })

  it('serves one message with connection_reuse=false', async () => {
    await using bank = await startPeer()
    await using haraka = await start(bank, 'connection_reuse=false\n')
    await deliver(haraka, bank, 2)
    assert.equal(bank.connections.length, 2)
  })

  it('serves no more messages than connection_max_messages', async () => {
    await using bank = await startPeer()
    await using haraka = await start(bank, 'connection_idle=60s\nconnection_max_messages=2\n')
    await deliver(haraka, bank, 3)
    assert.equal(bank.connections.length, 2)
  })

  for (const [name, reply] of Object.entries({
    'a 4yz': '451 later',
    'a 5yz': '503 one message is enough',
    'a 421': '421 bye',
  }))
    it(`that answers MAIL of the second message with ${name} gives way to a fresh one, and is not asked again`, async () => {
      await using bank = await startPeer({
        onSecure: {
          MAIL: (session) => (session.record.messages.length > 0 ? session.reply(reply) : session.proceed()),
        },
      })
      await using haraka = await start(bank)
      await deliver(haraka, bank, 4)
      assert.equal(bank.connections.length, 4, bank.transcript())
      assert.doesNotMatch(haraka.log, /Temp failing|bounce/)
      const refused = bank.connections
        .flatMap(({ commands }) => commands)
        .filter(({ verb }) => verb === 'MAIL')
      assert.equal(refused.length, 5, 'asked once more than needed')
    })

  it('that was authenticated is said to be so of each message', async () => {
    await using bank = await startPeer({
      onSecure: { EHLO: ['250-hello', '250 AUTH PLAIN'], AUTH: '235 2.7.0 welcome' },
    })
    await using haraka = await startHaraka({
      config: fileStoreConfig(rules, '[tls]\nconnection_idle=60s\n'),
      routes: { '*': [{ ...bank.route({ name: NAME }), auth_user: 'acme', auth_pass: 'secret' }] },
    })
    await deliver(haraka, bank, 2)
    assert.equal(bank.connections.length, 1)
    assert.equal(bank.connections[0]?.commands.filter(({ verb }) => verb === 'AUTH').length, 1)
    await haraka.until(() => [...haraka.log.matchAll(/ delivered .* auth=Y/g)].length === 2, 'auth=Y twice')
  })
})
