import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatProblem } from '../../../plugins/enforce-tls/rules/format-problem.js'
import { checkRule, parseRule } from '../../../plugins/enforce-tls/rules/check-rule.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'

const GOOD = {
  name: 'Enforced TLS to First Bank',
  direction: 'outgoing',
  enabled: false,
  position: 1,
  criteria: { to: { matchesAny: ['bank.example', 'cfo@partner.example'] } },
  actions: { relayWithTls: { level: 'encrypt' } },
}

describe('a rule', () => {
  it('is good as design and documentation show it', () => {
    assert.deepEqual(atOnce(checkRule(GOOD)), { rule: GOOD })
  })

  it('has its patterns normalised and without duplicates', () => {
    const checked = atOnce(
      checkRule({
        ...GOOD,
        criteria: { to: { matchesAny: ['BANK.example', 'bank.example', 'Bücher.example'] } },
      }),
    )
    assert.ok('rule' in checked)
    assert.deepEqual(checked.rule.criteria.to?.matchesAny, ['bank.example', 'xn--bcher-kva.example'])
  })

  it('may say what happens on failure', () => {
    const rule = { ...GOOD, actions: { relayWithTls: { level: 'encrypt', onFailure: 'defer' } } }
    assert.deepEqual(atOnce(checkRule(rule)), { rule })
  })

  for (const level of ['dane', 'mta-sts', 'published'])
    it(`may say at level ${level} what holds where nothing is published`, () => {
      for (const otherwise of ['defer', 'encrypt', 'none', undefined]) {
        const rule = {
          ...GOOD,
          actions: { relayWithTls: { level, ...(otherwise ? { otherwise } : {}), onFailure: 'defer' } },
        }
        assert.deepEqual(atOnce(checkRule(rule)), { rule })
      }
    })

  it('may have a minimum version', () => {
    const checked = atOnce(
      checkRule({
        ...GOOD,
        actions: { relayWithTls: { level: 'encrypt', minVersion: 'TLSv1.3' } },
      }),
    )
    assert.ok('rule' in checked)
    assert.equal(checked.rule.actions.relayWithTls?.minVersion, 'TLSv1.3')
  })

  for (const mode of ['enforce', 'report'])
    it(`may be off without an action, in mode ${mode}`, () => {
      const rule = { ...GOOD, mode, actions: {} }
      assert.deepEqual(atOnce(checkRule(rule)), { rule })
      assert.equal('problem' in atOnce(checkRule({ ...rule, enabled: true })), true)
    })

  const to = (matchesAny: unknown) => ({ ...GOOD, criteria: { to: { matchesAny } } })
  const action = (relayWithTls: unknown) => ({ ...GOOD, actions: { relayWithTls } })
  const bad: readonly (readonly [string, unknown, string])[] = [
    ['not an object', [], '[] is not of type object'],
    ['null', null, 'null is not of type object'],
    ['without a name', { ...GOOD, name: undefined }, 'field name: is missing'],
    ['with an empty name', { ...GOOD, name: '' }, 'field name: is empty'],
    ['with a name of spaces', { ...GOOD, name: '  ' }, 'field name: is only white space; expected: a name'],
    [
      'with a line break in its name',
      { ...GOOD, name: 'a\nb' },
      'field name: "a\\nb" contains a control character or a line break',
    ],
    ['with a numeric name', { ...GOOD, name: 7 }, 'field name: 7 is not of type string'],
    [
      'with an unknown field',
      { ...GOOD, colour: 1 },
      'field colour: is unknown; known here: name, comment, direction, enabled, mode, position, startsAt, expiresAt, criteria, actions',
    ],
    [
      'with another direction',
      { ...GOOD, direction: 'up' },
      'field direction: "up" is not one of outgoing, incoming',
    ],
    ['with a text for enabled', { ...GOOD, enabled: 'yes' }, 'field enabled: "yes" is not of type boolean'],
    ['with position 0', { ...GOOD, position: 0 }, 'field position: 0 must be >= 1'],
    ['with half a position', { ...GOOD, position: 1.5 }, 'field position: 1.5 is not of type integer'],
    [
      'without criteria',
      { ...GOOD, criteria: {} },
      'field criteria.to: is missing; expected: at least one of to, from, subject, header',
    ],
    [
      'with an empty list',
      to([]),
      'field criteria.to.matchesAny: is an empty list; expected: at least one value',
    ],
    ['with an empty pattern', to(['']), 'field criteria.to.matchesAny[0]: is empty'],
    [
      'with a bad second pattern',
      to(['bank.example', 'bank..example']),
      'field criteria.to.matchesAny[1]: "bank..example" has an empty label (two dots in a row, or a dot in front); write bank.example for the domain, .bank.example for its subdomains',
    ],
    [
      'with an unknown level',
      action({ level: 'tls' }),
      'field actions.relayWithTls.level: "tls" is not one of none, encrypt, fingerprint, verify, secure, dane, mta-sts, published',
    ],
    [
      'with an old version',
      action({ level: 'encrypt', minVersion: 'TLSv1.0' }),
      'field actions.relayWithTls.minVersion: "TLSv1.0" is not one of TLSv1.2, TLSv1.3',
    ],
    [
      'without an action, and on',
      { ...GOOD, enabled: true, actions: {} },
      'field actions.relayWithTls: is missing; expected: an action, such as { "level": "encrypt" }, before the rule is switched on',
    ],
  ]
  for (const [what, value, problem] of bad) {
    it(`${what} is refused with field, value and what is expected`, () => {
      const checked = atOnce(checkRule(value))
      assert.ok(!('rule' in checked))
      assert.equal(formatProblem(checked), problem)
    })
  }

  for (const [what, relayWithTls, problem] of [
    [
      'names at level verify',
      { level: 'verify', names: ['mx.bank.example'] },
      'field actions.relayWithTls.names: has no meaning at level verify; it is for level secure',
    ],
    [
      'a bad name',
      { level: 'secure', names: ['bank..example'] },
      'field actions.relayWithTls.names[0]: "bank..example" has an empty label (two dots in a row, or a dot in front); write bank.example for the domain, .bank.example for its subdomains',
    ],
    [
      'level fingerprint without any',
      { level: 'fingerprint' },
      'field actions.relayWithTls.fingerprints: is missing; level fingerprint needs at least one',
    ],
    [
      'a fingerprint of another hash',
      { level: 'fingerprint', fingerprints: ['AA:BB'] },
      'field actions.relayWithTls.fingerprints[0]: "AA:BB" is no SHA-256 fingerprint; expected: 64 hexadecimal digits, with or without colons',
    ],
    [
      'fingerprints at level encrypt',
      { level: 'encrypt', fingerprints: ['ab'.repeat(32)] },
      'field actions.relayWithTls.fingerprints: has no meaning at level encrypt; it is for level fingerprint',
    ],
    [
      'another otherwise',
      { level: 'dane', otherwise: 'bounce' },
      'field actions.relayWithTls.otherwise: "bounce" is not one of defer, encrypt, none',
    ],
    [
      'otherwise at level verify',
      { level: 'verify', otherwise: 'none' },
      'field actions.relayWithTls.otherwise: has no meaning at level verify; it is for levels dane, mta-sts and published',
    ],
    [
      'otherwise at level none',
      { level: 'none', otherwise: 'encrypt' },
      'field actions.relayWithTls.otherwise: has no meaning at level none; it is for levels dane, mta-sts and published',
    ],
    [
      'names at level dane',
      { level: 'dane', names: ['mx.bank.example'] },
      'field actions.relayWithTls.names: has no meaning at level dane; it is for level secure',
    ],
    [
      'level dane-only, which only the command knows',
      { level: 'dane-only' },
      'field actions.relayWithTls.level: "dane-only" is not one of none, encrypt, fingerprint, verify, secure, dane, mta-sts, published',
    ],
    [
      'an unknown way to fail',
      { level: 'encrypt', onFailure: 'drop' },
      'field actions.relayWithTls.onFailure: "drop" is not one of bounce, defer, reroute',
    ],
  ] as const) {
    it(`with ${what} is refused`, () => {
      const checked = atOnce(checkRule(action(relayWithTls)))
      assert.ok(!('rule' in checked))
      assert.equal(formatProblem(checked), problem)
    })
  }

  it('has its fingerprints in the spelling of openssl', () => {
    const checked = atOnce(checkRule(action({ level: 'fingerprint', fingerprints: ['ab'.repeat(32)] })))
    assert.ok('rule' in checked)
    assert.deepEqual(checked.rule.actions.relayWithTls?.fingerprints, [Array(32).fill('AB').join(':')])
  })

  it('of a megabyte is refused without repeating it', () => {
    const checked = atOnce(checkRule({ ...GOOD, name: 'x'.repeat(1_000_000) }))
    assert.ok(!('rule' in checked))
    assert.ok(checked.problem.length < 200)
  })

  it('that is no JSON says so', () => {
    const checked = atOnce(parseRule('{"name":'))
    assert.ok(!('rule' in checked))
    assert.match(checked.problem, /^is not JSON: /)
  })

  it('can bring no prototype along', () => {
    const checked = atOnce(parseRule(JSON.stringify(GOOD).replace('{', '{"__proto__":{"enabled":true},')))
    assert.ok(!('rule' in checked))
    assert.match(checked.field, /__proto__/)
  })
})
