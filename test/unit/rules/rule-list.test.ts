import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatFlaw } from '../../../plugins/enforce-tls/rules/format-problem.js'
import { decide } from '../../../plugins/enforce-tls/rules/decide.js'
import { ownersOf, parseOwner, serviceDomainOf } from '../../../plugins/enforce-tls/rules/owner.js'
import { RuleList } from '../../../plugins/enforce-tls/rules/rule-list.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'

const ON = '{"enabled":true}'
const recipient = { local: 'cfo', domain: 'bank.example' }

function messageTo(to = recipient) {
  return {
    direction: 'outgoing',
    sender: { local: 'ann', domain: 'acme.example' },
    recipient: to,
    now: 0,
  } as const
}

function requirementUnder(lists: readonly RuleList[], to = recipient) {
  return atOnce(decide(lists, messageTo(to))).requirement
}

function rule(
  to: string,
  more: { enabled?: boolean; position?: number; level?: string; minVersion?: string; name?: string } = {},
) {
  const { enabled = true, position = 1, level = 'encrypt', minVersion, name = to } = more
  return JSON.stringify({
    name,
    direction: 'outgoing',
    enabled,
    position,
    criteria: { to: { matchesAny: [to] } },
    actions: { relayWithTls: { level, minVersion } },
  })
}

function list(
  rules: Record<string, string>,
  { owner = 'acme.example', service = ON }: { owner?: string; service?: string | null } = {},
) {
  return atOnce(RuleList.compile({ owner, service, rules: new Map(Object.entries(rules)) }, new Map()))
}

describe('a list of rules', () => {
  it('requires what its matching rule says', () => {
    assert.deepEqual(
      atOnce(list({ r1: rule('bank.example', { name: 'First Bank' }) }).rulingOn(messageTo())).requirement,
      {
        level: 'encrypt',
        trusted: false,
        namesHost: false,
        namesAnyOf: [],
        fingerprintsAnyOf: [],
        encrypted: true,
        published: [],
        decidedBy: [{ owner: 'acme.example', id: 'r1', name: 'First Bank' }],
      },
    )
  })

  it('requires nothing where no rule matches, or the matching one is off', () => {
    assert.equal(atOnce(list({ r1: rule('other.example') }).rulingOn(messageTo())).requirement, null)
    assert.equal(
      atOnce(list({ r1: rule('bank.example', { enabled: false }) }).rulingOn(messageTo())).requirement,
      null,
    )
  })

  it('lets the first match decide: position, then id', () => {
    const ids = (rules: Record<string, string>) => atOnce(list(rules).match(messageTo())).decides?.id
    assert.equal(ids({ a: rule('*', { position: 2 }), b: rule('*', { position: 1 }) }), 'b')
    assert.equal(ids({ b: rule('*'), a: rule('*') }), 'a')
    assert.equal(ids({ a: rule('*', { enabled: false }), b: rule('*', { position: 9 }) }), 'b')
  })

  it('exempts what a rule of level none matches first', () => {
    const rules = { a: rule('cfo@bank.example', { level: 'none' }), b: rule('bank.example', { position: 2 }) }
    assert.equal(atOnce(list(rules).rulingOn(messageTo())).requirement, null)
    assert.equal(
      atOnce(list(rules).rulingOn(messageTo({ local: 'ceo', domain: 'bank.example' }))).requirement?.level,
      'encrypt',
    )
  })

  it('sleeps while the service of its domain is off or unknown', () => {
    const rules = { r1: rule('bank.example') }
    assert.equal(
      atOnce(list(rules, { service: '{"enabled":false}' }).rulingOn(messageTo())).requirement,
      null,
    )
    assert.equal(atOnce(list(rules, { service: null }).rulingOn(messageTo())).requirement, null)
    assert.equal(
      atOnce(list(rules, { owner: 'bob@acme.example', service: null }).rulingOn(messageTo())).requirement,
      null,
    )
  })

  it('of the whole service needs no service', () => {
    assert.equal(
      atOnce(list({ r1: rule('bank.example') }, { owner: '*', service: null }).rulingOn(messageTo()))
        .requirement?.level,
      'encrypt',
    )
  })
})

describe('requirements of several owners', () => {
  it('add up: the strictest version and all deciding rules', () => {
    const requirement = requirementUnder([
      list({ s: rule('*', { minVersion: 'TLSv1.3' }) }, { owner: '*', service: null }),
      list({ d: rule('bank.example', { minVersion: 'TLSv1.2' }) }),
    ])
    assert.equal(requirement?.minVersion, 'TLSv1.3')
    assert.deepEqual(
      requirement.decidedBy.map((by) => by.owner),
      ['*', 'acme.example'],
    )
  })

  it('are not weakened by an exemption of another owner', () => {
    const service = list({ s: rule('*') }, { owner: '*', service: null })
    const tenant = list({ d: rule('bank.example', { level: 'none' }) })
    assert.equal(requirementUnder([service, tenant])?.level, 'encrypt')
  })
})

describe('owners', () => {
  it('of a sender are the service, its domain and itself', () => {
    assert.deepEqual(ownersOf({ local: 'bob', domain: 'acme.example' }), [
      '*',
      'acme.example',
      'bob@acme.example',
    ])
    assert.deepEqual(ownersOf({ local: '', domain: '' }), ['*'])
  })

  it('are normalised', () => {
    assert.deepEqual(parseOwner('ACME.Example'), { owner: 'acme.example' })
    assert.deepEqual(parseOwner('Bob@ACME.Example'), { owner: 'bob@acme.example' })
    assert.deepEqual(parseOwner('*'), { owner: '*' })
  })

  it('that are nonsense are refused with what is expected', () => {
    for (const text of ['', 'acme..', 'a b', 'bob@', 'b*b@acme.example']) {
      const parsed = parseOwner(text)
      assert.ok('problem' in parsed, text)
      assert.match(
        formatFlaw(parsed),
        /expected: (?:\* \(the whole service\), a sending domain, or one sender address|an? domain|an address|the address in full)/,
      )
    }
  })

  it('know the domain whose service wakes them', () => {
    assert.equal(serviceDomainOf('*'), null)
    assert.equal(serviceDomainOf('acme.example'), 'acme.example')
    assert.equal(serviceDomainOf('bob@acme.example'), 'acme.example')
  })
})
