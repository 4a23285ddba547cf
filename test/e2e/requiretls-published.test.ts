/** Messages with REQUIRETLS to partners that are found in DNS, and what a header field and an administrator can change. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { issue, tlsa } from '../support/chains.js'
import { selfSigned } from '../support/certificates.js'
import { logPairs } from '../support/evidence.js'
import { lowPortsImpossible } from '../support/low-ports.js'
import { parseBounce } from '../support/mail.js'
import { policyFor } from '../support/published-world.js'
import { startScriptedWorld } from '../support/scripted-world.js'

const OFFERS = { requiretls: 'inside TLS' } as const
/** Answers for the outbound queue, and sends in its own way what it gets. */
const THIEF = `
exports.hook_queue_outbound = (next, connection) => {
  connection.lognotice('the thief has it')
  next(OK, 'stolen')
}
`

it(
  'goes where DNS or a policy proves the host, and comes back from where nothing is published',
  { skip: lowPortsImpossible() },
  async () => {
    const root = await issue({ name: 'Root' })
    const leaf = await issue({ name: 'mx.dane.example', by: root, ca: false, names: ['mx.dane.example'] })
    const own = await selfSigned({ dnsNames: ['mta.test.example'] })
    await using world = await startScriptedWorld({
      hosts: {
        'mx.dane.example': { ...OFFERS, tls: { key: leaf.keyPem, cert: leaf.pem } },
        'mx.sts.example': OFFERS,
        'mx.signed.example': OFFERS,
        'mx.forged.example': { ...OFFERS, tls: own },
        'mx.nothing.example': OFFERS,
        'mx.later.example': { ...OFFERS, starttls: false },
      },
      tlsa: { 'mx.dane.example': [tlsa(3, 1, 1, leaf)], 'mx.later.example': [tlsa(3, 1, 1, root)] },
      unsigned: ['nothing.example'],
      policies: { 'sts.example': policyFor('mx.sts.example') },
      rules: {
        'acme.example': [
          { to: ['nothing.example'] },
          { to: ['later.example'], action: { level: 'dane', otherwise: 'none' } },
        ],
      },
      ini: '[requiretls]\nannounce=true\n[main]\ndefer_seconds=1\n',
      haraka: {
        plugins: ['tls', 'test-relay', 'test-home', 'enforce-tls', 'thief'],
        extraPlugins: { thief: THIEF },
        config: {
          'tls.ini': '[main]\nkey=own.key\ncert=own.pem\n',
          'own.key': own.key,
          'own.pem': own.cert,
        },
      },
    })
    const { haraka, peers, mailbox } = world
    const send = (to: string, more: object = {}) =>
      haraka.send({ from: 'ann@acme.example', to, starttls: true, requiretls: true, ...more })

    // RFC 8689 section 2: signed MX records and a trusted certificate will do where nothing is published.
    for (const zone of ['dane', 'sts', 'signed']) {
      const { reply } = await send(`x@${zone}.example`)
      assert.doesNotMatch(reply, /stolen/)
      const [message] = (await peers[`mx.${zone}.example`]?.waitForMessages()) ?? []
      assert.ok(message?.requiretls && message.tls)
    }
    assert.match((await haraka.send({ from: 'ann@acme.example', to: 'x@dane.example' })).reply, /stolen/)

    // The rule wants TLS alone, and the message more: there is no proof of the host, and nothing to wait for.
    for (const [index, zone] of ['nothing', 'forged'].entries()) {
      await send(`x@${zone}.example`)
      const bounce = (await mailbox.waitForMessages(index + 1)).at(-1)
      assert.equal(parseBounce(bounce?.data ?? '').recipients[0]?.['status'], '5.7.10')
      assert.deepEqual(peers[`mx.${zone}.example`]?.messages, [])
    }
    assert.equal(peers['mx.nothing.example']?.connections.length, 0)

    // What the partner publishes fails; a sender who does not mind says so.
    await send('x@later.example', { requiretls: false })
    await haraka.until(
      () =>
        logPairs(haraka.log).some(
          ({ kind, domain, result }) =>
            kind === 'outcome' && domain === 'later.example' && result === 'deferred',
        ),
      'the message to wait',
    )
    await send('x@later.example', { requiretls: false, headers: { 'TLS-Required': 'No' } })
    // Haraka's own way from here on, and its own DNS.
    await haraka.waitForLog(
      /goes without what rule \S+ of acme\.example .*, because the message says TLS-Required: No/,
    )
    assert.deepEqual(peers['mx.later.example']?.messages, [])
  },
)
