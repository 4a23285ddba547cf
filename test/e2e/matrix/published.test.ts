/**
 * The servers of the tables at the levels that look at what is published, each with a TLSA record of its certificate, a
 * policy that lists it, or both. What becomes of a message is the same as at `fingerprint` (DANE) and `verify` (MTA-STS),
 * but that nothing bounces at once for want of TLS.
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { formatResolver } from '../../../plugins/enforce-tls/dns/resolver-list.js'
import { makeAuthority } from '../../support/certificates.js'
import { tlsaOf } from '../../support/chains.js'
import { startHaraka, type Haraka } from '../../support/haraka.js'
import { freeNet, lowPortsImpossible } from '../../support/low-ports.js'
import { PolicyServer, sendPolicy } from '../../support/policy-server.js'
import { policyFor } from '../../support/published-world.js'
import { trustingConfig } from '../../support/rules.js'
import { ScriptedResolver } from '../../support/scripted-resolver.js'
import { startPeer, type SmtpPeer } from '../../support/smtp-peer.js'
import { startCells, type Plan } from './cells.js'
import type { Level } from './certificates.js'
import { differences } from './verdict.js'

const PATIENCE = 120_000
/** The level of the tables whose outcomes are those of a new one. */
const LEVEL_OF = { fingerprint: 'dane', verify: 'mta-sts', encrypt: 'published' } as const
/** At `mta-sts`, the one level here at which certificates fail. */
const BY_POLICY = 'one that fits the MTA-STS policy of its domain'
type Stand = keyof typeof LEVEL_OF

/** Rows about what only a rule can list have nothing here. */
const isWanted = ({ level, what }: Plan): boolean => level in LEVEL_OF && !what.includes('listed')

/** What is permanent elsewhere may be mended here before the message is given up. */
function temporary(plan: Plan): Plan {
  const { outcome, insideTls, action } = plan
  const level = LEVEL_OF[plan.level as Stand]
  const changed = {
    ...plan,
    action: (...args: Parameters<NonNullable<typeof action>>) => ({ ...action?.(...args), level }),
  }
  if (outcome.kind === 'delivered' || (insideTls && outcome.class === null)) return changed
  return {
    ...changed,
    outcome: { ...outcome, connections: outcome.connections === 1 ? 2 : outcome.connections },
  }
}

describe('the matrix of servers where something is published', { skip: lowPortsImpossible() }, async () => {
  const signers = { trusted: await makeAuthority('Trusted'), unknown: await makeAuthority('Unknown') }
  const cells = await startCells(signers, isWanted, temporary)
  const servers: AsyncDisposable[] = []
  let mailbox: SmtpPeer
  let haraka: Haraka
  const byDomain = new Map(cells.map((cell) => [cell.domain, cell]))

  before(async () => {
    const host = `${await freeNet()}.1`
    mailbox = await startPeer()
    const dnsNames = cells.map(({ domain }) => `mta-sts.${domain}`)
    const web = await PolicyServer.start(
      await signers.trusted.issue({ dnsNames }),
      (response, { headers }) =>
        sendPolicy(response, policyFor((headers.host ?? '').replace('mta-sts.', 'mx.'))),
      { host, port: 443 },
    )
    const resolver = await ScriptedResolver.start(({ name, type, reply }) => {
      const ttl = 60
      const cell = byDomain.get(/cell\d+\.example$/.exec(name)?.[0] ?? '')
      if (!cell) return reply({ rcode: 3 })
      if (type === 'A')
        return reply({
          answers: [{ type, name, ttl, data: name.startsWith('mta-sts.') ? host : '127.0.0.1' }],
        })
      if (type === 'TXT' && cell.level !== 'fingerprint')
        return reply({ answers: [{ type, name, ttl, data: 'v=STSv1; id=1' }] })
      if (type !== 'TLSA' || cell.level === 'verify') return reply({})
      const { data: certificate, ...parts } = tlsaOf(3, 0, 1, new X509Certificate(cell.certificate.cert))
      reply({ answers: [{ type, name, ttl, data: { ...parts, certificate } }] })
    })
    servers.push(mailbox, web, resolver)
    const levels = Object.keys(LEVEL_OF) as Stand[]
    haraka = await startHaraka({
      config: trustingConfig(
        signers.trusted,
        Object.fromEntries(levels.map((level) => [`${level}.example`, rulesOf(level)])),
        `handshake_timeout=1500ms\nreply_timeout=1500ms\n[dns]\nresolver[]=${formatResolver(resolver.address)}\n[mta_sts]\nprivate_addresses=true\n`,
      ),
      routes: {
        ...Object.fromEntries(
          cells.map(({ domain, peer }) => [domain, [peer.route({ name: `mx.${domain}` })]]),
        ),
        ...Object.fromEntries(levels.map((level) => [`${level}.example`, [mailbox.route()]])),
      },
      outbound: { temp_fail_intervals: '5s', connect_timeout: 2 },
    })
    for (const { domain, level } of cells)
      await haraka.send({ from: `ann@${level}.example`, to: `x@${domain}`, subject: 'Secret' })
    await Promise.allSettled([haraka.waitForEmptyQueue(PATIENCE)])
    await Promise.allSettled(cells.map(({ peer }) => peer.waitForSilence(PATIENCE)))
  })
  after(async () => {
    await haraka.close()
    for (const each of [...servers, ...cells.map(({ peer }) => peer)]) await each[Symbol.asyncDispose]()
  })

  const rulesOf = (level: Level) =>
    cells
      .filter((cell) => cell.level === level)
      .map(({ domain, action }) => ({ to: [domain], action: { ...action, fingerprints: undefined } }))

  for (const cell of cells) {
    const { title, level, outcome, peer } = cell
    const end = outcome.kind === 'delivered' ? 'delivered' : `fails with ${outcome.class ?? 'another reason'}`
    it(`${title.replace(level, LEVEL_OF[level as Stand])}: ${end}`, () =>
      assert.deepEqual(
        differences(cell, { mailbox: mailbox.messages, log: haraka.log, demanded: BY_POLICY }),
        [],
        peer.transcript(),
      ))
  }

  it('leaves an empty queue and a living Haraka', () => {
    assert.deepEqual(haraka.queueFiles(), [])
    assert.equal(haraka.exitCode, undefined)
  })
})
