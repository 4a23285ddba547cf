/** Which policy holds for a message with REQUIRETLS, by where it goes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HarakaMx } from '../../../plugins/enforce-tls/haraka/types.js'
import { policyForDomain, policyForHosts } from '../../../plugins/enforce-tls/requiretls/policy.js'
import type { RequireTlsPolicy } from '../../../plugins/enforce-tls/settings/requiretls.js'
import { toSettings } from '../../../plugins/enforce-tls/settings/schema.js'

const { requiretls: settings } = toSettings({
  requiretls: {
    policy: 'enforce',
    policy_for: [
      'bank.example opportunistic',
      '.bank.example opportunistic+starttls',
      'bücher.example opportunistic',
      '192.0.2.0/24 enforce',
      'own.example enforce',
    ],
  },
})
const context = { settings, own: ['mta.acme.example', 'acme.example', 'own.example'] }

describe('the policy for a domain', () => {
  const rows: readonly (readonly [domain: string, policy: RequireTlsPolicy])[] = [
    ['bank.example', 'opportunistic'],
    ['BANK.example.', 'opportunistic'],
    ['mx.bank.example', 'opportunistic+starttls'],
    ['notbank.example', 'enforce'],
    ['xn--bcher-kva.example', 'opportunistic'],
    // Internal as a rule, as Postfix has it.
    ['acme.example', 'opportunistic'],
    ['sub.acme.example', 'enforce'],
    ['localhost', 'opportunistic'],
    ['[127.0.0.1]', 'opportunistic'],
    ['[10.1.2.3]', 'opportunistic'],
    ['[172.16.0.1]', 'opportunistic'],
    ['[172.31.255.255]', 'opportunistic'],
    ['[192.168.7.7]', 'opportunistic'],
    ['[169.254.1.1]', 'opportunistic'],
    ['[IPv6:::1]', 'opportunistic'],
    ['[IPv6:fd00::7]', 'opportunistic'],
    ['[IPv6:fe80::7]', 'opportunistic'],
    ['[IPv6:::ffff:10.1.2.3]', 'opportunistic'],
    // Other than there, an address that others can have is none.
    ['[198.51.100.7]', 'enforce'],
    ['[172.32.0.1]', 'enforce'],
    ['[100.64.0.1]', 'enforce'],
    ['[IPv6:2001:db8::7]', 'enforce'],
    ['[IPv6:::ffff:198.51.100.7]', 'enforce'],
    // A line of the settings goes before that.
    ['[192.0.2.7]', 'enforce'],
    ['own.example', 'enforce'],
    ['', 'enforce'],
  ]
  for (const [domain, policy] of rows)
    it(`${domain === '' ? 'of nothing' : domain} is ${policy}`, () =>
      assert.equal(policyForDomain(domain, context), policy))
})

describe('the policy for hosts that a plugin names', () => {
  const rows: readonly (readonly [what: string, hosts: readonly HarakaMx[], policy: RequireTlsPolicy])[] = [
    ['a name', [{ exchange: 'mx.bank.example' }], 'opportunistic+starttls'],
    [
      'an address that came from a name',
      [{ exchange: '127.0.0.1', from_dns: 'mx.other.example' }],
      'enforce',
    ],
    ['an address', [{ exchange: '127.0.0.1' }], 'opportunistic'],
    ['a public address', [{ exchange: '198.51.100.7' }], 'enforce'],
    ['an address of a line', [{ exchange: '192.0.2.9' }], 'enforce'],
    ['a socket', [{ path: '/run/lmtp' }], 'opportunistic'],
    ['LMTP', [{ exchange: 'mx.other.example', using_lmtp: true }], 'opportunistic'],
    ['several, by the strictest', [{ exchange: '127.0.0.1' }, { exchange: 'mx.other.example' }], 'enforce'],
    ['none', [], 'enforce'],
  ]
  for (const [what, hosts, policy] of rows)
    it(`${what}: ${policy}`, () => assert.equal(policyForHosts(hosts, 'enforce', context), policy))
})

describe('a line of policy_for', () => {
  for (const line of [
    'bank.example',
    'bank.example may',
    'bank.example enforce x',
    '*.bank.example enforce',
    '192.0.2.0/33 enforce',
    'enforce',
  ])
    it(`${line} is refused`, () =>
      assert.throws(() => toSettings({ requiretls: { policy_for: [line] } }), /\[requiretls\] policy_for/))
})
