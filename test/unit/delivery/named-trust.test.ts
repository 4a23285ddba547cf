/** What named trusts make of the requirements of one rule and of several: which session is made, or why none. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withTrust } from '../../../plugins/enforce-tls/delivery/named-trust.js'
import { TrustProblem } from '../../../plugins/enforce-tls/delivery/tls/trust-files.js'
import {
  hostDemandKey,
  type HostRequirement,
  type NamedTrust,
} from '../../../plugins/enforce-tls/published/host-requirement.js'
import { addUpAll, requirementOf, type Requirement } from '../../../plugins/enforce-tls/rules/requirement.js'
import type { RelayWithTls } from '../../../plugins/enforce-tls/rules/rule.js'

const TRUSTS: Readonly<Record<string, NamedTrust>> = {
  ca: { name: 'ca', digest: '1', serverName: '', hasAuthorities: true },
  cert: { name: 'cert', digest: '2', serverName: '', hasAuthorities: false },
  named: { name: 'named', digest: '3', serverName: 'real.example', hasAuthorities: false },
}
const trusts = {
  get: (name: string): NamedTrust => {
    const trust = TRUSTS[name]
    if (!trust) throw new TrustProblem('does not exist; add it')
    return trust
  },
}

type Rules = readonly (readonly [level: RelayWithTls['level'], trust?: string])[]

/** Of different owners. */
function sumOf(...rules: Rules): Requirement {
  const sum = addUpAll(
    rules.map(([level, trust], index) =>
      requirementOf({ level, ...(trust === undefined ? {} : { trust }) }, 'bank.example', {
        owner: ['*', 'acme.example', 'ann@acme.example'][index] ?? '',
        id: 'r1',
        name: `Rule ${index + 1}`,
      }),
    ),
  )
  assert.ok(sum)
  return sum
}

const at = (requirement: HostRequirement) => withTrust({ is: 'required', requirement }, trusts)

describe('a requirement with a named trust', () => {
  const FITTING: readonly (readonly [rules: Rules, namesHost: boolean, names: string])[] = [
    [[['verify', 'ca']], true, ''],
    [[['secure', 'ca']], false, 'bank.example .bank.example'],
    [[['encrypt', 'cert']], false, ''],
    [[['fingerprint', 'cert']], false, ''],
    [[['dane', 'cert']], false, ''],
    [[['mta-sts', 'ca']], false, ''],
    [[['published', 'ca']], false, ''],
    [[['verify', 'named']], false, 'real.example'],
    [[['secure', 'named']], false, 'bank.example .bank.example'],
    [[['encrypt', 'named']], false, ''],
    // Rules that ask for the same trust, and rules that do not mind.
    [
      [
        ['encrypt', 'ca'],
        ['verify', 'ca'],
      ],
      true,
      '',
    ],
    [[['encrypt'], ['verify', 'ca']], true, ''],
    [[['dane'], ['verify', 'ca']], true, ''],
    [[['verify'], ['encrypt', 'cert']], true, ''],
    // The MX host's name is wanted by the one, the other name by the other.
    [[['verify'], ['verify', 'named']], true, 'real.example'],
  ]
  for (const [rules, namesHost, names] of FITTING)
    it(`is fulfilled with it: ${JSON.stringify(rules)}`, () => {
      const terms = at(sumOf(...rules))
      assert.equal(terms.is, 'required')
      const { trust, namesHost: found, namesAnyOf } = terms.requirement
      assert.deepEqual(
        [trust?.name, found, namesAnyOf.flat().join(' ')],
        [rules.flatMap(([, name]) => name ?? [])[0], namesHost, names],
      )
    })

  const UNFIT: readonly (readonly [rules: Rules, why: RegExp])[] = [
    [[['verify', 'no']], /trust "no" of rule "Rule 1" of \* cannot be used: does not exist; add it$/],
    [
      [
        ['verify', 'ca'],
        ['verify', 'cert'],
      ],
      /rule "Rule 1" of \* requires trust "ca", rule "Rule 2" of acme\.example trust "cert", and no session has both/,
    ],
    [[['encrypt', 'ca']], /has ca=, but level encrypt does not look at authorities/],
    [[['fingerprint', 'ca']], /has ca=, but level fingerprint does not look at authorities/],
    [[['dane', 'ca']], /has ca=, but level dane does not look at authorities/],
    [[['dane', 'named']], /has server_name=real\.example, but at level dane/],
    [[['mta-sts', 'named']], /has server_name=real\.example, but at level mta-sts/],
    [[['verify', 'named'], ['published']], /has server_name=real\.example, but at level published/],
    [[['verify'], ['verify', 'ca']], /replaces the trusted authorities, but rule "Rule 1" of \* requires/],
    [
      [['secure', 'ca'], ['verify']],
      /replaces the trusted authorities, but rule "Rule 2" of acme\.example requires/,
    ],
    [
      [['verify', 'ca'], ['mta-sts']],
      /replaces the trusted authorities, but rule "Rule 2" of acme\.example requires/,
    ],
    [[['encrypt', 'ca'], ['verify']], /replaces the trusted authorities, but rule "Rule 2"/],
    [
      [['encrypt'], ['verify'], ['verify', 'ca']],
      /but one of the rules "Rule 1" of \*, "Rule 2" of acme\.example requires/,
    ],
  ]
  for (const [rules, why] of UNFIT)
    it(`is not fulfilled without it: ${JSON.stringify(rules)}`, () => {
      const terms = at(sumOf(...rules))
      assert.equal(terms.is, 'failed')
      assert.equal(terms.class, 'trust-unusable')
      assert.match(terms.why, /^was not contacted, because /)
      assert.match(terms.why, why)
    })

  it('has another key with another trust, or with other files of the same', () => {
    const keys = [sumOf(['verify']), sumOf(['verify', 'ca'])].map((requirement) => hostDemandKey(requirement))
    const terms = at(sumOf(['verify', 'ca']))
    assert.ok('requirement' in terms && terms.requirement.trust)
    const { requirement } = terms
    keys.push(hostDemandKey(requirement))
    keys.push(hostDemandKey({ ...requirement, trust: { ...terms.requirement.trust, digest: 'other' } }))
    assert.equal(new Set(keys).size, keys.length)
  })

  it('says nothing where nothing is required', () => {
    const terms = { is: 'free', requirement: sumOf(['mta-sts', 'no']) } as const
    assert.equal(withTrust(terms, trusts), terms)
  })
})
