import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { rulesDocument } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

it('a rule on the subject keeps a message from another queue plugin and, from the queue file, from a server without TLS', async () => {
  await using smartHost = await startPeer({ starttls: false })
  await using bank = await startPeer({ starttls: false })
  await using acme = await startPeer()
  const rule = {
    name: 'Confidential',
    direction: 'outgoing',
    enabled: true,
    position: 1,
    criteria: { subject: { matchesAny: ['streng geheim für'] } },
    actions: { relayWithTls: { level: 'encrypt' } },
  }
  await using haraka = await startHaraka({
    plugins: ['test-relay', 'test-routes', 'enforce-tls', 'queue/smtp_forward'],
    config: {
      'enforce-tls.ini': '[store]\ntype=file\n',
      'enforce-tls.rules.json': {
        ...rulesDocument({ 'acme.example': [] }),
        rules: { 'acme.example': { r1: rule } },
      },
      'smtp_forward.ini': `host=127.0.0.1\nport=${smartHost.port}\nenable_outbound=true\n`,
    },
    routes: { '*': [bank.route()], 'acme.example': [acme.route()] },
  })
  const send = (subject: string) => haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example', subject })
  await send('Streng geheim')
  assert.equal(smartHost.messages.length, 1)
  await send('=?iso-8859-1?Q?Streng?=\r\n =?iso-8859-1?Q?_geheim:_f=FCr_Sie?=')
  await acme.waitForMessages(1)
  await haraka.waitForEmptyQueue()
  assert.equal(smartHost.messages.length, 1)
  assert.equal(bank.messages.length, 0)
})
