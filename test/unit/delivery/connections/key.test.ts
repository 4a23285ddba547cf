import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { connectionKey, isInternational } from '../../../../plugins/enforce-tls/delivery/connections/key.js'
import type { HarakaMailItem, HarakaMx } from '../../../../plugins/enforce-tls/haraka/types.js'
import type { Requirement } from '../../../../plugins/enforce-tls/rules/requirement.js'
import type { Gateway } from '../../../../plugins/enforce-tls/settings/gateways.js'
import { fakeAddress } from '../../../support/fake-haraka.js'
import { required } from '../../../support/guarded-delivery.js'

const MX: HarakaMx = { exchange: '192.0.2.25', port: 25, priority: 10, from_dns: 'mx.bank.example' }

const GATEWAY: Gateway = {
  name: 'relay',
  host: 'mx.bank.example',
  port: 25,
  implicitTls: false,
  login: null,
  trust: null,
}

interface Case {
  readonly mx?: Readonly<Record<string, unknown>>
  readonly notes?: Readonly<Record<string, unknown>>
  readonly requirement?: Partial<Requirement>
  readonly me?: string
  readonly gateway?: Gateway | null
}

function key({
  mx = {},
  notes = {},
  requirement = {},
  me = 'mta.acme.example',
  gateway = null,
}: Case): string {
  const item = { todo: { notes } } as unknown as HarakaMailItem
  return connectionKey(item, { ...MX, ...mx }, { ...required(), ...requirement }, { me, gateway })
}

/** No two of them may share a connection. */
const DIFFERENT: Readonly<Record<string, Case>> = {
  'nothing special': {},
  'another host name': { mx: { from_dns: 'mx2.bank.example' } },
  'no host name': { mx: { from_dns: undefined } },
  'another address': { mx: { exchange: '192.0.2.26' } },
  'an address of IPv6': { mx: { exchange: '2001:db8::25' } },
  'another port': { mx: { port: 26 } },
  'a socket': { mx: { path: '/run/smtp' } },
  'another socket': { mx: { path: '/run/other' } },
  LMTP: { mx: { using_lmtp: true } },
  'a local address': { mx: { bind: '192.0.2.1' } },
  'another local address': { mx: { bind: '192.0.2.2' } },
  'a local address in a note': { notes: { outbound_ip: '192.0.2.3' } },
  'an EHLO name': { mx: { bind_helo: 'one.acme.example' } },
  'an EHLO name in a note': { notes: { outbound_helo: 'two.acme.example' } },
  'another name of this server': { me: 'mta2.acme.example' },
  'a login': { mx: { auth_user: 'ann', auth_pass: 'x' } },
  'another login': { mx: { auth_user: 'bob', auth_pass: 'x' } },
  'another password': { mx: { auth_user: 'ann', auth_pass: 'y' } },
  'another way to log in': { mx: { auth_user: 'ann', auth_pass: 'x', auth_type: 'PLAIN' } },
  'a gateway': { gateway: GATEWAY },
  'a gateway with a login': { gateway: { ...GATEWAY, login: { user: 'ann', password: 'x' } } },
  'a gateway with another login': { gateway: { ...GATEWAY, login: { user: 'ann', password: 'y' } } },
  'a gateway with TLS first': { gateway: { ...GATEWAY, implicitTls: true } },
  'another level': { requirement: { level: 'verify' } },
  'a chain': { requirement: { trusted: true } },
  'the host’s name': { requirement: { namesHost: true } },
  'a name': { requirement: { namesAnyOf: [['bank.example']] } },
  'another name': { requirement: { namesAnyOf: [['branch.example']] } },
  'one of two names': { requirement: { namesAnyOf: [['bank.example', 'branch.example']] } },
  'two names': { requirement: { namesAnyOf: [['bank.example'], ['branch.example']] } },
  'a pin': { requirement: { fingerprintsAnyOf: [['AA']] } },
  'another pin': { requirement: { fingerprintsAnyOf: [['BB']] } },
  'a minimum version': { requirement: { minVersion: 'TLSv1.3' } },
}

/** Alike, in spite of what differs. */
const ALIKE: Readonly<Record<string, readonly [Case, Case]>> = {
  'the case of the host’s name': [{}, { mx: { from_dns: 'MX.Bank.example' } }],
  'the priority': [{}, { mx: { priority: 99 } }],
  'the default port': [{}, { mx: { port: undefined } }],
  'the rules it comes from': [
    {},
    { requirement: { decidedBy: [{ owner: '*', id: 'r9', name: 'Other' }], onFailure: 'defer' } },
  ],
  // As Haraka takes them.
  'an empty local address': [{}, { mx: { bind: '' } }],
  'an empty local address beside a note': [
    { mx: { bind: '' }, notes: { outbound_ip: '192.0.2.3' } },
    { mx: { bind: '192.0.2.3' } },
  ],
  'a local address that outweighs the note': [
    { mx: { bind: '192.0.2.1' }, notes: { outbound_ip: '192.0.2.3' } },
    { mx: { bind: '192.0.2.1' } },
  ],
  'a note that outweighs the EHLO name': [
    { mx: { bind_helo: 'one.acme.example' }, notes: { outbound_helo: 'two.acme.example' } },
    { notes: { outbound_helo: 'two.acme.example' } },
  ],
  'an empty note about EHLO': [{}, { notes: { outbound_helo: '' } }],
}

describe('the key of a connection', () => {
  const keys = new Map<string, string>()
  for (const [what, differs] of Object.entries(DIFFERENT))
    it(`is another one with ${what}`, () => {
      const made = key(differs)
      assert.equal(keys.get(made), undefined)
      keys.set(made, what)
    })

  for (const [what, [one, other]] of Object.entries(ALIKE))
    it(`does not depend on ${what}`, () => assert.equal(key(one), key(other)))
})

describe('an envelope needs SMTPUTF8', () => {
  const ann = fakeAddress('ann@acme.example')
  for (const [what, expected, from, to] of [
    ['of ASCII', false, ann, ann],
    ['from nobody', false, fakeAddress(''), ann],
    ['with a sender that is not ASCII', true, fakeAddress('jürgen@acme.example'), ann],
    ['with a recipient that is not ASCII', true, ann, fakeAddress('jürgen@bank.example')],
    ['with a domain that is not ASCII', true, ann, fakeAddress('x@bücher.example')],
    [
      'with a domain that was not ASCII',
      true,
      ann,
      { ...fakeAddress('x@xn--bcher-kva.example'), original_host: 'bücher.example' },
    ],
  ] as const)
    it(`${what}: ${expected ? 'yes' : 'no'}`, () => {
      const item = { todo: { mail_from: from, rcpt_to: [ann, to] } } as unknown as HarakaMailItem
      assert.equal(isInternational(item), expected)
    })
})
