import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

const config = fileStoreConfig({
  'acme.example': [
    { to: ['cfo@bank.example'], name: 'Figures' },
    { to: ['ceo@bank.example'], action: { level: 'encrypt', minVersion: 'TLSv1.3' }, name: 'Plans' },
  ],
})
const ALL = ['cfo@bank.example', 'ceo@bank.example', 'joe@bank.example', 'jim@bank.example']

it('of one message, exactly those recipients bounce that a rule covers; the others get it as if there were no rule', async () => {
  await using bank = await startPeer({ starttls: false })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config,
    routes: { 'bank.example': [bank.route()], 'acme.example': [acme.route()] },
  })
  await haraka.send({ from: 'ann@acme.example', to: ALL })
  const bounces = await acme.waitForMessages(2)
  await bank.waitForMessages(1)
  await haraka.waitForEmptyQueue()
  assert.deepEqual(
    bank.messages.map(({ acceptedFor }) => acceptedFor),
    [['joe@bank.example', 'jim@bank.example']],
  )
  const named = bounces.map(({ data }) =>
    parseBounce(data).recipients.map((fields) => fields['final-recipient']),
  )
  assert.deepEqual(named.flat().sort(), ['rfc822; ceo@bank.example', 'rfc822; cfo@bank.example'])
  assert.equal(acme.messages.length, 2)
})

it('with TLS 1.2 the one whose rule asks for more bounces, all others get it once, those with a rule over TLS', async () => {
  await using bank = await startPeer({ tls: { ...(await ownCertificate()), maxVersion: 'TLSv1.2' } })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config,
    routes: { 'bank.example': [bank.route()], 'acme.example': [acme.route()] },
  })
  await haraka.send({ from: 'ann@acme.example', to: ALL })
  const [bounce] = await acme.waitForMessages(1)
  await bank.waitForMessages(2)
  await haraka.waitForEmptyQueue()
  assert.deepEqual(bank.messages.flatMap(({ acceptedFor }) => acceptedFor).sort(), [
    'cfo@bank.example',
    'jim@bank.example',
    'joe@bank.example',
  ])
  assert.ok(bank.messages.find(({ acceptedFor }) => acceptedFor.includes('cfo@bank.example'))?.tls)
  assert.deepEqual(
    parseBounce(bounce?.data ?? '').recipients.map((fields) => fields['final-recipient']),
    ['rfc822; ceo@bank.example'],
  )
  assert.match(bounce?.data ?? '', /rule "Plans"/)
})

async function ownCertificate() {
  const { selfSigned } = await import('../support/certificates.js')
  return selfSigned({ dnsNames: ['mx.bank.example'] })
}
