/** What is in force of an owner with broken entries: as rows of what was known before, what is there now, and what holds. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Unreadable, type Effect } from '../../../plugins/enforce-tls/rules/entry-problem.js'
import type { OwnerParts } from '../../../plugins/enforce-tls/rules/owner-entries.js'
import { InvalidEntry, RuleList } from '../../../plugins/enforce-tls/rules/rule-list.js'
import { storedRule } from '../../support/rules.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'

const ON = '{"enabled":true}'
const OFF = '{"enabled":false}'

/** A rule for mail to one domain; position 1 and level encrypt unless it says otherwise. */
function rule(domain: string, more: object = {}): string {
  return JSON.stringify({ ...storedRule({ to: [domain] }), ...more })
}

const level = (name: string) => ({ actions: { relayWithTls: { level: name } } })
const off = { enabled: false }
const report = { mode: 'report' }
const incoming = { direction: 'incoming', criteria: { from: { matchesAny: ['bank.example'] } } }

interface Stand {
  readonly rules?: Readonly<Record<string, string>> | Unreadable
  readonly service?: string | null | Unreadable
  readonly groups?: Readonly<Record<string, string>> | Unreadable
}

function compiled({ rules = {}, service = ON, groups = {} }: Stand, before?: RuleList): RuleList {
  const parts: OwnerParts = {
    owner: 'acme.example',
    service,
    rules: rules instanceof Unreadable ? rules : new Map(Object.entries(rules)),
  }
  return atOnce(
    RuleList.compile(parts, groups instanceof Unreadable ? groups : new Map(Object.entries(groups)), before),
  )
}

/** A level with its rule, `nothing`, or `waits`. */
function decision(list: RuleList, domain: string, direction: 'outgoing' | 'incoming' = 'outgoing'): string {
  const bank = { local: 'cfo', domain }
  const acme = { local: 'ann', domain: 'acme.example' }
  const [sender, recipient] = direction === 'outgoing' ? [acme, bank] : [bank, acme]
  try {
    const { requirement } = atOnce(list.rulingOn({ direction, sender, recipient, now: 0 }))
    return requirement ? `${requirement.level} by ${requirement.decidedBy[0]?.id ?? ''}` : 'nothing'
  } catch (error) {
    assert.ok(error instanceof InvalidEntry)
    return 'waits'
  }
}

interface Row {
  readonly what: string
  /** What the process read before, in order. @default nothing */
  readonly before?: readonly Stand[]
  readonly now: Stand
  /** Decisions for mail to these domains. */
  readonly is: Readonly<Record<string, string>>
  /** For mail from bank.example. @default not looked at */
  readonly incoming?: string
  readonly effects?: readonly Effect[]
}

const BANK = { bank: rule('bank.example') }
const GOOD = { rules: BANK }
const WAITS = { 'bank.example': 'waits', 'other.example': 'waits' }

const noAction = (more: object) => rule('clinic.example', { actions: {}, ...more })

/** Off, it is as good as any; switched on by whoever may write into the store, it is as a broken one. */
const NO_ACTION_ROWS: readonly Row[] = [
  {
    what: 'off',
    now: { rules: { ...BANK, clinic: noAction(off) } },
    is: { 'clinic.example': 'nothing', 'bank.example': 'encrypt by bank' },
    effects: [],
  },
  {
    what: 'on, in a fresh process',
    now: { rules: { ...BANK, clinic: noAction({}) } },
    is: WAITS,
    incoming: 'nothing',
    effects: ['waits'],
  },
  {
    what: 'on, in the place of the same one that was off',
    before: [{ rules: { clinic: noAction(off) } }],
    now: { rules: { ...BANK, clinic: noAction({}) } },
    is: WAITS,
    effects: ['waits'],
  },
  {
    what: 'on, in the place of one that enforced',
    before: [{ rules: { clinic: rule('clinic.example', level('verify')) } }],
    now: { rules: { clinic: noAction({}) } },
    is: { 'clinic.example': 'verify by clinic', 'other.example': 'nothing' },
    effects: ['last-valid'],
  },
  {
    what: 'on, and only reporting',
    now: { rules: { ...BANK, clinic: noAction(report) } },
    is: { 'clinic.example': 'nothing', 'bank.example': 'encrypt by bank' },
    effects: ['reports'],
  },
]

/** Ways for a rule for clinic.example to be broken; `{}` is what it says besides. */
const TYPOS: readonly (readonly [what: string, broken: (more: object) => string])[] = [
  ['text that is no JSON', (more) => `${rule('clinic.example', more).slice(0, -1)},}`],
  [
    'a quote that is not closed',
    (more) => rule('clinic.example', more).replace('"Enforced TLS"', '"Enforced TLS'),
  ],
  ['an unknown field', (more) => rule('clinic.example', { ...more, colour: 'red' })],
  ['a bad pattern', (more) => rule('clinic..example', more)],
  ['an unknown level', (more) => rule('clinic.example', { ...more, ...level('strong') })],
  ['a name that is too long', (more) => rule('clinic.example', { ...more, name: 'x'.repeat(201) })],
  [
    'too many patterns',
    (more) => rule('x', { ...more, criteria: { to: { matchesAny: Array(10_001).fill('clinic.example') } } }),
  ],
  ['a group that does not exist', (more) => rule('group:nobody', more)],
]

const TYPO_ROWS: readonly Row[] = TYPOS.flatMap(([what, broken]): Row[] => [
  {
    what: `${what}: new, in a fresh process`,
    now: { rules: { ...BANK, clinic: broken({}) } },
    is: WAITS,
    incoming: 'nothing',
    effects: ['waits'],
  },
  {
    what: `${what}: new beside valid ones, which were known`,
    before: [GOOD],
    now: { rules: { ...BANK, clinic: broken({}) } },
    is: WAITS,
    effects: ['waits'],
  },
  {
    what: `${what}: in the place of a valid one, beside a new rule`,
    before: [{ rules: { clinic: rule('clinic.example', level('verify')) } }],
    now: { rules: { ...BANK, clinic: broken({}) } },
    is: {
      'clinic.example': 'verify by clinic',
      'bank.example': 'encrypt by bank',
      'other.example': 'nothing',
    },
    effects: ['last-valid'],
  },
  {
    what: `${what}: off, in a fresh process`,
    now: { rules: { ...BANK, clinic: broken(off) } },
    is: { 'clinic.example': 'nothing', 'bank.example': 'encrypt by bank' },
    effects: ['off'],
  },
  {
    what: `${what}: off, in the place of one that was off`,
    before: [{ rules: { clinic: rule('clinic.example', off) } }],
    now: { rules: { ...BANK, clinic: broken(off) } },
    is: { 'clinic.example': 'nothing', 'bank.example': 'encrypt by bank' },
    effects: ['off'],
  },
  {
    what: `${what}: off, in the place of one that was on`,
    before: [{ rules: { clinic: rule('clinic.example') } }],
    now: { rules: { ...BANK, clinic: broken(off) } },
    is: { 'clinic.example': 'nothing', 'bank.example': 'encrypt by bank' },
    effects: ['off'],
  },
  {
    what: `${what}: on, in the place of one that was off`,
    before: [{ rules: { ...BANK, clinic: rule('clinic.example', off) } }],
    now: { rules: { ...BANK, clinic: broken({}) } },
    is: WAITS,
    effects: ['waits'],
  },
  {
    what: `${what}: only reports`,
    now: { rules: { ...BANK, clinic: broken(report) } },
    is: { 'clinic.example': 'nothing', 'bank.example': 'encrypt by bank' },
    effects: ['reports'],
  },
  {
    what: `${what}: enforces, in the place of one that only reported`,
    before: [{ rules: { clinic: rule('clinic.example', report) } }],
    now: { rules: { clinic: broken({ mode: 'enforce' }) } },
    is: { 'clinic.example': 'waits' },
    effects: ['waits'],
  },
  {
    what: `${what}: for incoming mail`,
    now: { rules: { ...BANK, clinic: broken({ direction: 'incoming' }) } },
    is: { 'bank.example': 'encrypt by bank', 'other.example': 'nothing' },
    incoming: 'waits',
    effects: ['waits'],
  },
  {
    what: `${what}: while the service is off`,
    now: { rules: { ...BANK, clinic: broken({}) }, service: OFF },
    is: { 'bank.example': 'nothing', 'clinic.example': 'nothing' },
    effects: ['sleeps'],
  },
  {
    what: `${what}: of a domain that has no service at all`,
    now: { rules: { ...BANK, clinic: broken({}) }, service: null },
    is: WAITS,
    effects: ['waits'],
  },
  {
    what: `${what}: mended`,
    before: [{ rules: { clinic: broken({}) } }],
    now: { rules: { clinic: rule('clinic.example', level('secure')) } },
    is: { 'clinic.example': 'secure by clinic', 'bank.example': 'nothing' },
    effects: [],
  },
  {
    what: `${what}: mended after a last valid version stood in`,
    before: [{ rules: { clinic: rule('clinic.example') } }, { rules: { clinic: broken({}) } }],
    now: { rules: { clinic: rule('clinic.example', level('secure')) } },
    is: { 'clinic.example': 'secure by clinic' },
    effects: [],
  },
  {
    what: `${what}: deleted`,
    before: [{ rules: { clinic: rule('clinic.example') } }, { rules: { clinic: broken({}) } }],
    now: { rules: BANK },
    is: { 'clinic.example': 'nothing', 'bank.example': 'encrypt by bank' },
    effects: [],
  },
  {
    what: `${what}: made again after it was deleted`,
    before: [{ rules: { clinic: rule('clinic.example') } }, { rules: BANK }],
    now: { rules: { ...BANK, clinic: broken({}) } },
    is: WAITS,
    effects: ['waits'],
  },
  {
    what: `${what}: still there after many reads`,
    before: [
      { rules: { clinic: rule('clinic.example', level('verify')) } },
      { rules: { clinic: broken({}) } },
      { rules: { ...BANK, clinic: broken({}) } },
      { rules: { ...BANK, clinic: '{' } },
    ],
    now: { rules: { ...BANK, clinic: broken({}) } },
    is: { 'clinic.example': 'verify by clinic', 'bank.example': 'encrypt by bank' },
    effects: ['last-valid'],
  },
])

const TEXT_ROWS: readonly Row[] = [
  { what: 'an id with a space', now: { rules: { ...BANK, 'a b': rule('a.example') } }, is: WAITS },
  {
    what: 'an id with a space, of a rule that is off',
    now: { rules: { ...BANK, 'a b': rule('a.example', off) } },
    is: { 'bank.example': 'encrypt by bank' },
    effects: ['off'],
  },
  { what: 'nothing but a brace', now: { rules: { ...BANK, a: '{' } }, is: WAITS, incoming: 'waits' },
  {
    what: 'nothing but a brace, in the place of a rule that was off',
    before: [{ rules: { ...BANK, a: rule('a.example', off) } }],
    now: { rules: { ...BANK, a: '{' } },
    is: { 'bank.example': 'encrypt by bank', 'a.example': 'nothing' },
    effects: ['last-valid'],
  },
  { what: 'a list', now: { rules: { ...BANK, a: '[{"enabled":false}]' } }, is: WAITS },
  { what: 'null', now: { rules: { ...BANK, a: 'null' } }, is: WAITS },
  { what: 'the text "false" for enabled', now: { rules: { a: '{"enabled":"false"}' } }, is: WAITS },
  { what: 'a word like false', now: { rules: { a: '{"enabled":falsey,' } }, is: WAITS },
  { what: 'half a false', now: { rules: { a: '{"enabled":fal' } }, is: WAITS },
  { what: 'two answers', now: { rules: { a: '{"enabled":false,"enabled":true,' } }, is: WAITS },
  {
    what: 'enabled within the name',
    now: { rules: { a: '{"name":"x \\"enabled\\": false",' } },
    is: WAITS,
  },
  ...(
    [
      ['in another object, in a text that is cut off', '{"criteria":{"enabled":false,"to'],
      [
        'in a header criterion',
        '{"name":"x","enabled":true,"criteria":{"header":{"mode":"report"}},"direction":"outgoing",',
      ],
      ['behind the end of the entry', '{"name":"x","enabled":true,"actions":{}},"mode":"report"'],
      ['in a list that was begun', '[{"mode":"report","enabled":true,"na'],
      ['in a comment that became a list', '{"name":"x","comment":["enabled":false],"criteria":{"to'],
      ['twice, and not the same', '{"mode":"report","mode":"enforce",'],
    ] as const
  ).map(([what, text]): Row => ({
    what: `a word for itself ${what}, in the place of a rule that enforces`,
    before: [{ rules: { a: rule('bank.example') } }],
    now: { rules: { a: text } },
    is: { 'bank.example': 'encrypt by a' },
    effects: ['last-valid'],
  })),
  { what: 'enabled in another object', now: { rules: { a: '{"criteria":{"enabled":false}}' } }, is: WAITS },
  {
    what: 'a text beyond what is looked through',
    now: { rules: { a: `{"enabled":false,${' '.repeat(1_000_000)}` } },
    is: WAITS,
  },
  {
    what: 'spaces around it',
    now: { rules: { a: '{ "enabled" :\n false ' } },
    is: { 'bank.example': 'nothing' },
    effects: ['off'],
  },
]

const exempt = { ...level('none') }
const all = (more: object = {}) => rule('*', { position: 5, ...more })
const ORDER_ROWS: readonly Row[] = [
  {
    what: 'a broken exemption keeps its last valid version, and its place',
    before: [{ rules: { x: rule('bank.example', { ...exempt, position: 2 }), all: all() } }],
    now: { rules: { x: '{"position":9', all: all() } },
    is: { 'bank.example': 'nothing', 'other.example': 'encrypt by all' },
    effects: ['last-valid'],
  },
  {
    what: 'a rule that is put above it goes before it',
    before: [{ rules: { x: rule('bank.example', { ...exempt, position: 2 }), all: all() } }],
    now: { rules: { x: '{', all: all({ position: 1 }) } },
    is: { 'bank.example': 'encrypt by all' },
  },
  {
    what: 'a broken exemption that nobody knows makes mail wait',
    now: { rules: { x: rule('bank..example', exempt), all: all() } },
    is: WAITS,
  },
  {
    what: 'a valid rule that requires something lets no mail out beside an unknown one',
    now: { rules: { all: all({ position: 1 }), x: '{' } },
    is: WAITS,
  },
  {
    what: 'a rule that another one hid is still known when it breaks and the other one goes',
    before: [
      {
        rules: { top: rule('bank.example'), low: rule('bank.example', { ...level('secure'), position: 2 }) },
      },
    ],
    now: { rules: { low: '{' } },
    is: { 'bank.example': 'secure by low' },
    effects: ['last-valid'],
  },
  {
    what: 'several at once, each for itself',
    before: [
      { rules: { a: rule('a.example'), b: rule('b.example', level('verify')), c: rule('c.example', off) } },
    ],
    now: {
      rules: {
        a: '{',
        b: rule('b..example'),
        c: '{',
        d: rule('d.example', { ...off, x: 1 }),
        e: rule('e.example'),
      },
    },
    is: {
      'a.example': 'encrypt by a',
      'b.example': 'verify by b',
      'c.example': 'nothing',
      'd.example': 'nothing',
      'e.example': 'encrypt by e',
    },
    effects: ['last-valid', 'last-valid', 'last-valid', 'off'],
  },
  {
    what: 'rules with a subject, a time, and several patterns are known as they were',
    before: [
      {
        rules: {
          a: rule('x', {
            criteria: { to: { matchesAny: ['a.example', 'b.example'], matchesNone: ['x@b.example'] } },
          }),
          b: rule('c.example', { expiresAt: '1969-01-01T00:00:00Z' }),
          c: rule('x', {
            criteria: { from: { matchesAny: ['ann@acme.example'] }, to: { matchesAny: ['d.example'] } },
          }),
        },
      },
    ],
    now: { rules: { a: '{', b: '{', c: '{' } },
    is: {
      'a.example': 'encrypt by a',
      'b.example': 'encrypt by a',
      'c.example': 'nothing',
      'd.example': 'encrypt by c',
    },
  },
  {
    what: 'an incoming rule keeps its last valid version',
    before: [{ rules: { a: rule('x', incoming) } }],
    now: { rules: { a: '{', ...BANK } },
    is: { 'bank.example': 'encrypt by bank', 'other.example': 'nothing' },
    incoming: 'encrypt by a',
  },
]

const BANKS = { banks: '["bank.example"]' }
const GROUPED = { rules: { g: rule('group:banks'), c: rule('clinic.example') } }
const both = { 'bank.example': 'encrypt by g', 'clinic.example': 'encrypt by c', 'other.example': 'nothing' }
const GROUP_ROWS: readonly Row[] = (
  [
    ['no JSON', { banks: '["bank' }],
    ['a bad pattern', { banks: '["bank..example"]' }],
    ['empty', { banks: '[]' }],
    ['deleted', {}],
    ['not to be read', new Unreadable('key groups is not a hash')],
  ] as const
).flatMap(([what, groups]): Row[] => [
  {
    what: `a group that is ${what}, in a fresh process`,
    now: { ...GROUPED, groups },
    is: WAITS,
    effects: ['waits'],
  },
  {
    what: `a group that is ${what}, known before`,
    before: [{ ...GROUPED, groups: BANKS }],
    now: { ...GROUPED, groups },
    is: both,
    effects: ['last-valid'],
  },
  {
    what: `a group that is ${what}, and a new rule that uses it`,
    before: [{ ...GROUPED, groups: BANKS }],
    now: {
      rules: { ...GROUPED.rules, a: rule('group:banks', level('secure')) },
      groups,
    },
    is: { 'bank.example': 'secure by a', 'clinic.example': 'encrypt by c' },
  },
  {
    what: `a group that is ${what}, in a rule that is off`,
    now: { rules: { ...BANK, g: rule('group:banks', off) }, groups },
    is: { 'bank.example': 'encrypt by bank' },
    effects: ['off'],
  },
  {
    what: `a group that is ${what}, mended`,
    before: [
      { ...GROUPED, groups: BANKS },
      { ...GROUPED, groups },
    ],
    now: { ...GROUPED, groups: { banks: '["other.example"]' } },
    is: { 'bank.example': 'nothing', 'other.example': 'encrypt by g' },
    effects: [],
  },
  {
    what: `a group that is ${what}, and that the changed rule needs no more`,
    before: [
      { ...GROUPED, groups: BANKS },
      { ...GROUPED, groups },
    ],
    now: { rules: BANK, groups },
    is: { 'bank.example': 'encrypt by bank' },
    effects: [],
  },
])
const MORE_GROUP_ROWS: readonly Row[] = [
  {
    what: 'a broken rule follows the group that it referred to',
    before: [{ ...GROUPED, groups: BANKS }],
    now: { rules: { g: '{' }, groups: { banks: '["bank.example","new.example"]' } },
    is: { 'new.example': 'encrypt by g', 'bank.example': 'encrypt by g' },
  },
  {
    what: 'also where it is one for exceptions',
    before: [
      {
        rules: { g: rule('x', { criteria: { to: { matchesAny: ['*'], matchesNone: ['group:banks'] } } }) },
        groups: BANKS,
      },
    ],
    now: { rules: { g: '{' }, groups: { banks: '["new.example"]' } },
    is: { 'new.example': 'nothing', 'bank.example': 'encrypt by g' },
  },
  {
    what: 'a rule that takes up a group that does not exist keeps what it was',
    before: [{ rules: { g: rule('clinic.example') } }],
    now: { rules: { g: rule('group:nobody') } },
    is: { 'clinic.example': 'encrypt by g', 'other.example': 'nothing' },
    effects: ['last-valid'],
  },
  {
    what: 'a broken rule and its broken group',
    before: [{ ...GROUPED, groups: BANKS }],
    now: { rules: { g: '{' }, groups: {} },
    is: { 'bank.example': 'encrypt by g', 'other.example': 'nothing' },
  },
]

const ONE = { rules: { ...BANK, x: rule('free.example', { ...exempt, position: 2 }) } }
const awake = { 'bank.example': 'encrypt by bank', 'other.example': 'nothing' }
const asleep = { 'bank.example': 'nothing', 'other.example': 'nothing' }
/** Only what a rule covers can be kept by the switch of all of them. */
const unsure = { 'bank.example': 'waits', 'other.example': 'nothing', 'free.example': 'nothing' }
const unreadable = new Unreadable('key domains is not a hash')
const SERVICE_ROWS: readonly Row[] = [
  {
    what: 'a service that is no JSON, in a fresh process',
    now: { ...ONE, service: 'on' },
    is: unsure,
    effects: ['waits'],
  },
  { what: 'that was on', before: [ONE], now: { ...ONE, service: 'on' }, is: awake, effects: ['last-valid'] },
  {
    what: 'that was on, with a new rule',
    before: [ONE],
    now: { rules: { ...BANK, n: rule('new.example') }, service: '{"enabled":"yes"}' },
    is: { ...awake, 'new.example': 'encrypt by n' },
  },
  { what: 'that was off', before: [{ ...ONE, service: OFF }], now: { ...ONE, service: '{' }, is: asleep },
  {
    what: 'that was off and says that it is on',
    before: [{ ...ONE, service: OFF }],
    now: { ...ONE, service: '{"enabled":true' },
    is: unsure,
  },
  {
    what: 'that was not there',
    before: [{ ...ONE, service: null }],
    now: { ...ONE, service: '{' },
    is: unsure,
  },
  {
    what: 'that says that it is off',
    before: [ONE],
    now: { ...ONE, service: '{"enabled":false' },
    is: asleep,
    effects: ['off'],
  },
  { what: 'that can not be read, in a fresh process', now: { ...ONE, service: unreadable }, is: unsure },
  {
    what: 'that can not be read, and was on',
    before: [ONE],
    now: { ...ONE, service: unreadable },
    is: awake,
  },
  {
    what: 'that can not be read, and was off',
    before: [{ ...ONE, service: OFF }],
    now: { ...ONE, service: unreadable },
    is: asleep,
  },
  {
    what: 'that is mended',
    before: [ONE, { ...ONE, service: '{' }],
    now: { ...ONE, service: OFF },
    is: asleep,
    effects: [],
  },
  { what: 'that nobody has rules for', now: { service: '{' }, is: asleep, effects: [] },
  {
    what: 'that is broken beside a broken rule',
    before: [ONE],
    now: { rules: { ...BANK, x: '{', n: '{' }, service: '{' },
    is: WAITS,
    effects: ['last-valid', 'waits', 'last-valid'],
  },
]

const gone = new Unreadable('key rules is not a hash')
const ALL_GONE = { rules: gone, groups: gone, service: gone }
const KEY_ROWS: readonly Row[] = [
  {
    what: 'rules that can not be read, in a fresh process',
    now: { rules: gone },
    is: WAITS,
    incoming: 'waits',
    effects: ['waits'],
  },
  {
    what: 'known before',
    before: [{ ...GROUPED, groups: BANKS }],
    now: { rules: gone, groups: BANKS },
    is: both,
    effects: ['last-valid'],
  },
  {
    what: 'known before, and a group that has changed',
    before: [{ ...GROUPED, groups: BANKS }],
    now: { rules: gone, groups: { banks: '["new.example"]' } },
    is: { 'new.example': 'encrypt by g', 'bank.example': 'nothing' },
  },
  {
    what: 'known before, and the service is off',
    before: [GOOD],
    now: { rules: gone, service: OFF },
    is: asleep,
  },
  {
    what: 'after a broken entry that made mail wait',
    before: [{ rules: { ...BANK, x: '{' } }],
    now: { rules: gone },
    is: WAITS,
  },
  {
    what: 'readable again, with a rule that broke meanwhile',
    before: [GOOD, { rules: gone }],
    now: { rules: { bank: '{' } },
    is: awake,
    effects: ['last-valid'],
  },
  { what: 'nothing at all can be read, in a fresh process', now: ALL_GONE, is: WAITS, effects: ['waits'] },
  { what: 'twice', before: [ALL_GONE], now: ALL_GONE, is: WAITS, effects: ['waits'] },
  {
    what: 'nothing at all can be read any more',
    before: [GOOD, ALL_GONE],
    now: ALL_GONE,
    is: awake,
    effects: ['last-valid'],
  },
  { what: 'and then it can be', before: [ALL_GONE], now: GOOD, is: awake, effects: [] },
]

for (const [name, rows] of Object.entries({
  'a broken rule': [...TYPO_ROWS, ...TEXT_ROWS],
  'a rule without an action': NO_ACTION_ROWS,
  'order beside a broken rule': ORDER_ROWS,
  'a broken group': [...GROUP_ROWS, ...MORE_GROUP_ROWS],
  'a broken service': SERVICE_ROWS,
  'a part that can not be read': KEY_ROWS,
}))
  describe(name, () => {
    for (const { what, before = [], now, is, incoming: comes, effects } of rows)
      it(what, () => {
        let known: RuleList | undefined
        for (const stand of before) known = compiled(stand, known)
        const list = compiled(now, known)
        for (const [domain, expected] of Object.entries(is))
          assert.equal(decision(list, domain), expected, domain)
        if (comes !== undefined) assert.equal(decision(list, 'bank.example', 'incoming'), comes)
        if (effects)
          assert.deepEqual(
            list.compiled.problems.map(({ effect }) => effect),
            effects,
          )
      })
  })

it('of very many broken entries the first are told, and all are counted', () => {
  const rules = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`r${n}`, '{']))
  const list = compiled({ rules })
  assert.equal(list.compiled.problems.length, 20)
  assert.equal(list.compiled.problemCount, 1000)
})

it('a broken entry is told with its place and what is wrong', () => {
  const told = (stand: Stand) =>
    compiled(stand).compiled.problems.map(({ place, problem }) => ({ place, problem }))[0]
  const rules = told({ rules: { r1: rule('bank..example') } })
  assert.deepEqual(rules?.place, { key: 'rules', owner: 'acme.example', field: 'r1' })
  assert.match(rules.problem, /^field criteria\.to\.matchesAny\[0\]: "bank\.\.example" has an empty label/)
  const service = told({ rules: BANK, service: 'on' })
  assert.deepEqual(service?.place, { key: 'domains', owner: 'acme.example', field: 'acme.example' })
  assert.match(service.problem, /^is not JSON/)
})

it('to look for the last valid versions in a long list pauses now and then', () => {
  const rules = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`r${n}`, rule(`d${n}.example`)]))
  const known = compiled({ rules })
  const parts = { owner: 'acme.example', service: ON, rules: new Map([['r7', '{']]) }
  const work = RuleList.compile(parts, new Map(), known)
  let pauses = 0
  let step = work.next()
  for (; step.done !== true; step = work.next()) pauses++
  assert.ok(pauses >= 10, `${pauses} pauses`)
  assert.equal(decision(step.value, 'd7.example'), 'encrypt by r7')
})
