/** What is accepted is stored, and read as the very same thing: for every field, whatever is written there. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { comparable } from '../../../plugins/enforce-tls/haraka/address.js'
import type { HarakaAddress } from '../../../plugins/enforce-tls/haraka/types.js'
import { formatAddress, parseAddress, parseDomain } from '../../../plugins/enforce-tls/rules/address.js'
import { checkGroup, parseGroup } from '../../../plugins/enforce-tls/rules/group.js'
import { ownersOf, parseOwner } from '../../../plugins/enforce-tls/rules/owner.js'
import { compilePatterns, parsePattern } from '../../../plugins/enforce-tls/rules/pattern.js'
import { checkRule, parseRule } from '../../../plugins/enforce-tls/rules/check-rule.js'
import {
  ruleChanges,
  namedChange,
  type EntryChange,
} from '../../../plugins/enforce-tls/store/entry-change.js'
import { readingBack } from '../../../plugins/enforce-tls/store/reads-back.js'
import {
  emptyDocument,
  formatDocument,
  parseDocument,
} from '../../../plugins/enforce-tls/store/rules-document.js'
import { harakaRoot } from '../../support/repository.js'
import { oddPattern, oddText, quotedLocal } from '../../support/odd-text.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'

const readBackProblem = (change: Parameters<typeof readingBack>[0]) => atOnce(readingBack(change))

const RUNS = { numRuns: 5000 }

/** Haraka's own parser of envelope addresses. */
const { Address } = createRequire(path.join(harakaRoot(), 'package.json'))('@haraka/email-address') as {
  Address: new (text: string) => HarakaAddress
}

describe('what is accepted reads back as the same', () => {
  it('as a pattern', () => {
    fc.assert(
      fc.property(oddPattern, (text) => {
        const parsed = parsePattern(text)
        if ('problem' in parsed) return
        assert.deepEqual(parsePattern(parsed.pattern), parsed)
        assert.deepEqual(atOnce(parseGroup(JSON.stringify([parsed.pattern]))), { patterns: [parsed.pattern] })
      }),
      { ...RUNS, examples: [['J\u030c@bank.example'], ['ΑΣ.Σ@bank.example'], ['\u212a@bank.example']] },
    )
  })

  it('as an owner, whose key is the text itself', () => {
    fc.assert(
      fc.property(oddPattern, (text) => {
        const parsed = parseOwner(text)
        if ('problem' in parsed) return
        assert.deepEqual(parseOwner(parsed.owner), parsed)
        assert.equal(Buffer.from(parsed.owner).toString(), parsed.owner)
      }),
      RUNS,
    )
  })

  it('as an address, and as a domain', () => {
    fc.assert(
      fc.property(oddPattern, (text) => {
        const address = parseAddress(text)
        if ('address' in address) assert.deepEqual(parseAddress(formatAddress(address.address)), address)
        const domain = parseDomain(text)
        if ('domain' in domain) assert.deepEqual(parseDomain(domain.domain), domain)
      }),
      RUNS,
    )
  })

  it('with the longest names that there can be', () => {
    const domain = `${Array(4).fill('a'.repeat(61)).join('.')}.b`
    const longest = `"${'\\"'.repeat(64)}"@${domain}`
    assert.deepEqual(parsePattern(longest), { pattern: longest })
    for (const list of ['to', 'from'] as const)
      assert.ok('rule' in atOnce(checkRule({ ...RULE, criteria: { [list]: { matchesAny: [longest] } } })))
    assert.deepEqual(atOnce(checkGroup([longest])), { patterns: [longest] })
  })
})

const RULE = {
  name: 'Bank',
  direction: 'outgoing',
  enabled: true,
  position: 1,
  criteria: { to: { matchesAny: ['bank.example'] } },
  actions: { relayWithTls: { level: 'encrypt' } },
}

const some = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: 1, maxLength: 3 })
const optional = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { requiredKeys: [] })
const patterns = optional({ matchesAny: some(oddPattern), matchesNone: some(oddPattern) })
const words = fc.oneof(
  oddText(10, 1),
  oddText(6, 1).map((text) => `/${text}/i`),
  fc.constantFrom('secret', '/inv[oö]ice/i', 'ΣΟΦΟΣ'),
)
const texts = { matchesAny: some(words), matchesNone: some(words) }
const time = fc.constantFrom(
  '2026-01-31T08:00:00Z',
  '2026-01-31T08:00:00.123456789+01:00',
  '2030-12-31T23:59:59-23:59',
)
const actions = fc.oneof(
  fc.record(
    {
      level: fc.constantFrom('none', 'encrypt', 'verify'),
      minVersion: fc.constantFrom('TLSv1.2', 'TLSv1.3'),
      onFailure: fc.constantFrom('bounce', 'defer'),
    },
    { requiredKeys: ['level'] },
  ),
  fc.record(
    {
      level: fc.constantFrom('dane', 'mta-sts', 'published'),
      otherwise: fc.constantFrom('defer', 'encrypt', 'none'),
      onFailure: fc.constantFrom('bounce', 'defer'),
      requireOnward: fc.constantFrom('offered', 'must'),
    },
    { requiredKeys: ['level'] },
  ),
  fc.record({ level: fc.constant('secure'), names: some(oddPattern) }, { requiredKeys: ['level'] }),
  fc.record({
    level: fc.constant('fingerprint'),
    fingerprints: some(fc.stringMatching(/^(?:[0-9a-fA-F]{2}:?){32}$/)),
  }),
)
const rule = fc.record(
  {
    name: oddText(12, 1).map((text) => `Bank ${text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '')}`),
    comment: oddText(12, 1),
    direction: fc.constantFrom('outgoing', 'incoming'),
    enabled: fc.boolean(),
    mode: fc.constantFrom('enforce', 'report'),
    position: fc.oneof(fc.integer({ min: 1, max: 1_000_000_000 }), fc.constantFrom(0.5, -0, 1e9, 1e21, NaN)),
    startsAt: time,
    expiresAt: time,
    criteria: optional({
      to: patterns,
      from: patterns,
      subject: optional(texts),
      header: some(
        fc.record(
          { name: fc.oneof(fc.constant('X-Class'), oddText(4, 1)), ...texts },
          { requiredKeys: ['name'] },
        ),
      ),
    }),
    actions: actions.map((relayWithTls) => ({ relayWithTls })),
  },
  { requiredKeys: ['name', 'direction', 'enabled', 'position', 'criteria', 'actions'] },
)

/** The rule with only those values in its lists that are valid there: else hardly any rule were accepted. */
function accepted(value: unknown): object | null {
  const pruned = structuredClone(value)
  for (let tries = 0; tries < 40; tries++) {
    const checked = atOnce(checkRule(pruned))
    if ('rule' in checked) return checked.rule
    if (!remove(pruned as object, checked.field)) return null
  }
  return null
}

/** Removes what stands at a path such as `criteria.to.matchesAny[0]`. */
function remove(value: object, path: string): boolean {
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '')
  const last = keys.pop() ?? ''
  const parent = keys.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], value)
  if (Array.isArray(parent)) return parent.splice(Number(last), 1).length > 0
  return (
    typeof parent === 'object' && parent !== null && last in parent && Reflect.deleteProperty(parent, last)
  )
}

describe('what is accepted is written, and read as the same', () => {
  it('as a rule, in every field', () => {
    let count = 0
    fc.assert(
      fc.property(rule, (value) => {
        const checked = accepted(value)
        if (checked === null) return
        count++
        const json = JSON.stringify(checked)
        assert.deepEqual(atOnce(parseRule(json)), { rule: checked })
        assert.deepEqual(atOnce(checkRule(JSON.parse(json))), { rule: checked })
        const [change] = ruleChanges('acme.example', [{ id: 'r1', expected: null, value: json }])
        assert.equal(change && readBackProblem(change), null)
      }),
      { numRuns: 3000 },
    )
    assert.ok(count > 300, `only ${count} rules were accepted`)
  })

  it('as a group', () => {
    fc.assert(
      fc.property(some(oddPattern), (value) => {
        const good = value.filter((text) => 'patterns' in atOnce(checkGroup([text])))
        const checked = atOnce(checkGroup(good))
        if (!('patterns' in checked)) return
        const json = JSON.stringify(checked.patterns)
        assert.deepEqual(atOnce(parseGroup(json)), checked)
        assert.equal(readBackProblem(namedChange('groups', 'banks', null, json)), null)
      }),
      RUNS,
    )
  })

  it('as a document of rules, services and groups', () => {
    fc.assert(
      fc.property(some(fc.tuple(oddPattern, rule)), some(oddPattern), (rules, members) => {
        const document = emptyDocument()
        for (const [name, value] of rules) {
          const owner = parseOwner(name)
          const checked = accepted(value)
          if ('problem' in owner || checked === null) continue
          document.rules.set(owner.owner, new Map([['r1', JSON.stringify(checked)]]))
          const domain = parseDomain(name)
          if ('domain' in domain) document.domains.set(domain.domain, '{"enabled":true,"more":"\\ud800"}')
        }
        const group = atOnce(checkGroup(members))
        if ('patterns' in group) document.groups.set('banks', JSON.stringify(group.patterns))
        assert.deepEqual(parseDocument(formatDocument(document)), document)
        // As bytes: that is how it is kept.
        assert.deepEqual(parseDocument(Buffer.from(formatDocument(document)).toString()), document)
      }),
      { numRuns: 500 },
    )
  })
})

describe('what would be read as something else is not written', () => {
  const change = (key: EntryChange['key'], value: string): EntryChange => ({
    key,
    owner: 'acme.example',
    field: key === 'groups' ? 'banks' : key === 'domains' ? 'acme.example' : 'r1',
    expected: null,
    value,
  })
  const withTo = (...matchesAny: readonly string[]) =>
    change('rules', JSON.stringify({ ...RULE, criteria: { to: { matchesAny } } }))
  for (const [what, given, problem] of [
    ['no JSON', change('rules', 'oops'), /^is not JSON/],
    ['no rule', change('rules', '{}'), /^field name: is missing/],
    [
      'a rule with a pattern that matches nobody',
      withTo('*@bank.example'),
      /"\*@bank\.example" would match nothing/,
    ],
    [
      'a rule in another spelling',
      withTo('Bank.example'),
      /^it would be read as something else: .*"bank\.example"/,
    ],
    ['a rule with a value twice', withTo('a.example', 'a.example'), /^it would be read as something else/],
    [
      'a group that needs quotes',
      change('groups', '["jane doe@bank.example"]'),
      /written "jane doe"@bank\.example/,
    ],
    [
      'a group in another spelling',
      change('groups', '["Bank.example"]'),
      /^it would be read as something else/,
    ],
    ['a service', change('domains', '{"enabled":"yes"}'), /field enabled: true or false is expected/],
    ['an id', { ...withTo('bank.example'), field: 'ü' }, /is not a rule id/],
  ] as const)
    it(what, () => assert.match(readBackProblem(given) ?? '', problem))

  it('but may be removed, and may stay', () => {
    assert.equal(readBackProblem({ ...change('rules', 'oops'), expected: 'oops' }), null)
    assert.equal(readBackProblem({ ...change('rules', ''), expected: 'oops', value: null }), null)
  })
})

describe('a pattern of an address matches mail to it as Haraka reads it', () => {
  it('whatever stands before the @', () => {
    let count = 0
    fc.assert(
      fc.property(fc.oneof(quotedLocal, oddText(8, 1)), (local) => {
        const text = `${local}@bank.example`
        const recipient = addressOf(text)
        const parsed = parsePattern(text)
        if (recipient === null || 'problem' in parsed) return
        count++
        assert.equal(atOnce(compilePatterns([parsed.pattern]))(comparable(recipient)), parsed.pattern)
        assert.equal(ownersOf(comparable(recipient)).at(-1), parsed.pattern)
      }),
      RUNS,
    )
    assert.ok(count > 300, `only ${count} addresses were accepted`)
  })

  const MATCHES: readonly (readonly [pattern: string, recipient: string])[] = [
    ['"jane"@bank.example', 'jane@bank.example'],
    ['jane@bank.example', '"jane"@bank.example'],
    ['jane@bank.example', '"j\\ane"@bank.example'],
    ['"jane doe"@bank.example', '"Jane Doe"@Bank.example'],
    ['"a@b"@bank.example', '"a@b"@bank.example'],
    ['""@bank.example', '""@bank.example'],
    ['"\\"\\\\"@bank.example', '"\\"\\\\"@bank.example'],
    ['"*"@bank.example', '*@bank.example'],
    ['"a..b"@bank.example', '"a..b"@bank.example'],
    ['a\u212a@bank.example', 'ak@bank.example'],
    ['straße@bank.example', 'STRAẞE@bank.example'],
    ['νίκος.α@bank.example', 'ΝΊΚΟΣ.Α@bank.example'],
    ['각@bank.example', '각@bank.example'.normalize('NFD')],
    ['root@localhost.', 'root@localhost'],
    ['x@bücher.example', 'x@BÜCHER。example'],
  ]
  for (const [pattern, text] of MATCHES)
    it(`${pattern} matches ${text}`, () => {
      const parsed = parsePattern(pattern)
      const recipient = addressOf(text)
      assert.ok('pattern' in parsed && recipient !== null)
      assert.equal(atOnce(compilePatterns([parsed.pattern]))(comparable(recipient)), parsed.pattern)
    })

  for (const [pattern, text] of [
    ['"jane doe"@bank.example', 'janedoe@bank.example'],
    ['"*"@bank.example', 'cfo@bank.example'],
    ['straße@bank.example', 'strasse@bank.example'],
    ['ﬁ@bank.example', 'fi@bank.example'],
    ['root@localhost.', 'root@localhost.example'],
  ] as const)
    it(`${pattern} does not match ${text}`, () => {
      const parsed = parsePattern(pattern)
      const recipient = addressOf(text)
      assert.ok('pattern' in parsed && recipient !== null)
      assert.equal(atOnce(compilePatterns([parsed.pattern]))(comparable(recipient)), null)
    })
})

/** As it comes behind RCPT TO; `null` for what Haraka does not take. */
function addressOf(text: string): HarakaAddress | null {
  try {
    return new Address(`<${text}>`)
  } catch {
    return null
  }
}
