/**
 * Every server of the tables at every level, on one real Haraka. With MATRIX_WITHOUT_GUARD=1 the same runs on
 * a Haraka without the plugin, and the number of cells that fail is printed: it shows what the guard is for.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { makeAuthority } from '../../support/certificates.js'
import { startHaraka, type Haraka } from '../../support/haraka.js'
import { rulesDocument } from '../../support/rules.js'
import { startPeer, type SmtpPeer } from '../../support/smtp-peer.js'
import { startCells, type Cell } from './cells.js'
import { LEVELS } from './certificates.js'
import { differences } from './verdict.js'

const WITHOUT_GUARD = process.env['MATRIX_WITHOUT_GUARD'] === '1'

describe('the matrix of servers and levels', { concurrency: false }, async () => {
  const signers = { trusted: await makeAuthority('Trusted'), unknown: await makeAuthority('Unknown') }
  const cells = await startCells(signers)
  let mailbox: SmtpPeer
  let haraka: Haraka

  before(async () => {
    mailbox = await startPeer()
    const rulesOf = (level: string) =>
      cells.filter((cell) => cell.level === level).map(({ domain, action }) => ({ to: [domain], action }))
    haraka = await startHaraka({
      enforceTls: !WITHOUT_GUARD,
      config: {
        'enforce-tls.ini': '[store]\ntype=file\n[tls]\nca=test-ca.pem\nhandshake_timeout=1500ms\n',
        'enforce-tls.rules.json': rulesDocument(
          Object.fromEntries(LEVELS.map((level) => [`${level}.example`, rulesOf(level)])),
        ),
        'test-ca.pem': signers.trusted.cert,
      },
      routes: {
        ...Object.fromEntries(
          cells.map(({ domain, peer }) => [domain, [peer.route({ name: `mx.${domain}` })]]),
        ),
        ...Object.fromEntries(LEVELS.map((level) => [`${level}.example`, [mailbox.route()]])),
      },
      outbound: { temp_fail_intervals: '5s', connect_timeout: 2 },
    })
    for (const { domain, level } of cells)
      await haraka.send({ from: `ann@${level}.example`, to: `x@${domain}`, subject: 'Secret' })
    // Without the guard some items hang for ever; they fail like the others.
    await haraka.waitForEmptyQueue(60_000).catch((error: unknown) => {
      if (!WITHOUT_GUARD) throw error
    })
  })
  after(async () => {
    await haraka.close()
    await Promise.all([mailbox, ...cells.map(({ peer }) => peer)].map((peer) => peer.close()))
  })

  const problems = (cell: Cell): string[] => differences(cell, mailbox.messages)

  if (WITHOUT_GUARD) {
    it('fails in more than half of its cells without the guard', () => {
      const failing = cells.filter((cell) => problems(cell).length > 0)
      console.log(`${failing.length} of ${cells.length} cells fail without the guard`)
      assert.ok(failing.length > cells.length / 2)
    })
    return
  }

  for (const cell of cells) {
    it(`${cell.title}: ${cell.outcome.kind}${cell.outcome.kind === 'bounced' ? ` with ${cell.outcome.class ?? 'another reason'}` : ''}`, () => {
      assert.deepEqual(problems(cell), [], cell.peer.transcript())
    })
  }

  it('leaves an empty queue and a living Haraka', () => {
    assert.deepEqual(haraka.queueFiles(), [])
    assert.equal(haraka.exitCode, undefined)
  })
})
