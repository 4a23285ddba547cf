/** Whatever a message asks for, and whatever policy holds for it: what rules require is required all the same. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isAskedInEarnest, withAsked } from '../../../plugins/enforce-tls/requiretls/ask.js'
import {
  addUp,
  knownByName,
  requirementAtGateway,
  requirementOf,
  type Requirement,
} from '../../../plugins/enforce-tls/rules/requirement.js'
import type { RelayWithTls } from '../../../plugins/enforce-tls/rules/rule.js'
import { REQUIRETLS_POLICIES } from '../../../plugins/enforce-tls/settings/requiretls.js'

const RULE = { owner: 'acme.example', id: 'r1', name: 'Bank' }
const FINGERPRINT = 'AB'.repeat(32)
const ACTIONS: Readonly<Record<string, RelayWithTls>> = {
  encrypt: { level: 'encrypt', minVersion: 'TLSv1.3' },
  fingerprint: { level: 'fingerprint', fingerprints: [FINGERPRINT] },
  verify: { level: 'verify', onFailure: 'defer' },
  'verify with a trust': { level: 'verify', trust: 'partner' },
  secure: { level: 'secure', names: ['.pool.example'] },
  dane: { level: 'dane' },
  'dane where it is published': { level: 'dane', otherwise: 'none' },
  'mta-sts, or else TLS': { level: 'mta-sts', otherwise: 'encrypt' },
  published: { level: 'published' },
  'onward where it is offered': { level: 'encrypt', requireOnward: 'offered' },
  'onward or not at all': { level: 'encrypt', requireOnward: 'must' },
  'through a gateway': { level: 'encrypt', via: 'relay' },
}
const ruled = (action: RelayWithTls): Requirement => requirementOf(action, 'bank.example', RULE)

/** Every demand of the one is in the other. */
function assertHolds(sum: Requirement, rule: Requirement): void {
  const { published } = rule
  for (const key of ['trusted', 'namesHost', 'encrypted'] as const) assert.ok(sum[key] || !rule[key], key)
  for (const key of ['namesAnyOf', 'fingerprintsAnyOf', 'decidedBy'] as const)
    for (const each of rule[key]) assert.ok((sum[key] as readonly unknown[]).includes(each), key)
  const rules = published.filter(({ isOnward }) => !isOnward)
  for (const each of rules) assert.ok(sum.published.includes(each), 'published')
  assert.equal(sum.minVersion, rule.minVersion)
  assert.equal(sum.onFailure, rule.onFailure)
  assert.deepEqual(sum.gateway?.names, rule.gateway?.names)
  assert.deepEqual(
    sum.trusts?.map(({ name }) => name),
    rule.trusts?.map(({ name }) => name),
  )
  if (rule.onward === 'must') assert.equal(sum.onward, 'must')
}

describe('a message that asks for REQUIRETLS relaxes nothing of', () => {
  for (const [what, action] of Object.entries(ACTIONS))
    for (const policy of REQUIRETLS_POLICIES)
      it(`${what}, with policy ${policy}`, () => {
        const rule = ruled(action)
        const sum = withAsked(rule, policy)
        assertHolds(sum, rule)
        assertHolds(knownByName(sum), rule)
        assert.ok(sum.onward)
      })
})

describe('a message that asks for REQUIRETLS requires of itself', () => {
  it('a host found securely and verified, REQUIRETLS, and nothing else, with policy enforce', () => {
    const { onward, encrypted, published } = withAsked(null, 'enforce')
    assert.deepEqual(
      { onward, encrypted, published },
      {
        onward: 'must',
        encrypted: true,
        published: [{ by: 'published', otherwise: 'defer', isOnward: true }],
      },
    )
  })

  it('no second proof of a host that a rule binds to the domain', () => {
    for (const action of [ACTIONS['secure'], ACTIONS['fingerprint']]) {
      const sum = withAsked(action ? ruled(action) : null, 'enforce')
      assert.deepEqual([sum.onward, sum.published], ['must', []])
    }
    // Whoever can name the host can have a certificate for it.
    assert.equal(withAsked(ruled({ level: 'verify' }), 'enforce').published.length, 1)
  })

  it('a certificate for the name of a host that the operator names', () => {
    const { trusted, namesHost, published, onward } = knownByName(withAsked(null, 'enforce'))
    assert.deepEqual([trusted, namesHost, published, onward], [true, true, [], 'must'])
  })

  it('TLS with opportunistic+starttls, nothing with opportunistic, and REQUIRETLS where it is offered', () => {
    const [tls, nothing] = [withAsked(null, 'opportunistic+starttls'), withAsked(null, 'opportunistic')]
    assert.deepEqual([tls.encrypted, tls.published, tls.onward], [true, [], 'offered'])
    assert.deepEqual([nothing.encrypted, nothing.published, nothing.onward], [false, [], 'offered'])
  })

  it('the same of a gateway, whose name is verified anyway', () => {
    const sum = withAsked(ruled({ level: 'encrypt', via: 'relay' }), 'enforce')
    assert.ok(sum.gateway)
    const atGateway = requirementAtGateway(sum, sum.gateway)
    const { onward, trusted, namesHost, published } = atGateway
    assert.deepEqual([onward, trusted, namesHost, published], ['must', true, true, []])
  })

  it('and is told from a rule that requires the same', () => {
    assert.ok(isAskedInEarnest(withAsked(null, 'enforce')))
    assert.ok(isAskedInEarnest(withAsked(ruled({ level: 'encrypt' }), 'enforce')))
    assert.ok(!isAskedInEarnest(withAsked(null, 'opportunistic')))
    assert.ok(!isAskedInEarnest(ruled({ level: 'encrypt', requireOnward: 'must' })))
  })
})

it('of two demands for REQUIRETLS the stricter one holds', () => {
  const [offered, must] = [
    ruled({ level: 'encrypt', requireOnward: 'offered' }),
    ruled({ level: 'encrypt', requireOnward: 'must' }),
  ]
  for (const [a, b] of [
    [offered, must],
    [must, offered],
    [must, ruled({ level: 'encrypt' })],
  ] as const)
    assert.equal(addUp(a, b)?.onward, 'must')
  assert.equal(addUp(ruled({ level: 'encrypt' }), offered)?.onward, 'offered')
})
