import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

const config = fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] })

it('every MX host is tried in order: the second one, with TLS, gets the message', async () => {
  await using first = await startPeer({ starttls: false })
  await using second = await startPeer()
  await using haraka = await startHaraka({
    config,
    routes: {
      'bank.example': [
        second.route({ name: 'mx2.bank.example', priority: 20 }),
        first.route({ name: 'mx1.bank.example', priority: 10 }),
      ],
    },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  const [message] = await second.waitForMessages()
  assert.ok(message?.tls)
  await haraka.waitForEmptyQueue()
  assert.equal(first.connections.length, 1)
  assert.deepEqual(first.cleartextAfterEhlo(), [])
})

it('when none of the MX hosts has TLS, the one bounce names them all', async () => {
  await using first = await startPeer({ starttls: false })
  await using second = await startPeer({ on: { EHLO: '502 what is EHLO?' } })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config,
    routes: {
      'bank.example': [
        first.route({ name: 'mx1.bank.example', priority: 10 }),
        second.route({ name: 'mx2.bank.example', priority: 20 }),
      ],
      'acme.example': [acme.route()],
    },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  const [raw] = await acme.waitForMessages()
  assert.ok(raw)
  await haraka.waitForEmptyQueue()
  assert.equal(acme.messages.length, 1)
  const text = parseBounce(raw.data).text.replace(/\s+/g, ' ')
  assert.match(
    text,
    /The receiving servers mx1\.bank\.example and mx2\.bank\.example of bank\.example could not establish a TLS connection/,
  )
  assert.match(
    text,
    /- mx1\.bank\.example \(\S+\): does not offer STARTTLS - mx2\.bank\.example \(\S+\): rejected EHLO/,
  )
  assert.deepEqual([...first.cleartextAfterEhlo(), ...second.cleartextAfterEhlo()], [])
})
