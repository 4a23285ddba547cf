/**
 * The servers of the matrix that misbehave inside TLS, each at every level, with a session that has served a good
 * message before: what becomes of the next one is what would become of it on a session of its own.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { makeAuthority } from '../../support/certificates.js'
import { startHaraka, type Haraka } from '../../support/haraka.js'
import { trustingConfig } from '../../support/rules.js'
import { startPeer, type SmtpPeer } from '../../support/smtp-peer.js'
import { startCells, type Plan } from './cells.js'
import { LEVELS } from './certificates.js'
import { connectionsBefore, turning } from './turning.js'
import { differences } from './verdict.js'

const PATIENCE = 60_000

describe('the matrix inside TLS, on a session that has served a message', async () => {
  const signers = { trusted: await makeAuthority('Trusted'), unknown: await makeAuthority('Unknown') }
  let isTurned = false
  const plans: Plan[] = []
  const cells = await startCells(
    signers,
    ({ insideTls = false }) => insideTls,
    (plan) => {
      plans.push(plan)
      return turning(plan, () => isTurned)
    },
  )
  let mailbox: SmtpPeer | undefined
  let haraka: Haraka | undefined

  before(async () => {
    mailbox = await startPeer()
    const running = (haraka = await startHaraka({
      config: trustingConfig(
        signers.trusted,
        Object.fromEntries(
          LEVELS.map((level) => [
            `${level}.example`,
            cells
              .filter((cell) => cell.level === level)
              .map(({ domain, action }) => ({ to: [domain], action })),
          ]),
        ),
        'handshake_timeout=1500ms\nreply_timeout=1500ms\nconnection_idle=60s\n',
      ),
      routes: {
        ...Object.fromEntries(
          cells.map(({ domain, peer }) => [domain, [peer.route({ name: `mx.${domain}` })]]),
        ),
        ...Object.fromEntries(LEVELS.map((level) => [`${level}.example`, mailbox ? [mailbox.route()] : []])),
      },
      outbound: { temp_fail_intervals: '5s', connect_timeout: 2 },
    }))
    const sendAll = async (subject: string): Promise<void> => {
      for (const { domain, level } of cells)
        await running.send({ from: `ann@${level}.example`, to: `x@${domain}`, subject })
      await running.waitForEmptyQueue(PATIENCE)
    }
    await sendAll('First')
    isTurned = true
    await sendAll('Secret')
    // What is idle ends with the settings.
    await running.stop()
    await Promise.allSettled(cells.map(({ peer }) => peer.waitForSilence(PATIENCE)))
  })
  after(async () => {
    await haraka?.close()
    await mailbox?.close()
    for (const { peer } of cells) await peer.close()
  })

  for (const [index, cell] of cells.entries()) {
    const plan = plans[index]
    it(`${cell.title}: ${cell.outcome.kind}`, () => {
      assert.ok(plan)
      const evidence = {
        mailbox: mailbox?.messages ?? [],
        log: haraka?.log ?? '',
        before: 1,
        moreConnections: connectionsBefore(plan),
      }
      assert.deepEqual(differences(cell, evidence), [], cell.peer.transcript())
      const subjects = cell.peer.messages.map(({ data }) => /^Subject: (\w+)/m.exec(data)?.[1])
      assert.deepEqual(subjects, cell.outcome.kind === 'delivered' ? ['First', 'Secret'] : ['First'])
      if (cell.outcome.kind === 'delivered')
        assert.equal(cell.peer.connections.length, 1, cell.peer.transcript())
    })
  }
})
