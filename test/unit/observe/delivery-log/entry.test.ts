import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { DeliveryEvent } from '../../../../plugins/enforce-tls/delivery/delivery-events.js'
import { tlsFailure } from '../../../../plugins/enforce-tls/delivery/outcome.js'
import { entryOf, fromRecord, toRecord } from '../../../../plugins/enforce-tls/observe/delivery-log/entry.js'
import type { Requirement } from '../../../../plugins/enforce-tls/rules/requirement.js'

const requirement: Requirement = {
  level: 'encrypt',
  trusted: false,
  namesHost: false,
  namesAnyOf: [],
  fingerprintsAnyOf: [],
  encrypted: true,
  published: [],
  decidedBy: [{ owner: 'acme.example', id: 'r1', name: 'Mail to First Bank' }],
}
const about = {
  at: Date.parse('2026-11-20T10:00:00Z'),
  uuid: 'U.1',
  sender: 'Ann@ACME.example',
  domain: 'bank.example',
  recipients: ['cfo@bank.example', 'ceo@bank.example'],
  requirement,
}
const EVENTS: readonly DeliveryEvent[] = [
  {
    kind: 'attempt',
    ...about,
    host: 'mx.bank.example',
    to: '192.0.2.25:25',
    source: '192.0.2.1',
    session: null,
    failure: tlsFailure('starttls-refused', 'answered STARTTLS with 554\r\nno'),
  },
  {
    kind: 'outcome',
    ...about,
    host: '',
    to: '',
    result: 'kept',
    session: null,
    failure: null,
    status: null,
  },
  { kind: 'report', ...about, result: 'would-bounce', host: 'mx.bank.example', session: null, failure: null },
  { kind: 'refusal', ...about, sender: '', result: 'refused' },
]

for (const event of EVENTS) {
  it(`of ${event.kind}: comes back from a store as it was, without addresses`, () => {
    const kept = entryOf(event, 'p.1')
    assert.deepEqual(fromRecord(toRecord(kept)), kept)
    assert.doesNotMatch(JSON.stringify(kept), /cfo|ceo|ann@/i)
    assert.equal(kept.recipients, 2)
    assert.equal(kept.from, event.sender === '' ? '' : 'acme.example')
  })
}

it('an attempt has class, status and what was seen, in one line', () => {
  const [attempt] = EVENTS
  assert.ok(attempt)
  const { class: name, status, detail, source } = entryOf(attempt, 'p.1')
  assert.deepEqual(
    [name, status, detail, source],
    ['starttls-refused', '5.7.4', 'answered STARTTLS with 554 no', '192.0.2.1'],
  )
})

it('a session that served another message before says so, and only that one', () => {
  const session = {
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    certificate: undefined,
    resumed: false,
    handshakeTime: 1,
  }
  const [attempt] = EVENTS
  assert.ok(attempt?.kind === 'attempt')
  for (const [reused, said] of [
    [true, 'true'],
    [false, undefined],
  ] as const) {
    const kept = entryOf({ ...attempt, failure: null, session: { ...session, reused } }, 'p.1')
    assert.equal(kept.reused, said)
    assert.deepEqual(fromRecord(toRecord(kept)), kept)
  }
})

const GOOD = toRecord(entryOf(EVENTS[0] as DeliveryEvent, 'p.1'))
for (const [what, broken] of [
  ['without a time', { ...GOOD, at: '' }],
  ['of a time that never was', { ...GOOD, at: '2026-11-99T10:00:00.000Z' }],
  ['of an unknown kind', { ...GOOD, kind: 'rumour' }],
  ['with rules that are no list', { ...GOOD, rules: '{"owner":"*"}' }],
  ['with rules that are no JSON', { ...GOOD, rules: 'r1' }],
  ['with a broken number', { ...GOOD, recipients: 'many' }],
  ['with an unknown result', { ...GOOD, result: 'delivered' }],
  ['with a line break in a domain', { ...GOOD, domain: 'bank.example\nclinic.example' }],
  ['with control characters in a domain', { ...GOOD, from: '\x1b[31macme.example' }],
  ['with control characters in a TLS version', { ...GOOD, protocol: '\x1b[31mTLSv1.3' }],
  ['empty', {}],
] as const) {
  it(`a record ${what} is none`, () => assert.equal(fromRecord(broken), null))
}
