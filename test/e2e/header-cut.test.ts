/** What Haraka drops of a long header is unknown to rules that look at it, also after a restart. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { startPeer } from '../support/smtp-peer.js'

const FIELDS = 1200
const SECRETS = {
  name: 'Secrets',
  direction: 'outgoing',
  enabled: true,
  position: 1,
  criteria: { to: { matchesAny: ['*'] }, subject: { matchesAny: ['secret'] } },
  actions: { relayWithTls: { level: 'encrypt' } },
}

it('a Subject behind more lines than Haraka keeps counts as a match for what requires TLS', async () => {
  await using partner = await startPeer({ starttls: false })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config: {
      'enforce-tls.ini': '[store]\ntype=file\n',
      'enforce-tls.rules.json': {
        domains: { 'acme.example': { enabled: true } },
        rules: { 'acme.example': { secrets: SECRETS } },
      },
    },
    routes: { 'partner.example': [partner.route()], 'acme.example': [acme.route()] },
  })
  const padding = Array.from({ length: FIELDS }, (_, n) => `X-Pad-${n}: x\r\n`).join('')
  const data = `From: ann@acme.example\r\n${padding}Subject: late secret\r\n\r\nbody\r\n`
  await haraka.send({ from: 'ann@acme.example', to: 'bob@partner.example', data })
  await acme.waitForMessages(1)
  assert.equal(partner.messages.length, 0)
})
