/**
 * A check tells beforehand what a delivery then does: servers of the matrix get a message from a real Haraka,
 * and are checked with the settings of its folder.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { checkPartner } from '../../plugins/enforce-tls/check/partner-check.js'
import { requirementOfAction } from '../../plugins/enforce-tls/rules/requirement.js'
import type { CheckContext, PartnerVerdict } from '../../plugins/enforce-tls/check/types.js'
import { contextAt } from '../../plugins/enforce-tls/cli/partners.js'
import type { RelayWithTls } from '../../plugins/enforce-tls/rules/rule.js'
import { loadSettings } from '../../plugins/enforce-tls/settings/settings.js'
import { makeAuthority } from '../support/certificates.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { logPairs } from '../support/evidence.js'
import { parseBounce } from '../support/mail.js'
import { trustingConfig } from '../support/rules.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'
import { startCells, type Cell, type Plan } from './matrix/cells.js'
import { LEVELS } from './matrix/certificates.js'

/** A check goes no further inside TLS than these. */
const ASKED = ['EHLO', 'HELO', 'MAIL', 'RCPT', 'QUIT']

/** What a server does before DATA is alike at all levels. */
function isChecked({ level, what, behaviour }: Plan): boolean {
  // That shows at DATA.
  if (what.includes('shifts its replies')) return false
  const early = Object.keys(behaviour.onSecure ?? {}).every((step) => ASKED.includes(step))
  return early && (level === 'encrypt' || what.startsWith('whose'))
}

describe('a check tells what a delivery does', { concurrency: 8 }, async () => {
  const signers = { trusted: await makeAuthority('Trusted'), unknown: await makeAuthority('Unknown') }
  const cells = await startCells(signers, isChecked)
  let mailbox: SmtpPeer
  let haraka: Haraka
  let context: CheckContext

  before(async () => {
    mailbox = await startPeer()
    haraka = await startHaraka({
      config: trustingConfig(
        signers.trusted,
        Object.fromEntries(LEVELS.map((level) => [`${level}.example`, rulesOf(level)])),
        'handshake_timeout=1500ms\nreply_timeout=1500ms\n',
      ),
      routes: {
        ...Object.fromEntries(
          cells.map(({ domain, peer }) => [domain, [peer.route({ name: `mx.${domain}` })]]),
        ),
        ...Object.fromEntries(LEVELS.map((level) => [`${level}.example`, [mailbox.route()]])),
      },
      // One more try tells what bounced at once from what was put off.
      outbound: { temp_fail_intervals: '5s', connect_timeout: 2 },
    })
    for (const { domain, level } of cells)
      await haraka.send({ from: `ann@${level}.example`, to: `x@${domain}` })
    await haraka.waitForEmptyQueue(120_000)
    const place = { settings: loadSettings(haraka.folder), folder: haraka.folder }
    context = contextAt(place, {
      hostsOf: (domain) => {
        const cell = cells.find((each) => each.domain === domain)
        return Promise.resolve(cell ? [cell.peer.route({ name: `mx.${domain}` })] : [])
      },
      addressesOf: (hosts) => Promise.resolve(hosts),
    })
  })
  after(async () => {
    await haraka.close()
    await mailbox.close()
    for (const { peer } of cells) await peer.close()
  })

  const rulesOf = (level: string) =>
    cells.filter((cell) => cell.level === level).map(({ domain, action }) => ({ to: [domain], action }))

  /** What became of the cell's message, and the class that its bounce tells. */
  function delivery({ domain, peer }: Cell): { verdict: PartnerVerdict; class: string | null } {
    if (peer.messages.length > 0) return { verdict: 'delivered', class: null }
    const bounces = mailbox.messages
      .flatMap(({ data }) => parseBounce(data).recipients)
      .filter((fields) => fields['final-recipient'] === `rfc822; x@${domain}`)
    assert.equal(bounces.length, 1)
    return {
      verdict: attempts(domain) > 1 ? 'not-known' : 'bounced',
      class: bounces[0]?.['x-enforce-tls-result']?.split(' ')[0] ?? null,
    }
  }

  /** Each attempt of a guarded item leaves a line. */
  function attempts(domain: string): number {
    return logPairs(haraka.log).filter(({ kind, mx }) => kind === 'attempt' && mx === `mx.${domain}`).length
  }

  it('of some servers of each kind', () => {
    const verdicts = cells.map((cell) => delivery(cell).verdict)
    for (const verdict of ['delivered', 'bounced', 'not-known'] as const)
      assert.ok(verdicts.filter((each) => each === verdict).length >= 10, verdict)
  })

  for (const cell of cells) {
    const { title, domain, peer, action } = cell
    it(title, async () => {
      const happened = delivery(cell)
      const messages = peer.messages.length
      const requirement = requirementOfAction(action as unknown as RelayWithTls, domain)
      const envelope = { sender: `ann@${cell.level}.example`, recipient: `x@${domain}` }
      const { verdict, hosts } = await checkPartner({ domain, requirement, envelope }, context)
      assert.deepEqual({ verdict, class: hosts[0]?.failure?.class ?? null }, happened, peer.transcript())
      const own = hosts[0]?.levels.find(({ level }) => level === cell.level)
      // A refusal that has nothing to do with TLS leaves the level as it is.
      if (own && happened.class !== null) assert.equal(own.passes, false)
      else if (own && verdict === 'delivered') assert.equal(own.passes, true)
      assert.equal(peer.messages.length, messages)
      assert.deepEqual(peer.cleartextAfterEhlo(), [])
      await peer.waitForSilence()
    })
  }
})
