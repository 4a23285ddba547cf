/**
 * Report mode tells what enforcing would do: servers of the matrix, whose outcomes are known from deliveries that a
 * rule covers, get a message of a rule that only reports. Haraka delivers in its own way, and what is told of that
 * is held against the known outcome.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { makeAuthority } from '../support/certificates.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { storedRule } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'
import { startCells, type Plan } from './matrix/cells.js'

/** Servers that a delivery without any rule gets through to. */
function isTaken({ insideTls, what }: Plan): boolean {
  return insideTls !== true && what.startsWith('whose')
}

describe('report mode judges', { concurrency: 8 }, async () => {
  const signers = { trusted: await makeAuthority('Trusted'), unknown: await makeAuthority('Unknown') }
  const cells = await startCells(signers, isTaken)
  const rules = cells.map(({ domain, action }, index) => [
    `r${index + 1}`,
    { ...storedRule({ to: [domain], action, position: index + 1 }), mode: 'report' },
  ])
  let haraka: Haraka

  before(async () => {
    haraka = await startHaraka({
      config: {
        'enforce-tls.ini': '[store]\ntype=file\n[tls]\nca=test-ca.pem\n',
        'enforce-tls.rules.json': {
          domains: { 'acme.example': { enabled: true } },
          groups: {},
          rules: { 'acme.example': Object.fromEntries(rules) as object },
        },
        'test-ca.pem': signers.trusted.cert,
      },
      routes: Object.fromEntries(
        cells.map(({ domain, peer }) => [domain, [peer.route({ name: `mx.${domain}` })]]),
      ),
    })
    for (const { domain } of cells) await haraka.send({ from: 'ann@acme.example', to: `x@${domain}` })
    await haraka.waitForEmptyQueue(120_000)
  })
  after(async () => {
    await haraka.close()
    for (const { peer } of cells) await peer.close()
  })

  it('servers of each kind', () => {
    for (const kind of ['delivered', 'bounced'])
      assert.ok(cells.filter(({ outcome }) => outcome.kind === kind).length >= 10, kind)
  })

  for (const { title, domain, outcome, peer } of cells)
    it(title, async () => {
      const expected =
        outcome.kind === 'delivered'
          ? `would have been delivered: \\S+ accepted the message for x@${domain} over TLS, by rule`
          : `would have bounced: \\S+ accepted the message for x@${domain} over TLS; it .+ \\(${outcome.class ?? ''}\\), by rule`
      await haraka.waitForLog(new RegExp(`enforce-tls: report: ${expected}`))
      assert.equal(peer.messages.length, 1, 'delivered in any case')
      assert.equal(peer.connections.length, 1, 'and with one connection')
    })
})

describe('report mode', { concurrency: 8 }, () => {
  const config = (action: object, more: object = {}, ini = '') => ({
    'enforce-tls.ini': `[store]\ntype=file\n${ini}`,
    'enforce-tls.rules.json': {
      domains: { 'acme.example': { enabled: true } },
      groups: {},
      rules: {
        'acme.example': { r1: { ...storedRule({ to: ['bank.example'], action: { ...action } }), ...more } },
      },
    },
  })
  const report = { mode: 'report' }
  const message = { from: 'ann@acme.example', to: 'cfo@bank.example' }

  it('judges beside a rule that enforces, by the session that the guard made', async () => {
    const authority = await makeAuthority('Trusted')
    const own = await authority.issue({ dnsNames: ['mx.bank.example'] })
    await using bank = await startPeer({ tls: own })
    const both = config({ level: 'verify' }, report, '[tls]\nca=ca.pem\n')
    const rules = both['enforce-tls.rules.json'].rules['acme.example']
    await using haraka = await startHaraka({
      config: {
        ...both,
        'ca.pem': authority.cert,
        'enforce-tls.rules.json': {
          ...both['enforce-tls.rules.json'],
          rules: {
            'acme.example': {
              ...rules,
              r2: {
                ...storedRule({ to: ['bank.example'], action: { level: 'secure' }, position: 2 }),
                ...report,
              },
              r3: storedRule({ to: ['bank.example'], position: 3 }),
            },
          },
        },
      },
      routes: { '*': [bank.route({ name: 'mx.bank.example' })] },
    })
    await haraka.send(message)
    await haraka.waitForLog(
      /would have been delivered: \S+ accepted the message for cfo@bank\.example over TLS, by rule r1/,
    )
    await haraka.waitForLog(
      /would have been delivered: \S+ accepted the message for cfo@bank\.example over TLS, by rule r2/,
    )
    assert.deepEqual(
      bank.messages.map(({ tls }) => tls !== undefined),
      [true],
    )
  })

  it('says that it does not know where TLS was offered and Haraka made no use of it', async () => {
    await using bank = await startPeer()
    await using haraka = await startHaraka({
      config: {
        ...config({ level: 'encrypt' }, report),
        'tls.ini': '[outbound]\nno_tls_hosts[]=127.0.0.1\n',
      },
      routes: { '*': [bank.route()] },
    })
    await haraka.send(message)
    await haraka.waitForLog(
      /report: unknown: \S+ accepted the message for cfo@bank\.example without TLS; whether that fulfils level encrypt could not be checked: TLS was offered, but Haraka did not use it, by rule r1/,
    )
    assert.deepEqual(
      bank.messages.map(({ tls }) => tls !== undefined),
      [false],
    )
  })

  it('report_only judges rules that would enforce', async () => {
    await using bank = await startPeer()
    await using haraka = await startHaraka({
      config: config({ level: 'verify' }, {}, '[main]\nreport_only=true\n'),
      routes: { '*': [bank.route()] },
    })
    await haraka.send(message)
    await haraka.waitForLog(
      /would have bounced: \S+ accepted the message for cfo@bank\.example over TLS; it has a certificate that is not trusted: it is self-signed \(certificate-not-trusted\), by rule r1/,
    )
    await haraka.waitForEmptyQueue()
    assert.equal(bank.messages.length, 1)
  })
})
