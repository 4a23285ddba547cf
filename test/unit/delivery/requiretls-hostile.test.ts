/**
 * The servers of the matrix, and a message that asks for REQUIRETLS: whatever a server does, it is told MAIL inside TLS
 * and with the parameter, or not at all; and the message ends.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import constants from 'haraka-constants'
import { withAsked } from '../../../plugins/enforce-tls/requiretls/ask.js'
import { GREETING_AND_EHLO } from '../../e2e/matrix/greeting-and-ehlo.js'
import { IN_HANDSHAKE } from '../../e2e/matrix/handshake.js'
import { INSIDE_TLS } from '../../e2e/matrix/inside-tls.js'
import type { Row } from '../../e2e/matrix/row.js'
import { STARTTLS } from '../../e2e/matrix/starttls.js'
import { makeAuthority } from '../../support/certificates.js'
import { makeDelivery, type GuardedDelivery } from '../../support/guarded-delivery.js'

const REPLY_TIMEOUT = 1500
/** What is said behind MAIL is Haraka's to judge, and how long it may take; no fake of it does that in the same way. */
const LEFT_OUT = ['drips its answer to EHLO inside TLS for ever', 'is silent inside TLS']
const BEFORE_MAIL = [...GREETING_AND_EHLO, ...STARTTLS, ...IN_HANDSHAKE]
const ROWS = [...BEFORE_MAIL, ...INSIDE_TLS.filter(({ name }) => !LEFT_OUT.includes(name))]
const trusted = makeAuthority('Test authority').then(async (authority) => ({
  ca: authority.cert,
  certificate: await authority.issue({ dnsNames: ['mx1.bank.example'] }),
}))

/** One try. */
async function deliver({ behaviour }: Row): Promise<GuardedDelivery> {
  const { ca, certificate } = await trusted
  const tls = { ...certificate, ...behaviour.tls }
  const delivery = await makeDelivery({
    ca,
    hosts: [{ ...behaviour, requiretls: 'inside TLS', tls }],
    replyTimeout: REPLY_TIMEOUT,
    decide: (guard) => {
      guard.enforce(withAsked(null, 'enforce'), { byRules: null })
      return [constants.cont]
    },
  })
  delivery.haraka.intervals = []
  await delivery.run()
  return delivery
}

/** Whether the server still offers it, as it says EHLO inside TLS by itself. */
function offers({ behaviour: { on, onSecure, lmtp } }: Row): boolean {
  return !lmtp && on?.EHLO === undefined && onSecure?.EHLO === undefined
}

describe('a message with REQUIRETLS, and a server that', { concurrency: 32 }, () => {
  for (const row of ROWS) {
    const isDelivered = row.outcome.kind === 'delivered' && offers(row)
    it(`${row.name}: ${isDelivered ? 'gets it with the parameter' : 'gets nothing without'}`, async () => {
      await using delivery = await deliver(row)
      const [peer] = delivery.peers
      assert.ok(peer)
      assert.deepEqual(peer.cleartextAfterEhlo(), [], peer.transcript())
      const mail = peer.connections.flatMap(({ commands }) => commands).filter(({ verb }) => verb === 'MAIL')
      assert.ok(
        mail.every(({ secure, line }) => secure && / REQUIRETLS\b/.test(line)),
        peer.transcript(),
      )
      if (!isDelivered && !BEFORE_MAIL.includes(row)) return
      assert.equal(peer.messages.length, isDelivered ? 1 : 0, peer.transcript())
      const isAboutTls = row.outcome.kind === 'delivered' || row.outcome.class !== null
      if (!isDelivered)
        assert.match(delivery.seen.at(-1) ?? '', isAboutTls ? /^bounced \S+ 5\.7\.(?:10|30)$/ : /^bounced /)
    })
  }
})
