/** Gateways in rules: what a rule may say, and what several rules come to. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkAction } from '../../../plugins/enforce-tls/rules/action.js'
import {
  addUp,
  demandKey,
  requirementAtGateway,
  requirementOf,
  type Requirement,
} from '../../../plugins/enforce-tls/rules/requirement.js'
import type { RelayWithTls } from '../../../plugins/enforce-tls/rules/rule.js'
import { formatRequirement } from '../../../plugins/enforce-tls/admin/format-requirement.js'

const REROUTE: RelayWithTls = { level: 'encrypt', onFailure: 'reroute', via: 'relay' }
const VIA: RelayWithTls = { level: 'encrypt', via: 'relay' }
const of = (action: RelayWithTls, owner = '*'): Requirement =>
  requirementOf(action, 'bank.example', { owner, id: 'r1', name: 'Bank' })
const sum = (...actions: readonly RelayWithTls[]): Requirement => {
  const total = actions.map((each) => of(each)).reduce<Requirement | null>(addUp, null)
  assert.ok(total)
  return total
}

describe('the gateway of a rule', () => {
  for (const action of [REROUTE, VIA, { ...VIA, onFailure: 'defer' }, { ...VIA, level: 'secure' }] as const)
    it(`${JSON.stringify(action)} is taken as it is`, () =>
      assert.deepEqual(checkAction(action, 'outgoing'), action))

  for (const [action, direction, field, problem] of [
    [{ level: 'encrypt', onFailure: 'reroute' }, 'outgoing', 'via', /onFailure reroute needs the gateway/],
    [{ level: 'none', via: 'relay' }, 'outgoing', 'via', /has no meaning at level none/],
    [{ level: 'encrypt', via: 'The Relay' }, 'outgoing', 'via', /is not a gateway name/],
    [{ level: 'encrypt', via: 'relay' }, 'incoming', 'via', /has no meaning for incoming mail/],
  ] as const)
    it(`${JSON.stringify(action)} is refused (${direction})`, () => {
      const checked = checkAction(action, direction)
      assert.ok('problem' in checked)
      assert.equal(checked.field, `actions.relayWithTls.${field}`)
      assert.match(checked.problem, problem)
    })
})

describe('gateways of several rules', () => {
  it('all mail goes through it as soon as one rule says so', () => {
    assert.equal(sum(REROUTE).gateway?.always, false)
    assert.equal(sum(REROUTE, VIA).gateway?.always, true)
    assert.deepEqual(sum(REROUTE, VIA).gateway?.names, ['relay'])
  })

  it('two different ones stay two', () =>
    assert.deepEqual(sum(VIA, { ...REROUTE, via: 'other' }).gateway?.names, ['relay', 'other']))

  it('what the rules with a gateway demand of the recipients’ servers is not for the gateway', () => {
    const pinned: RelayWithTls = { ...REROUTE, level: 'fingerprint', fingerprints: ['AA'] }
    const total = sum(pinned, { ...VIA, level: 'dane' })
    assert.ok(total.gateway)
    const { level, trusted, namesHost, fingerprintsAnyOf, published } = requirementAtGateway(
      total,
      total.gateway,
    )
    assert.deepEqual(
      [level, trusted, namesHost, fingerprintsAnyOf, published],
      ['verify', true, true, [], []],
    )
  })

  it('what the others demand holds there too, and the lowest TLS version of all', () => {
    const total = sum(
      { ...VIA, minVersion: 'TLSv1.3' },
      { level: 'secure' },
      { level: 'fingerprint', fingerprints: ['AA'] },
      { level: 'dane' },
    )
    assert.ok(total.gateway)
    const at = requirementAtGateway(total, total.gateway)
    assert.equal(at.minVersion, 'TLSv1.3')
    assert.deepEqual(at.namesAnyOf, [['bank.example', '.bank.example']])
    assert.deepEqual(at.fingerprintsAnyOf, [['AA']])
    assert.equal(at.published.length, 1)
    assert.ok(at.trusted && at.namesHost)
    assert.equal(at.gateway, undefined)
    assert.equal(at.decidedBy.length, 4)
  })

  it('in whatever order they add up', () => {
    const [a, b, c] = [of(VIA), of({ level: 'secure' }), of({ level: 'verify', minVersion: 'TLSv1.3' })]
    const left = addUp(addUp(a, b), c)
    const right = addUp(a, addUp(b, c))
    assert.ok(left?.gateway && right?.gateway)
    assert.equal(
      demandKey(requirementAtGateway(left, left.gateway)),
      demandKey(requirementAtGateway(right, right.gateway)),
    )
  })

  it('make a demand of its own, so that nobody shares a round with another gateway', () => {
    const keys = [{ level: 'encrypt' } as const, REROUTE, VIA, { ...VIA, via: 'other' }].map((action) =>
      demandKey(of(action)),
    )
    assert.equal(new Set(keys).size, keys.length)
  })

  for (const [words, actions, onFailure] of [
    ['a narrower bounce', [REROUTE, { level: 'encrypt', onFailure: 'bounce' }], 'bounce'],
    ['a narrower defer', [REROUTE, { level: 'encrypt', onFailure: 'defer' }], 'defer'],
    ['a wider bounce', [{ level: 'encrypt', onFailure: 'bounce' }, REROUTE], 'bounce'],
    ['any of three', [REROUTE, REROUTE, { level: 'encrypt', onFailure: 'defer' }], 'defer'],
    [
      'the wider of two others',
      [{ level: 'encrypt', onFailure: 'defer' }, REROUTE, { level: 'encrypt', onFailure: 'bounce' }],
      'defer',
    ],
    ['nothing where the other rule says nothing', [REROUTE, { level: 'verify' }], 'reroute'],
    ['nothing where both allow it', [REROUTE, REROUTE], 'reroute'],
  ] as const satisfies readonly (readonly [string, readonly RelayWithTls[], string])[])
    it(`rerouting yields to ${words}`, () => {
      assert.equal(sum(...actions).onFailure, onFailure)
      const [first, ...rest] = actions.map((each) => of(each))
      const byTheRight = rest.reduceRight<Requirement | null>((right, each) => addUp(each, right), null)
      assert.equal(addUp(first ?? null, byTheRight)?.onFailure, onFailure)
    })

  it('is said in words', () => {
    assert.match(
      formatRequirement(sum(REROUTE)),
      /, and where no server .* fulfils that, it goes through the gateway "relay" instead$/,
    )
    assert.match(formatRequirement(sum(VIA)), /all of it goes through the gateway "relay"/)
    assert.match(formatRequirement(sum(VIA, { ...VIA, via: 'other' })), /it waits, because it cannot/)
    assert.match(
      formatRequirement(sum({ level: 'encrypt', onFailure: 'bounce' }, REROUTE)),
      /bounce on failure, because one of the rules says so, and never through the gateway "relay"$/,
    )
  })
})
