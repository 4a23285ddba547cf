import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatEffect } from '../../../plugins/enforce-tls/admin/format-effect.js'
import { bouncesCovered } from '../../../plugins/enforce-tls/rules/bounces.js'
import {
  asksOthers,
  AT_A_GLANCE,
  effectOf,
  THOROUGH,
  type RuleEffect,
} from '../../../plugins/enforce-tls/rules/effect.js'
import { EffectPolicy } from '../../../plugins/enforce-tls/rules/effect-policy.js'
import type { OwnedRule } from '../../../plugins/enforce-tls/rules/owner-entries.js'
import { ownersAround } from '../../../plugins/enforce-tls/rules/owner.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'
import { parseRule } from '../../../plugins/enforce-tls/rules/check-rule.js'
import { from, notTo, setUp, subject, to, when, type Row } from './rows/row.js'

/** Effect and sentences of one rule, `r1` of acme.example unless said otherwise. */
function effectIn(
  rules: Row['rules'],
  {
    id = 'r1',
    owner = 'acme.example',
    bounds = THOROUGH,
    complete = true,
    ...more
  }: Partial<Row> & {
    id?: string
    owner?: string
    bounds?: typeof THOROUGH
    complete?: boolean
  } = {},
): { effect: RuleEffect; status: string; said: string; owned: OwnedRule; policy: EffectPolicy } {
  const { entries, groups, message } = setUp({ what: '', is: '', rules, ...more })
  const around = ownersAround(owner).map(
    (each) =>
      entries.find((ofOwner) => ofOwner.owner === each) ?? {
        owner: each,
        rules: new Map<string, string>(),
        service: null,
      },
  )
  const json = around.find((ofOwner) => ofOwner.owner === owner)?.rules.get(id) ?? ''
  const checked = atOnce(parseRule(json))
  assert.ok('rule' in checked)
  const owned = { owner, id, rule: checked.rule }
  const others = entries.filter((each) => each.owner !== owner && ownersAround(each.owner).includes(owner))
  const alone = atOnce(EffectPolicy.compile(around, groups))
  const policy = asksOthers(owned, alone, message.now)
    ? atOnce(EffectPolicy.compile([...around, ...others], groups, complete))
    : alone
  const effect = atOnce(effectOf(owned, policy, groups, message.now, bounds))
  const surroundings = { reportOnly: false, offersTls: null, bouncesTo: [] }
  const { status, is, more: sentences } = formatEffect(owned, effect, surroundings)
  return { effect, status, said: [`${is}.`, ...sentences].join(' '), owned, policy }
}

const none = { level: 'none' }
const verify = { level: 'verify' }
const bank = to('bank.example')
const off = { enabled: false }
const ann = 'ann@acme.example'

const USUAL = /^off\. No other rule requires TLS for its mail, which is delivered as usual\.$/

/** what others are in force beside r1 of acme.example, which is off; what is said of it */
const OTHERS: readonly (readonly [string, Row['rules'], Parameters<typeof effectIn>[1], RegExp])[] = [
  [
    'the service asks for what is published, and else for nothing',
    {
      '*': [when(bank, { action: { level: 'mta-sts', otherwise: 'none' } })],
      'acme.example': [when(bank, off)],
    },
    {},
    /^off\. Level mta-sts is still required for all of its mail, by .*; mail may leave in the clear where nothing is published, or where its sender waives TLS/,
  ],
  [
    'one of its senders requires it',
    { 'acme.example': [when(bank, off)], [ann]: [when(bank)] },
    {},
    /^off\. Level encrypt is still required for bank\.example \(from ann@acme\.example\), by rule r1 of ann@acme\.example \(Rule 1\)\.$/,
  ],
  [
    'one of its senders requires it, and it looks at the subject',
    { 'acme.example': [when({ ...bank, ...subject('invoice') }, off)], [ann]: [when(to('.example'))] },
    {},
    /^off\. Level encrypt is still required for bank\.example \(from ann@acme\.example\), by rule r1 of ann@/,
  ],
  [
    'a domain of the whole service requires it',
    { '*': [when(to('*'), off)], 'acme.example': [when(bank)] },
    { owner: '*' },
    /^off\. Level encrypt is still required for bank\.example \(from acme\.example\), by rule r1 of acme\.example/,
  ],
  [
    'one of its senders requires it of other mail',
    { 'acme.example': [when(bank, off)], [ann]: [when(to('notbank.example', '.bank.example'))] },
    {},
    USUAL,
  ],
  [
    'it is about other senders',
    {
      'acme.example': [
        when({ ...bank, ...from('bob@acme.example') }, off),
        when({ ...bank, ...from('eve@acme.example') }),
      ],
      [ann]: [when(bank)],
    },
    {},
    USUAL,
  ],
  [
    'both are about one sender of several',
    [
      when(
        { ...to('a.example', 'b.example', 'c.example'), ...from('a@acme.example', 'b@acme.example') },
        off,
      ),
      when({ ...to('c.example', 'd.example'), ...from('c@acme.example', 'b@acme.example') }),
    ],
    {},
    /^off\. Level encrypt is still required for c\.example \(from b@acme\.example\), by rule r2 of acme/,
  ],
  [
    'the other excepts what both name',
    [
      when(bank, off),
      when({ to: { matchesAny: ['.example', 'bank.example'], matchesNone: ['bank.example'] } }),
    ],
    {},
    USUAL,
  ],
  [
    'the other only reports, exempts, is over, is off, or is about incoming mail',
    [
      when(bank, off),
      when(bank, { mode: 'report' }),
      when(bank, { level: 'none' }),
      when(bank, { expiresAt: '2026-01-01T00:00:00Z' }),
      when(bank, off),
      when(from('bank.example'), { direction: 'incoming' }),
    ],
    {},
    USUAL,
  ],
  [
    'exemptions that depend on the header stand above the other',
    [
      when({ ...bank, ...subject('x') }, off),
      when(subject('free'), { level: 'none' }),
      when({ ...bank, ...subject('y') }),
    ],
    {},
    /^off\. TLS may still be required for some of its mail, by rule r3 of acme\.example \(Rule 3\)\.$/,
  ],
  [
    'an exemption stands above the other, for an address of its recipients',
    [when(bank, off), when(to('cfo@bank.example'), none), when(to('*'))],
    {},
    /^off\. Level encrypt is still required for all of its mail, by rule r3 of acme\.example \(Rule 3\)\. Some of that mail may be exempt: see rule r2 of acme\.example \(Rule 2\)\.$/,
  ],
  [
    'an exemption stands above the other, for a subject',
    [when(bank, off), when(subject('free'), none), when(to('*'))],
    {},
    /all of its mail, by rule r3 .* Some of that mail may be exempt: see rule r2 of acme\.example \(Rule 2\)\.$/,
  ],
  [
    'the other leaves out an address of its recipients',
    [when(bank, off), when({ to: { matchesAny: ['*'], matchesNone: ['cfo@bank.example'] } })],
    {},
    /all of its mail, by rule r2 .* Some of that mail may be exempt: see rule r2 of acme\.example \(Rule 2\)\.$/,
  ],
  [
    'exemptions below the other, of another owner, or of a recipient that it names make no difference',
    {
      '*': [when(to('cfo@bank.example'), none)],
      'acme.example': [
        when(to('bank.example', 'b.example'), off),
        when(to('b.example'), none),
        when({ to: { matchesAny: ['*'], matchesNone: ['cfo@notbank.example'] } }),
        when(to('lab@bank.example'), none),
      ],
    },
    {},
    /^off\. Level encrypt is still required for bank\.example, by rule r3 of acme\.example \(Rule 3\)\.$/,
  ],
  [
    'both name one of 150 recipients, beyond those that are asked about',
    { '*': [when(to('group:few'))], 'acme.example': [when(to('group:big'), off)] },
    {},
    /^off\. Level encrypt is still required for p150\.example, by rule r1 of \* \(Rule 1\)\. Only the first 100 of the 150 recipients that it names were looked at\.$/,
  ],
  [
    'the other is for the first hundred of 150',
    [when(to('group:big'), off), when(to('group:hundred'))],
    {},
    /^off\. Level encrypt is still required for p1\.example, p2\.example, p3\.example, p4\.example, p5\.example and 95 more, by rule r2 of acme\.example \(Rule 2\)\. Only the first 100 of/,
  ],
  [
    'none of 150 recipients is named by another',
    [when(to('group:big'), off), when(to('p151.example'))],
    {},
    USUAL,
  ],
  [
    'not every owner was looked at',
    [when(bank, off)],
    { complete: false },
    /^off\. Other rules may still require TLS for some of its mail; not all of them were looked at\.$/,
  ],
  [
    'there are too many others',
    [when(to('group:big'), off), ...Array.from({ length: 200 }, () => when(to('a.example')))],
    {},
    /^off\. Other rules may still require TLS for some of its mail; not all of them were looked at\.$/,
  ],
  [
    'one of its senders has a rule that is not valid',
    { 'acme.example': [when(bank, off)], [ann]: [when(to('group:gone'))] },
    {},
    /^off\. Rule r1 of ann@acme\.example is not valid .*, all mail of ann@acme\.example waits until that is fixed\.$/,
  ],
]

const numberedTo = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => `p${first + index}.example`)
const MANY = {
  big: numberedTo(1, 150),
  hundred: numberedTo(1, 100),
  few: [...Array.from({ length: 20 }, (_, index) => `f${index}.example`), 'p150.example'],
}

/** what is so, the rules, which of them is asked about, status, what is said of it */
const PUBLISHED = { action: { level: 'published', otherwise: 'none' } }
const DANE = { action: { level: 'dane', otherwise: 'none' } }

const ROWS: readonly (readonly [string, Row['rules'], Parameters<typeof effectIn>[1], string, RegExp])[] = [
  [
    'mail may leave in the clear where nothing is published',
    [when(bank, PUBLISHED)],
    {},
    'active',
    /^on: .* leaves over TLS, or possibly in the clear where the partner publishes nothing, or its sender waives TLS \(TLS-Required: No\) \(level published: .*; mail may leave in the clear where the partner publishes neither\)\.$/,
  ],
  [
    'the service asks for TLS where nothing is published',
    { '*': [when(bank)], 'acme.example': [when(bank, PUBLISHED)] },
    {},
    'active',
    /That is the minimum: with rule r1 of \* \(Rule 1\), it is level published \(any TLS where nothing is published\)\.$/,
  ],
  [
    'the service makes mail wait where nothing is published',
    {
      '*': [when(bank, { action: { level: 'dane' } })],
      'acme.example': [when(bank, { action: { level: 'dane', otherwise: 'encrypt' } })],
    },
    {},
    'active',
    /That is the minimum: with rule r1 of \* \(Rule 1\), it is level dane\.$/,
  ],
  [
    'another one above it allows mail in the clear',
    [when(bank, DANE), when(to('bank.example', 'b.example'))],
    { id: 'r2' },
    'partly',
    /Except for bank\.example: rule r1 of acme\.example \(Rule 1\) above it decides for this mail, at level dane \(mail may leave in the clear where nothing is published, or where its sender waives TLS \(TLS-Required: No\)\)\.$/,
  ],
  [
    'it exempts, and the service allows mail in the clear',
    { '*': [when(bank, DANE)], 'acme.example': [when(bank, none)] },
    {},
    'active',
    /requires level dane \(mail may leave in the clear where nothing is published, or where its sender waives TLS \(TLS-Required: No\)\)\.$/,
  ],
  [
    'nothing limits it',
    [when(bank)],
    {},
    'active',
    /^on: mail from acme\.example to bank\.example leaves over TLS or not at all \(level encrypt: TLS, any certificate\)\.$/,
  ],
  [
    'it is off',
    [when(bank, { enabled: false })],
    {},
    'off',
    /^off\. No other rule requires TLS for its mail, which is delivered as usual\.$/,
  ],
  [
    'it is off, and another rule holds',
    [when(bank, { enabled: false }), when(to('*'))],
    {},
    'off',
    /^off\. Level encrypt is still required for all of its mail, by rule r2 of acme\.example \(Rule 2\)\.$/,
  ],
  [
    'a rule above exempts all',
    [when(to('*'), none), when(bank)],
    { id: 'r2' },
    'no-effect',
    /^on, but has no effect: rule r1 of acme\.example \(Rule 1\) above it exempts this mail\.$/,
  ],
  [
    'a rule above decides for all',
    [when(to('*'), verify), when(bank)],
    { id: 'r2' },
    'no-effect',
    /no effect: rule r1 .* above it decides for this mail, at level verify\.$/,
  ],
  [
    'two rules above take all together',
    [when(to('a.example'), none), when(to('b.example')), when(to('a.example', 'b.example'))],
    { id: 'r3' },
    'no-effect',
    /rule r1 .* exempts this mail; rule r2 .* decides/,
  ],
  [
    'a rule above exempts some',
    [when(bank, none), when(to('bank.example', 'b.example'))],
    { id: 'r2' },
    'partly',
    /^on: .* Except for bank\.example: rule r1 .* above it exempts this mail\.$/,
  ],
  [
    'a rule above exempts one address',
    [when(to('cfo@bank.example'), none), when(bank)],
    { id: 'r2' },
    'partly',
    /Except for cfo@bank\.example: rule r1 /,
  ],
  [
    'a rule above exempts one sender',
    [when(from('bob@acme.example'), none), when(bank)],
    { id: 'r2' },
    'partly',
    /Except for bank\.example \(from bob@acme\.example\): rule r1 /,
  ],
  [
    'a rule above exempts an address for the one sender that it names',
    [when(to('cfo@bank.example'), none), when({ ...bank, ...from('bob@acme.example') })],
    { id: 'r2' },
    'partly',
    /Except for cfo@bank\.example: rule r1 /,
  ],
  [
    'a rule above exempts one sender and recipient',
    [when({ ...from('bob@acme.example'), ...bank }, none), when(bank)],
    { id: 'r2' },
    'partly',
    /Except for bank\.example \(from bob@acme\.example\): rule r1 /,
  ],
  [
    'rules below change nothing',
    [when(bank), when(to('*'), none)],
    {},
    'active',
    /all \(level encrypt: TLS, any certificate\)\.$/,
  ],
  [
    'a rule above that is off changes nothing',
    [when(to('*'), { ...none, enabled: false }), when(bank)],
    { id: 'r2' },
    'active',
    /certificate\)\.$/,
  ],
  [
    'a rule above that only reports changes nothing',
    [when(to('*'), { mode: 'report' }), when(bank)],
    { id: 'r2' },
    'active',
    /certificate\)\.$/,
  ],
  [
    'a rule above exempts some subjects',
    [when(subject('x'), none), when(bank)],
    { id: 'r2' },
    'partly',
    /Depends on the message's header: where that matches, rule r1 .* above it exempts this mail\.$/,
  ],
  [
    'it looks at the subject',
    [when({ ...bank, ...subject('x') })],
    {},
    'active',
    /\[subject: x\].* Whether it matches depends on the message: it looks at subject\.$/,
  ],
  [
    'the service is off',
    [when(bank)],
    { asleep: ['acme.example'] },
    'inactive',
    /^on, but inactive: message rules are switched off for acme\.example\. No other rule/,
  ],
  [
    'it is over',
    [when(bank, { expiresAt: '2026-03-01T12:00:00Z' })],
    {},
    'inactive',
    /^on, but inactive: it expired at 2026-03-01T12:00:00Z\./,
  ],
  [
    'it has not begun',
    [when(bank, { startsAt: '2026-03-01T12:00:01Z' })],
    {},
    'inactive',
    /^on, but inactive: it starts at 2026-03-01T12:00:01Z\./,
  ],
  [
    'its owner has no such sender',
    [when({ ...bank, ...from('joe@other.example') })],
    {},
    'inactive',
    /^on, but inactive: no mail can match it\.$/,
  ],
  [
    'it excepts all that it names',
    [when({ to: { matchesAny: ['bank.example'], matchesNone: ['*'] } })],
    {},
    'inactive',
    /no mail can match it/,
  ],
  [
    'it is for all but some',
    [when(notTo('a.example'))],
    {},
    'active',
    /to everybody \[not to: a\.example\] leaves/,
  ],
  [
    'the whole service adds to it',
    { '*': [when(to('*'), verify)], 'acme.example': [when(bank)] },
    {},
    'active',
    /That is the minimum: with rule r1 of \* \(Rule 1\), it is level verify\.$/,
  ],
  [
    'the whole service adds to some',
    { '*': [when(bank, verify)], 'acme.example': [when(to('bank.example', 'b.example'))] },
    {},
    'active',
    /That is the minimum for bank\.example: with rule r1 of \*/,
  ],
  [
    'the whole service asks for less',
    { '*': [when(to('*'))], 'acme.example': [when(bank, verify)] },
    {},
    'active',
    /names the MX host\)\.$/,
  ],
  [
    'the whole service asks for the same',
    { '*': [when(to('*'), { level: 'secure' })], 'acme.example': [when(bank, { level: 'secure' })] },
    {},
    'active',
    /a listed name\)\.$/,
  ],
  [
    'it exempts, and the whole service requires',
    { '*': [when(to('*'))], 'acme.example': [when(bank, none)] },
    {},
    'active',
    /The exemption is from the rules of acme\.example alone: rule r1 of \* \(Rule 1\) requires level encrypt\.$/,
  ],
  [
    'it exempts everybody, and the whole service requires for some',
    { '*': [when(bank)], 'acme.example': [when(to('*'), none)] },
    {},
    'active',
    /The exemption is from the rules of acme\.example alone: rule r1 of \* \(Rule 1\) requires level encrypt for bank\.example\.$/,
  ],
  [
    'it exempts a domain, and the whole service requires for one address, of one sender',
    {
      '*': [when({ ...to('cfo@bank.example'), ...from('bob@acme.example') })],
      'acme.example': [when(bank, none)],
    },
    {},
    'active',
    /rule r1 of \* \(Rule 1\) requires level encrypt for cfo@bank\.example/,
  ],
  [
    'it exempts a domain, and the whole service requires for senders of a wider one',
    { '*': [when({ ...to('cfo@bank.example'), ...from('.example') })], 'acme.example': [when(bank, none)] },
    {},
    'active',
    /rule r1 of \* \(Rule 1\) requires level encrypt for cfo@bank\.example/,
  ],
  [
    'it exempts, and the whole service requires for others',
    { '*': [when(to('notbank.example'))], 'acme.example': [when(bank, none)] },
    {},
    'active',
    /does not require TLS by the rules below it[^.]*\.?[^.]*$/,
  ],
  [
    'it is off, and another rule holds for some of its mail',
    { '*': [when(bank)], 'acme.example': [when(to('*'), { enabled: false })] },
    {},
    'off',
    /^off\. Level encrypt is still required for bank\.example, by rule r1 of \* \(Rule 1\)\.$/,
  ],
  [
    'a rule above exempts, and the whole service requires',
    { '*': [when(to('*'))], 'acme.example': [when(to('*'), none), when(bank)] },
    { id: 'r2' },
    'no-effect',
    /exempts this mail from the rules of its owner, while rule r1 of \* \(Rule 1\) still requires level encrypt\./,
  ],
  [
    'the domain adds to a sender',
    { 'acme.example': [when(to('*'), verify)], 'ann@acme.example': [when(bank)] },
    { owner: 'ann@acme.example' },
    'active',
    /with rule r1 of acme\.example \(Rule 1\), it is/,
  ],
  [
    'it only reports',
    [when(bank, { mode: 'report' })],
    {},
    'reports',
    /^on: it only reports; once it enforces, mail/,
  ],
  [
    'it only reports, and exempts',
    [when(bank, { ...none, mode: 'report' }), when(bank)],
    {},
    'reports',
    /^on: it only reports, and a rule of level none has nothing to report; once it enforces, mail/,
  ],
  [
    'it only reports, below an exemption',
    [when(to('*'), none), when(bank, { mode: 'report' })],
    { id: 'r2' },
    'no-effect',
    /no effect/,
  ],
  [
    'another rule is not valid',
    [when(bank), when(to('group:gone'))],
    {},
    'waits',
    /Rule r2 of acme\.example is not valid \(.*group.*\)\. Where Haraka knows no valid version of it, all mail of acme\.example waits/,
  ],
  [
    'another rule is not valid, and off',
    [when(bank), when(to('group:gone'), { enabled: false })],
    {},
    'active',
    /certificate\)\.$/,
  ],
  [
    'incoming mail',
    [when(from('bank.example'), { direction: 'incoming' })],
    {},
    'active',
    /^on: mail from bank\.example to acme\.example is rejected at RCPT/,
  ],
  [
    'incoming mail, exempted',
    [
      when(from('.example', 'bank.example'), { ...none, direction: 'incoming' }),
      when(from('bank.example'), { direction: 'incoming' }),
    ],
    { id: 'r2' },
    'no-effect',
    /rule r1/,
  ],
  [
    'outgoing rules are of no concern to incoming mail',
    [when(to('*'), none), when(from('bank.example'), { direction: 'incoming' })],
    { id: 'r2' },
    'active',
    /rejected/,
  ],
  [
    'members of a group are exempted',
    [when(to('court.example'), none), when(to('group:courts'))],
    { id: 'r2' },
    'partly',
    /Except for court\.example: rule r1/,
  ],
]

describe('what is said of a rule where', () => {
  for (const [what, rules, asked, expectedStatus, expected] of ROWS)
    it(what, () => {
      const { status, said } = effectIn(rules, asked)
      assert.match(said, expected)
      assert.equal(status, expectedStatus)
    })
})

describe('what others require of the mail of a rule that is off, where', () => {
  for (const [what, rules, asked, expected] of OTHERS)
    it(what, () => {
      assert.match(effectIn(rules, { groups: MANY, ...asked }).said, expected)
    })
})

describe('the effect of a rule with many recipients', () => {
  const members = Array.from({ length: 40_000 }, (_, index) => `p${index}.example`)
  const groups = { many: members }

  it('is asked of the first hundred, and says so', () => {
    const { effect, said } = effectIn([when(to('group:many'))], { groups })
    assert.deepEqual([effect.checked, effect.named], [100, 40_000])
    assert.match(said, /Only the first 100 of the 40000 recipients that it names were looked at\.$/)
  })

  it('is found in pieces, however long the group is', () => {
    const { entries, groups: stored } = setUp({ what: '', is: '', rules: [when(to('group:many'))], groups })
    let pieces = 0
    for (const work = EffectPolicy.compile(entries, stored); work.next().done !== true;) pieces++
    assert.ok(pieces > 50, `${pieces} pieces`)
  })

  it('takes little time in a list of many rules', () => {
    const rules = Array.from({ length: 3000 }, (_, index) => when(to(`p${index}.example`)))
    const { policy, owned } = effectIn([...rules, when(to('group:many'))], { groups, id: 'r3001' })
    const { groups: stored } = setUp({ what: '', is: '', rules: [], groups })
    const begun = performance.now()
    for (let round = 0; round < 100; round++) atOnce(effectOf(owned, policy, stored, Date.now(), AT_A_GLANCE))
    const each = (performance.now() - begun) / 100
    assert.ok(each < 50, `${each} ms`)
  })
})

describe('a rule of the whole service covers bounces', () => {
  const covered = (...rules: ReturnType<typeof when>[]): readonly string[] => {
    const { owned, policy } = effectIn({ '*': rules }, { owner: '*', id: `r${rules.length}` })
    return atOnce(bouncesCovered(owned, policy, ['acme.example', 'other.example'], Date.now()))
  }

  it('to own domains that it names', () => {
    assert.deepEqual(covered(when(to('*'))), ['acme.example', 'other.example'])
    assert.deepEqual(covered(when(to('acme.example', 'bank.example'))), ['acme.example'])
  })

  it('to no others, and not below an exemption', () => {
    assert.deepEqual(covered(when(bank)), [])
    assert.deepEqual(covered(when(to('acme.example'), none), when(to('*'))), ['other.example'])
    assert.deepEqual(covered(when({ ...to('*'), ...from('acme.example') })), [])
    assert.deepEqual(covered(when(to('*'), none)), [])
    assert.deepEqual(covered(when(to('*'), { mode: 'report' })), [])
  })
})
