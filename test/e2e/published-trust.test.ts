/** What partners publish beside a named trust: our certificate, and authorities in the place of the system's. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeAuthority } from '../support/certificates.js'
import { issue, tlsa } from '../support/chains.js'
import { logPairs } from '../support/evidence.js'
import { lowPortsImpossible } from '../support/low-ports.js'
import { policyFor } from '../support/published-world.js'
import { startScriptedWorld } from '../support/scripted-world.js'

const DANE = 'mx.bank.example'
const STS = 'mx.clinic.example'
const SECTIONS = `[trust:certificate]
cert=own.pem
key=own.key
[trust:private]
ca=private-ca.pem
cert=own.pem
key=own.key
`
/** Who sends says which rule it is. */
const RULES = {
  'dane.example': [{ to: ['.example'], action: { level: 'dane', trust: 'certificate' } }],
  'dane-private.example': [{ to: ['.example'], action: { level: 'dane', trust: 'private' } }],
  'dane-bare.example': [{ to: ['.example'], action: { level: 'dane' } }],
  'sts.example': [{ to: ['.example'], action: { level: 'mta-sts', trust: 'private' } }],
  'sts-public.example': [{ to: ['.example'], action: { level: 'mta-sts', trust: 'certificate' } }],
  'published.example': [{ to: ['.example'], action: { level: 'published', trust: 'private' } }],
}

describe('a named trust beside what is published', { skip: lowPortsImpossible() }, () => {
  it('shows our certificate, and its authorities count for MTA-STS and not for DANE', async () => {
    const [ownCa, privateCa, authority] = await Promise.all(
      ['Own CA', 'Private CA', 'Public CA'].map((name) => makeAuthority(name)),
    )
    assert.ok(ownCa && privateCa && authority)
    const own = await ownCa.issue({ dnsNames: ['mail.acme.example'], clientOnly: true })
    const leaf = await issue({ name: DANE, ca: false, names: [DANE] })
    const wantsOurs = { ca: ownCa.cert, requestCert: true, rejectUnauthorized: true }
    await using world = await startScriptedWorld({
      rules: RULES,
      authority,
      hosts: {
        [DANE]: { tls: { key: leaf.keyPem, cert: leaf.pem, ...wantsOurs } },
        [STS]: { tls: { ...(await privateCa.issue({ dnsNames: [STS] })), ...wantsOurs } },
      },
      tlsa: { [DANE]: [tlsa(3, 1, 1, leaf)] },
      policies: { 'clinic.example': policyFor(STS) },
      ini: SECTIONS,
      haraka: {
        config: { 'own.pem': own.cert, 'own.key': own.key, 'private-ca.pem': privateCa.cert },
      },
    })
    const { haraka, peers } = world
    const outcomeOf = async (owner: string, to: string): Promise<string> => {
      const outcomes = () => logPairs(haraka.log).filter(({ kind }) => kind === 'outcome')
      const before = outcomes().length
      await haraka.send({ from: `ann@${owner}`, to })
      await haraka.until(() => outcomes().length > before, 'an outcome')
      const outcome = outcomes()[before]
      return [outcome?.['result'], outcome?.['class'] ?? outcome?.['verified']].join(' ')
    }
    const seen: Record<string, string> = {}
    for (const owner of ['dane.example', 'dane-private.example', 'dane-bare.example', 'published.example'])
      seen[`${owner} to bank`] = await outcomeOf(owner, 'x@bank.example')
    for (const owner of ['sts.example', 'sts-public.example', 'published.example'])
      seen[`${owner} to clinic`] = await outcomeOf(owner, 'x@clinic.example')
    assert.deepEqual(seen, {
      'dane.example to bank': 'delivered dane',
      // DANE asks no authority, so a trust that brings some contradicts the rule.
      'dane-private.example to bank': 'deferred trust-unusable',
      'dane-bare.example to bank': 'deferred handshake-failure',
      'published.example to bank': 'delivered dane',
      'sts.example to clinic': 'delivered chain,host-name,mta-sts',
      'sts-public.example to clinic': 'deferred certificate-not-trusted',
      'published.example to clinic': 'delivered chain,host-name,mta-sts',
    })
    for (const peer of Object.values(peers)) assert.deepEqual(peer.cleartextAfterEhlo(), [])
  })
})
