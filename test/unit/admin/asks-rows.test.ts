/** Changes of dates and places, and rules that take over from others: rows of what asks, with its step and its date. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { impactOf } from '../../../plugins/enforce-tls/admin/impact.js'
import { partnersIn } from '../../../plugins/enforce-tls/admin/impact-partners.js'
import { formatImpact } from '../../../plugins/enforce-tls/admin/format-impact.js'
import { RuleEffects } from '../../../plugins/enforce-tls/admin/rule-effects.js'
import {
  namedChange,
  ruleChanges,
  type EntryChange,
} from '../../../plugins/enforce-tls/store/entry-change.js'
import { ACME, NONE, rule, storeOf, type Held } from './held.js'

const LATER = '2040-01-01T00:00:00Z'
const LATEST = '2050-01-01T00:00:00Z'
const PAST = '2020-01-01T00:00:00Z'
const PINNED = { level: 'fingerprint', fingerprints: [Array(32).fill('AA').join(':')] }

const MANY = Array.from({ length: 4000 }, (_, index) => `p${index}.example`)

type Rules = Readonly<Record<string, object>>

/** The rules of an owner become others; a rule that is not named goes. */
function from(before: Rules, after: Rules, owner = ACME, groups = {}): [Held, EntryChange[]] {
  const changes = [...new Set([...Object.keys(before), ...Object.keys(after)])].map((id) => ({
    id,
    expected: before[id] === undefined ? null : JSON.stringify(before[id]),
    value: after[id] === undefined ? null : JSON.stringify(after[id]),
  }))
  return [{ rules: { [owner]: before }, groups }, ruleChanges(owner, changes)]
}

const exempt = (dates: object, position = 1) => rule(['b.example'], { position, name: 'E', ...dates }, NONE)
const enforcing = (dates: object, position = 2, to = ['b.example']) =>
  rule(to, { position, name: 'R', ...dates })
/** Below, for everyone, and stricter than what stands above it. */
const strict = (position = 2, dates = {}) => rule(['*'], { position, name: 'Strict', ...dates }, PINNED)
const tls = (more = {}) => enforcing(more, 1, ['tls.example'])

/** what changes, from, to, the steps with their dates */
const ROWS: readonly (readonly [string, [Held, EntryChange[]], readonly string[]])[] = [
  [
    'an exemption above a rule starts at once instead of later',
    from(
      { a: exempt({ startsAt: LATER }), b: enforcing({}) },
      { a: exempt({ startsAt: PAST }), b: enforcing({}) },
    ),
    ['a exempts at once'],
  ],
  [
    'a rule starts at once instead of later',
    from({ a: enforcing({ startsAt: LATER }) }, { a: enforcing({ startsAt: PAST }) }),
    ['a enforces at once'],
  ],
  [
    'a rule starts earlier, and not yet',
    from({ a: enforcing({ startsAt: LATEST }) }, { a: enforcing({ startsAt: LATER }) }),
    [`a enforces ${LATER}`],
  ],
  [
    'a start is removed',
    from({ a: enforcing({ startsAt: LATER }) }, { a: enforcing({}) }),
    ['a enforces at once'],
  ],
  [
    'an exemption starts later',
    from({ a: exempt({}), b: enforcing({}) }, { a: exempt({ startsAt: LATER }), b: enforcing({}) }),
    ['a exempts-less at once', 'b takes-over at once'],
  ],
  [
    'a rule of everyone starts later',
    from({ a: enforcing({}) }, { a: enforcing({ startsAt: LATER }) }, '*'),
    ['a service-wide-ends at once'],
  ],
  [
    'a rule starts later',
    from({ a: enforcing({}) }, { a: enforcing({ startsAt: LATER }) }),
    ['a lapses at once'],
  ],
  [
    'a rule has expired',
    from({ a: enforcing({}) }, { a: enforcing({ expiresAt: PAST }) }),
    ['a lapses at once'],
  ],
  [
    'a rule expires',
    from({ a: enforcing({}) }, { a: enforcing({ expiresAt: LATER }) }),
    [`a lapses ${LATER}`],
  ],
  [
    'an exemption becomes permanent',
    from({ a: exempt({ expiresAt: LATER }) }, { a: exempt({}) }),
    [`a exempts ${LATER}`],
  ],
  [
    'a rule becomes permanent',
    from({ a: enforcing({ expiresAt: LATER }) }, { a: enforcing({ expiresAt: LATEST }) }),
    [`a enforces ${LATER}`],
  ],
  [
    'an exemption expires',
    from({ a: exempt({}), b: enforcing({}) }, { a: exempt({ expiresAt: LATER }), b: enforcing({}) }),
    [`a exempts-less ${LATER}`, `b takes-over ${LATER}`],
  ],
  [
    'a future exemption is switched on',
    from({ a: exempt({ startsAt: LATER, enabled: false }) }, { a: exempt({ startsAt: LATER }) }),
    [`a exempts ${LATER}`],
  ],
  [
    'a future exemption gets above a rule',
    from(
      { a: enforcing({}, 1), b: exempt({ startsAt: LATER }, 2) },
      { a: enforcing({}, 2), b: exempt({ startsAt: LATER }, 1) },
    ),
    [`a order ${LATER}`, `b order ${LATER}`],
  ],
  [
    'a rule gets below a stricter one',
    from({ a: tls(), b: strict() }, { a: tls({ position: 3 }), b: strict() }),
    ['a order at once', 'b takes-over at once'],
  ],
  ...(
    [
      ['is switched off', tls({ enabled: false })],
      ['is deleted', undefined],
      ['only reports', tls({ mode: 'report' })],
      [
        'matches less',
        tls({ criteria: { to: { matchesAny: ['tls.example'], matchesNone: ['tls.example'] } } }),
      ],
      ['is for other partners', tls({ criteria: { to: { matchesNone: ['tls.example'] } } })],
      [
        'is for other senders',
        tls({ criteria: { to: { matchesAny: ['tls.example'] }, from: { matchesNone: ['acme.example'] } } }),
      ],
      [
        'is for other subjects',
        tls({ criteria: { to: { matchesAny: ['tls.example'] }, subject: { matchesAny: ['x'] } } }),
      ],
    ] as const
  ).map(([what, after]): readonly [string, [Held, EntryChange[]], readonly string[]] => [
    `a rule above a stricter one ${what}`,
    from({ a: tls(), b: strict() }, { ...(after && { a: after }), b: strict() }),
    what === 'is for other partners'
      ? ['a more-mail at once', 'b takes-over at once']
      : ['b takes-over at once'],
  ]),
  [
    'a rule matches less and gets below an exemption',
    from(
      { a: enforcing({}, 1, ['b.example', 'c.example']), b: exempt({}, 2) },
      { a: enforcing({}, 3), b: exempt({}, 2) },
    ),
    ['a order at once'],
  ],
  [
    'a rule for more partners than are looked at is switched off above a stricter one for the last of them',
    from(
      { a: rule(MANY), b: rule([MANY.at(-1) ?? ''], { position: 2 }, PINNED) },
      { b: rule([MANY.at(-1) ?? ''], { position: 2 }, PINNED) },
    ),
    ['b takes-over at once'],
  ],
  [
    'a rule expires above a stricter one',
    from({ a: tls(), b: strict() }, { a: tls({ expiresAt: PAST }), b: strict() }),
    ['a lapses at once', 'b takes-over at once'],
  ],
  [
    'a rule is switched off above a stricter one that starts later',
    from({ a: tls(), b: strict(2, { startsAt: LATER }) }, { b: strict(2, { startsAt: LATER }) }),
    [`b takes-over ${LATER}`],
  ],
  [
    'several are deleted above a stricter one',
    from({ a: tls(), c: enforcing({}, 1, ['c.example']), b: strict() }, { b: strict() }),
    ['b takes-over at once'],
  ],
  [
    'a rule is turned into one for incoming mail',
    from(
      { a: rule(['*'], { criteria: { from: { matchesAny: ['b.example'] } } }) },
      { a: rule(['*'], { criteria: { from: { matchesAny: ['b.example'] } }, direction: 'incoming' }) },
    ),
    ['a requires-other at once'],
  ],
]

/** Nothing bounces or leaves in the clear by them that was not plainly said. */
const SILENT: readonly (readonly [string, [Held, EntryChange[]]])[] = [
  [
    'a rule is switched off above one that demands no more',
    from({ a: strict(1), b: tls({ position: 2 }) }, { b: tls({ position: 2 }) }),
  ],
  [
    'a rule is switched off below a stricter one',
    from({ a: tls({ position: 3 }), b: strict() }, { b: strict() }),
  ],
  [
    'a rule is switched off above a stricter one for others',
    from({ a: tls(), b: enforcing({}, 2) }, { b: enforcing({}, 2) }),
  ],
  [
    'a rule is switched off above a stricter one that is off',
    from({ a: tls(), b: strict(2, { enabled: false }) }, { b: strict(2, { enabled: false }) }),
  ],
  [
    'a rule is switched off above a stricter one that has expired',
    from({ a: tls(), b: strict(2, { expiresAt: PAST }) }, { b: strict(2, { expiresAt: PAST }) }),
  ],
  [
    'dates of a rule change that is off',
    from({ a: exempt({ enabled: false }) }, { a: exempt({ enabled: false, startsAt: PAST }) }),
  ],
  ['a date says the same', from({ a: enforcing({ startsAt: PAST }) }, { a: enforcing({}) })],
  [
    'places change for nobody',
    from(
      { a: enforcing({}, 1), b: enforcing({}, 2, ['c.example']) },
      { a: enforcing({}, 2), b: enforcing({}, 1, ['c.example']) },
    ),
  ],
]

describe('a change of dates or places, or of a rule with another one below it', () => {
  const stepsOf = async ([held, changes]: [Held, EntryChange[]]) => {
    const { rules, asks } = await impactOf(storeOf(held), changes)
    const when = (at: number | null) =>
      at === null ? 'at once' : new Date(at).toISOString().replace('.000', '')
    return { asks, steps: rules.map(({ owned, step, at }) => `${owned.id} ${step} ${when(at)}`).sort() }
  }
  for (const [what, change, steps] of ROWS)
    it(`asks when ${what}`, async () => {
      const found = await stepsOf(change)
      assert.equal(found.asks, true)
      for (const step of steps)
        assert.ok(found.steps.includes(step), `${step} is missing among ${found.steps.join(', ')}`)
    })
  for (const [what, change] of SILENT)
    it(`asks nothing when ${what}`, async () => {
      assert.equal((await stepsOf(change)).asks, false)
    })

  it('names the partners whose mail another rule takes over', async () => {
    const members = ['tls.example', 'new.example']
    const held = { banks: members }
    const used = rule(['group:banks'], { name: 'A' })
    const [store, changes] = [
      storeOf({ rules: { [ACME]: { a: used, b: strict() } }, groups: held }),
      [namedChange('groups', 'banks', JSON.stringify(members), JSON.stringify(['tls.example']))],
    ]
    const impact = await impactOf(store, changes)
    assert.equal(impact.asks, true)
    const { partners } = partnersIn(impact, () => true)
    assert.deepEqual(
      partners.map(({ domain, action: { level } }) => [domain, level]),
      [['new.example', 'fingerprint']],
    )
  })

  const said = async ([held, changes]: [Held, EntryChange[]]) => {
    const impact = await impactOf(storeOf(held), changes)
    const effects = new RuleEffects(impact.after, { reportOnly: false, offersTls: null })
    return (await formatImpact(impact, effects)).rules.flatMap(({ sentences }) => sentences).join('\n')
  }
  it('says from when on mail may leave without encryption', async () => {
    const future = exempt({ startsAt: LATER })
    const words = await said(from({ a: exempt({ startsAt: LATER, enabled: false }) }, { a: future }))
    assert.match(words, /^From 2040-01-01T00:00:00Z on it would be on: .* does not require TLS/)
    assert.match(words, /from 2040-01-01T00:00:00Z on mail that it matches may leave without encryption/)
    const moved = from(
      { a: enforcing({}, 1), b: { ...future, position: 2 } },
      { a: enforcing({}, 2), b: future },
    )
    assert.match(
      await said(moved),
      /From 2040-01-01T00:00:00Z on it would be on, but has no effect: rule b .* exempts/,
    )
  })
  it('says from when on a rule no longer requires TLS, or exempts', async () => {
    const lapses = from({ a: enforcing({}) }, { a: enforcing({ expiresAt: LATER }) })
    assert.match(
      await said(lapses),
      /^From 2040-01-01T00:00:00Z on it would no longer require TLS\.\nNo other rule requires TLS for its mail/,
    )
    assert.match(
      await said(from({ a: enforcing({}) }, { a: enforcing({ startsAt: LATER }) })),
      /^It would be on, but inactive: it starts at 2040-01-01T00:00:00Z\.\nNo other rule requires TLS/,
    )
    assert.match(
      await said(from({ a: exempt({}) }, { a: exempt({ expiresAt: LATER }) })),
      /^From 2040-01-01T00:00:00Z on it would no longer exempt its mail from the rules below it\./,
    )
  })
  it('says whose mail another rule takes over', async () => {
    const words = await said(from({ a: tls(), b: strict() }, { b: strict() }))
    assert.match(
      words,
      /^Mail to tls\.example would have to fulfil this rule instead, which requires more\.\nIt would be on/,
    )
  })
  it('says what a rule that is turned to incoming mail no longer covers', async () => {
    const rest = { criteria: { from: { matchesAny: ['b.example'] } } }
    const turned = (action: object) =>
      said(
        from(
          { a: rule(['*'], rest, action) },
          { a: rule(['*'], { ...rest, direction: 'incoming' }, action) },
        ),
      )
    assert.match(
      await turned({ level: 'encrypt' }),
      /It would no longer cover outgoing mail, which may leave unencrypted where no other rule requires TLS\./,
    )
    assert.match(await turned(NONE), /It would no longer exempt outgoing mail from the rules below it\./)
  })
})
