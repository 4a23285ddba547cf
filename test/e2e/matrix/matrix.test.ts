/**
 * Every server of the tables at every level, on one real Haraka; MATRIX_INI has further lines of its `[tls]`. With MATRIX_WITHOUT_GUARD=1 the same runs on
 * a Haraka without the plugin, and the number of cells that fail is printed: it shows what the guard is for.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { makeAuthority } from '../../support/certificates.js'
import { startHaraka, type Haraka } from '../../support/haraka.js'
import { trustingConfig } from '../../support/rules.js'
import { startPeer, type SmtpPeer } from '../../support/smtp-peer.js'
import { startCells, type Cell } from './cells.js'
import { LEVELS, type Level } from './certificates.js'
import { differences } from './verdict.js'

const WITHOUT_GUARD = process.env['MATRIX_WITHOUT_GUARD'] === '1'
/** Some items hang for ever then; nothing comes of more patience, in milliseconds. */
const PATIENCE = WITHOUT_GUARD ? 60_000 : 120_000

describe('the matrix of servers and levels', async () => {
  const signers = { trusted: await makeAuthority('Trusted'), unknown: await makeAuthority('Unknown') }
  const cells = await startCells(signers)
  let mailbox: SmtpPeer | undefined
  let haraka: Haraka | undefined

  before(async () => {
    mailbox = await startPeer()
    haraka = await startHaraka({
      enforceTls: !WITHOUT_GUARD,
      config: trustingConfig(
        signers.trusted,
        Object.fromEntries(LEVELS.map((level) => [`${level}.example`, rulesOf(level)])),
        `handshake_timeout=1500ms\nreply_timeout=1500ms\n${process.env['MATRIX_INI'] ?? ''}`,
      ),
      routes: {
        ...Object.fromEntries(
          cells.map(({ domain, peer }) => [domain, [peer.route({ name: `mx.${domain}` })]]),
        ),
        ...Object.fromEntries(LEVELS.map((level) => [`${level}.example`, mailbox ? [mailbox.route()] : []])),
      },
      outbound: { temp_fail_intervals: '5s', connect_timeout: 2 },
    })
    for (const { domain, level } of cells)
      await haraka.send({ from: `ann@${level}.example`, to: `x@${domain}`, subject: 'Secret' })
    // A cell that hangs fails by itself. Silence counts when no connection is yet to come.
    await Promise.allSettled([haraka.waitForEmptyQueue(PATIENCE)])
    await Promise.allSettled(cells.map(({ peer }) => peer.waitForSilence(PATIENCE)))
  })
  after(async () => {
    await haraka?.close()
    await mailbox?.close()
    for (const { peer } of cells) await peer.close()
  })

  const rulesOf = (level: Level) =>
    cells.filter((cell) => cell.level === level).map(({ domain, action }) => ({ to: [domain], action }))
  const problems = (cell: Cell): string[] =>
    differences(cell, { mailbox: mailbox?.messages ?? [], log: haraka?.log ?? '' })

  if (WITHOUT_GUARD) {
    it('fails in more than half of its cells without the guard', () => {
      const failing = cells.filter((cell) => problems(cell).length > 0)
      const inTheClear = cells.filter(({ peer }) => peer.clearBytesAfterEhlo() > 0)
      console.log(`${failing.length} of ${cells.length} cells fail without the guard`)
      const accepted = cells.filter(
        ({ outcome, peer }) => outcome.kind === 'bounced' && peer.messages.length > 0,
      )
      console.log(`${accepted.length} of them because a server got the message that must not have it`)
      console.log(`${inTheClear.length} of them with bytes of the message or its envelope in the clear`)
      console.log(`${haraka?.queueFiles().length ?? 0} messages hang in the queue`)
      assert.ok(failing.length > cells.length / 2)
    })
    return
  }

  for (const cell of cells) {
    const { title, outcome, peer } = cell
    const end =
      outcome.kind === 'delivered' ? 'delivered' : `bounced with ${outcome.class ?? 'another reason'}`
    it(`${title}: ${end}`, () => assert.deepEqual(problems(cell), [], peer.transcript()))
  }

  it('leaves an empty queue and a living Haraka', () => {
    assert.deepEqual(haraka?.queueFiles(), [])
    assert.equal(haraka.exitCode, undefined)
  })
})
