/**
 * Mail to partners that publish what their mail servers are, at each level and with each `otherwise`, by a real Haraka over
 * really signed zones: what is delivered, what waits, and what is said of it. The partners are in two tables.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { makeAuthority } from '../../support/certificates.js'
import { packagesMissing } from '../../support/debian-package.js'
import type { Pairs } from '../../support/evidence.js'
import { lowPortsImpossible } from '../../support/low-ports.js'
import type { ConnectionRecord } from '../../support/peer-record.js'
import { startPublishedWorld, type PublishedWorld } from '../../support/published-world.js'
import { DEMANDS, type Case, type Demand, type Expected } from './case.js'
import { daneCases } from './dane-cases.js'
import { stsCases } from './sts-cases.js'

const HOME = 'acme.example'
/** For all messages together, in milliseconds. */
const PATIENCE = 60_000

const senderOf = (demand: Demand): string => `ann@${demand}.${HOME}`
const rulesOf = (demand: Demand) => {
  const [, level, otherwise] = /^(.*)-(\w+)$/.exec(demand) ?? []
  return [{ to: ['.example'], action: { level, otherwise } }]
}

describe('what partners publish', { skip: packagesMissing('dns') || lowPortsImpossible() }, async () => {
  const authority = await makeAuthority('Trusted')
  const cases: readonly Case[] = [...(await daneCases()), ...(await stsCases(authority))]
  let world: PublishedWorld

  before(async () => {
    world = await startPublishedWorld({
      authority,
      partners: cases,
      home: HOME,
      rules: Object.fromEntries(DEMANDS.map((demand) => [`${demand}.${HOME}`, rulesOf(demand)])),
    })
    const sent = cells().map(async ({ demand, row }) => {
      const from = senderOf(demand)
      await world.haraka.send({ from, to: `x@${row.to ?? row.zone}`, subject: 'Secret' })
    })
    await Promise.all(sent)
    const settled = ({ demand, row, expected }: Cell): boolean =>
      expected.is === 'looking-up' || outcomes(demand, row).length > 0
    await world.haraka.until(() => cells().every(settled), 'all messages to come to an end', PATIENCE)
  })
  after(async () => {
    await world[Symbol.asyncDispose]()
  })

  interface Cell {
    readonly demand: Demand
    readonly row: Case
    readonly expected: Expected
  }
  const cells = (): Cell[] =>
    cases.flatMap((row) =>
      Object.entries(row.expected).map(([demand, expected]) => ({ demand: demand as Demand, row, expected })),
    )
  const outcomes = (demand: Demand, { zone, to = zone }: Case): readonly Pairs[] =>
    world
      .lines()
      .filter(
        ({ kind, owner, domain }) => kind === 'outcome' && owner === `${demand}.${HOME}` && domain === to,
      )
  const connections = (): ConnectionRecord[] => Object.values(world.peers).flatMap((peer) => peer.connections)
  const messages = (demand: Demand, { zone, to = zone }: Case) =>
    connections().flatMap((connection) =>
      connection.messages.filter(
        ({ from, to: [recipient] }) => from === senderOf(demand) && recipient === `x@${to}`,
      ),
    )

  for (const row of cases) {
    describe(`${row.what} (${row.zone})`, () => {
      for (const [name, expected] of Object.entries(row.expected)) {
        const demand = name as Demand
        it(`${demand}: ${nameOf(expected)}`, () => {
          const [outcome, ...more] = outcomes(demand, row)
          assert.deepEqual(more, [])
          const taken = messages(demand, row)
          if (expected.is === 'delivered' || expected.is === 'free') {
            assert.equal(taken.length, 1, JSON.stringify(outcome))
            assert.equal(outcome?.['result'], expected.is === 'free' ? 'delivered-as-usual' : 'delivered')
            const isEncrypted = expected.is === 'delivered' || expected.tls
            assert.equal(taken[0]?.secure, isEncrypted)
            if (expected.is === 'free') return
            assert.equal(outcome['verified'], expected.verified)
            assert.equal(taken[0].tls?.servername, row.sni ?? `mx.${row.zone}`)
            return
          }
          assert.deepEqual(taken, [])
          // Not even who writes to whom.
          const heard = connections().flatMap(({ commands }) => commands.map(({ line }) => line))
          const to = `x@${row.to ?? row.zone}`
          assert.deepEqual(
            heard.filter((line, at) => line.includes(to) && heard[at - 1]?.includes(senderOf(demand))),
            [],
          )
          if (expected.is === 'looking-up') {
            assert.equal(outcome, undefined)
            assert.ok(world.haraka.log.includes(`waits for DNS, or for the MTA-STS policy of ${row.zone}`))
            return
          }
          const { class: name, status, says } = expected
          assert.deepEqual(
            [outcome?.['result'], outcome?.['class'], outcome?.['status']],
            ['deferred', name, status],
            JSON.stringify(outcome),
          )
          const deferral = world
            .deferrals()
            .find((each) => each.from.includes(senderOf(demand)) && each.domain === (row.to ?? row.zone))
          assert.match(deferral?.dsn_msg ?? '', says)
          assert.deepEqual(
            [deferral?.dsn_action, deferral?.dsn_code, deferral?.dsn_status],
            ['delayed', 450, status],
          )
          assert.ok(deferral?.err.startsWith('TLS required: '), deferral?.err)
        })
      }
    })
  }

  it('no bounce was sent, and no byte of what waits left in the clear', () => {
    assert.deepEqual(world.mailbox.messages, [])
    const free = Object.entries(world.peers).filter(([zone]) => zone !== 'no-tls.example')
    for (const [zone, peer] of free) assert.deepEqual([zone, peer.cleartextAfterEhlo()], [zone, []])
  })

  it('what a policy of mode testing would have failed is in the delivery log', () => {
    const attempts = world
      .lines()
      .filter(({ kind, domain }) => kind === 'attempt' && domain === 'sts-testing.example')
    const tested = attempts.filter(({ result }) => result === 'secured').map(({ testing }) => testing)
    assert.deepEqual(tested, ['mx-not-listed', 'mx-not-listed'])
  })

  it('each policy was fetched once, however many messages wanted it', () => {
    assert.deepEqual([world.fetches('sts.example'), world.fetches('sts-redirected.example')], [1, 1])
  })
})

function nameOf(expected: Expected): string {
  switch (expected.is) {
    case 'delivered':
      return `delivered, verified: ${expected.verified}`
    case 'free':
      return expected.tls ? 'delivered' : 'delivered in the clear'
    case 'waits':
      return `waits, ${expected.class}`
    case 'looking-up':
      return 'waits, and nothing else does'
  }
}
