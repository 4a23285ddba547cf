import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { explained, from, header, notTo, subject, to, when, type Row } from './rows/row.js'

type Told = readonly [state: string, part: string | null, ...fields: string[]]

function told(row: Omit<Row, 'what' | 'is'>): Told[] {
  const { owners } = explained({ what: '', is: '', ...row })
  return owners.flatMap(({ rules }) =>
    rules.map(({ state, part, fields }): Told => [
      state,
      part,
      ...fields.map(({ field, met, value }) => `${field}: ${String(met)}, ${String(value)}`),
    ]),
  )
}

const report = { mode: 'report' } as const

/** what is asked, the rule, the message, what is told */
const ROWS: readonly (readonly [string, Row['rules'], Partial<Row>, readonly Told[]])[] = [
  [
    'the value that fits',
    [when(to('a.example', '.example'))],
    {},
    [['matched', 'decides', 'to: true, .example']],
  ],
  [
    'the closest value that fits',
    [when(to('*', 'bank.example'))],
    {},
    [['matched', 'decides', 'to: true, bank.example']],
  ],
  [
    'the group that fits',
    [when(to('group:courts'))],
    { to: 'a@court.example' },
    [['matched', 'decides', 'to: true, group:courts']],
  ],
  ['that none fits', [when(to('a.example'))], {}, [['not matched', null, 'to: false, null']]],
  [
    'the value that excludes',
    [when(notTo('a.example', '.example'))],
    {},
    [['not matched', null, 'to: false, .example']],
  ],
  ['that nothing excludes', [when(notTo('a.example'))], {}, [['matched', 'decides', 'to: true, null']]],
  [
    'each field',
    [when({ ...to('*'), ...from('bob@acme.example') })],
    {},
    [['not matched', null, 'to: true, *', 'from: false, null']],
  ],
  [
    'the word that fits',
    [when(subject('x', 'y'))],
    { header: ['Subject: Y'] },
    [['matched', 'decides', 'subject: true, y']],
  ],
  [
    'the header field',
    [when(header('X-Class', '/^s/'))],
    { header: ['x-class: secret'] },
    [['matched', 'decides', 'header X-Class: true, /^s/']],
  ],
  [
    'that the header is not known',
    [when({ ...to('*'), ...subject('x') })],
    {},
    [['not known', null, 'to: true, *', 'subject: null, null']],
  ],
  [
    'that the header does not matter',
    [when({ ...to('a.example'), ...subject('x') })],
    {},
    [['not matched', null, 'to: false, null', 'subject: null, null']],
  ],
  [
    'a rule that is off, and whether it would match',
    [when(to('*'), { enabled: false })],
    {},
    [['off', null, 'to: true, *']],
  ],
  ['a service that is off', [when(to('*'))], { asleep: ['acme.example'] }, [['asleep', null, 'to: true, *']]],
  [
    'a rule that is off in a service that is off',
    [when(to('*'), { enabled: false })],
    { asleep: ['acme.example'] },
    [['off', null, 'to: true, *']],
  ],
  ['not yet', [when(to('*'), { startsAt: '2026-03-01T12:00:01Z' })], {}, [['not yet', null, 'to: true, *']]],
  ['expired', [when(to('*'), { expiresAt: '2026-03-01T12:00:00Z' })], {}, [['expired', null, 'to: true, *']]],
  ['the other direction', [when(from('*'), { direction: 'incoming' })], {}, [['other direction', null]]],
  [
    'a match below the one that decides',
    [when(to('*')), when(to('bank.example'))],
    {},
    [
      ['matched', 'decides', 'to: true, *'],
      ['matched', null, 'to: true, bank.example'],
    ],
  ],
  [
    'an exemption',
    [when(to('*'), { level: 'none' }), when(to('*'))],
    {},
    [
      ['matched', 'exempts', 'to: true, *'],
      ['matched', null, 'to: true, *'],
    ],
  ],
  [
    'a rule that reports',
    [when(to('*'), report), when(to('*'))],
    {},
    [
      ['matched', 'reports', 'to: true, *'],
      ['matched', 'decides', 'to: true, *'],
    ],
  ],
  [
    'an exemption that would report',
    [when(to('*'), { ...report, level: 'none' })],
    {},
    [['matched', null, 'to: true, *']],
  ],
  [
    'all owners, widest first',
    { '*': [when(to('a.example'))], 'acme.example': [], 'ann@acme.example': [when(to('*'))] },
    {},
    [
      ['not matched', null, 'to: false, null'],
      ['matched', 'decides', 'to: true, *'],
    ],
  ],
]

describe('an explanation tells', () => {
  for (const [what, rules, row, expected] of ROWS)
    it(what, () => assert.deepEqual(told({ ...row, rules }), expected))

  it('which owners were looked at, and which of them are awake', () => {
    const { owners } = explained({ what: '', is: '', rules: [], asleep: ['acme.example'] })
    assert.deepEqual(
      owners.map(({ owner, awake }) => [owner, awake]),
      [
        ['*', true],
        ['acme.example', false],
        ['ann@acme.example', false],
      ],
    )
  })

  it('the very problem that makes a delivery wait, beside the rules that are in force', () => {
    const { owners, ruling } = explained({
      what: '',
      is: '',
      rules: [when(to('bank.example')), when(to('group:banks')), when(to('*'), { enabled: false })],
    })
    assert.equal(ruling, null)
    const [, acme] = owners
    assert.deepEqual(
      acme?.rules.map(({ id, state, part }) => [id, state, part]),
      [
        ['r1', 'matched', 'decides'],
        ['r3', 'off', null],
      ],
    )
    assert.match(acme.waitsFor?.problem ?? '', /"group:banks" names a group that does not exist/)
    assert.deepEqual(acme.problems, [acme.waitsFor])
  })

  it('a broken entry that keeps no mail, beside the ruling', () => {
    const { owners, ruling } = explained({
      what: '',
      is: '',
      rules: [when(to('bank.example')), when(to('group:banks'), { mode: 'report' })],
    })
    assert.equal(ruling?.requirement?.level, 'encrypt')
    assert.deepEqual(
      owners.flatMap(({ problems }) => problems.map(({ effect }) => effect)),
      ['reports'],
    )
  })
})

const verify = { level: 'verify' }
const none = { level: 'none' }

/** what is asked, the rules, those that the result depends on while the header is not known */
const OPEN: readonly (readonly [string, Row['rules'], readonly string[]])[] = [
  ['the only rule', [when(subject('x'))], ['r1']],
  ['a rule above the one that decides', [when(subject('x'), verify), when(to('*'))], ['r1']],
  ['an exemption above it', [when(subject('x'), none), when(to('*'))], ['r1']],
  ['no rule below the one that decides', [when(to('*')), when(subject('x'), verify)], []],
  ['no rule below an exemption', [when(to('*'), none), when(subject('x'))], []],
  ['no rule that requires the same', [when(subject('x')), when(to('*'))], []],
  ['no exemption where nothing is required', [when(subject('x'), none)], []],
  ['no rule that does not match anyway', [when({ ...to('a.example'), ...subject('x') })], []],
  ['no rule that is off', [when(subject('x'), { enabled: false })], []],
  ['no rule that only reports', [when(subject('x'), report)], []],
  [
    'no rule that another owner makes no difference to',
    { '*': [when(to('*'), verify)], 'acme.example': [when(subject('x'))], 'ann@acme.example': [] },
    [],
  ],
  [
    'exemptions of two owners, which only together make a difference',
    {
      '*': [when(subject('x'), none), when(to('*'))],
      'acme.example': [when(subject('y'), none), when(to('*'))],
    },
    ['r1', 'r1'],
  ],
]

describe('without the header, the result depends on', () => {
  for (const [what, rules, expected] of OPEN)
    it(what, () => {
      const { open } = explained({ what: '', is: '', rules })
      assert.deepEqual(
        open.map(({ id }) => id),
        expected,
      )
    })
})
