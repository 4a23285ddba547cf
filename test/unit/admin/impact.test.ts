/** Which changes ask before they are made: rows of a store, a change, and the step that each rule takes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatImpact } from '../../../plugins/enforce-tls/admin/format-impact.js'
import { impactOf } from '../../../plugins/enforce-tls/admin/impact.js'
import { PARTNERS_MAX, partnersIn } from '../../../plugins/enforce-tls/admin/impact-partners.js'
import { RuleEffects } from '../../../plugins/enforce-tls/admin/rule-effects.js'
import {
  namedChange,
  ruleChanges,
  type EntryChange,
} from '../../../plugins/enforce-tls/store/entry-change.js'
import type { ReadStore } from '../../../plugins/enforce-tls/store/rule-store.js'
import { ACME, becomes, group, NONE, OFF, ON, rule, storeOf, type Held } from './held.js'

const BANK = rule(['bank.example'])
const disabled = { enabled: false }
const report = { mode: 'report' }
const over = { expiresAt: '2020-01-01T00:00:00Z' }
const everyone = { from: { matchesAny: ['ann@acme.example'] } }

const ASKING: readonly (readonly [string, [Held, EntryChange[]], string])[] = [
  ['a rule is switched on', becomes(rule(['b.example'], disabled), rule(['b.example'])), 'enforces'],
  ['a rule is made that is on', becomes(null, BANK), 'enforces'],
  ['report mode ends', becomes(rule(['b.example'], report), rule(['b.example'])), 'enforces'],
  ['an expired rule gets time', becomes(rule(['b.example'], over), rule(['b.example'])), 'enforces'],
  [
    'an expired rule is switched on',
    becomes(rule(['b'], { ...over, ...disabled }), rule(['b'], over)),
    'enforces',
  ],
  ['an exemption becomes a rule', becomes(rule(['b.example'], {}, NONE), rule(['b.example'])), 'enforces'],
  ['an exemption is switched on', becomes(rule(['b'], disabled, NONE), rule(['b'], {}, NONE)), 'exempts'],
  ['a level is lowered to none', becomes(BANK, rule(['bank.example'], {}, NONE)), 'exempts'],
  ['a level is raised', becomes(BANK, rule(['bank.example'], {}, { level: 'secure' })), 'requires-other'],
  [
    'a version is raised',
    becomes(BANK, rule(['bank.example'], {}, { level: 'encrypt', minVersion: 'TLSv1.3' })),
    'requires-other',
  ],
  ['a level is lowered', becomes(rule(['b'], {}, { level: 'secure' }), rule(['b'])), 'requires-other'],
  ['a partner comes in', becomes(BANK, rule(['bank.example', 'b.example'])), 'more-mail'],
  [
    'a partner comes under an exemption',
    becomes(rule(['b'], {}, NONE), rule(['b', 'c'], {}, NONE)),
    'more-mail',
  ],
  [
    'a condition goes',
    becomes(
      rule(['b'], { criteria: everyone }),
      rule(['b'], { criteria: { from: { matchesAny: ['ann@acme.example', 'bob@acme.example'] } } }),
    ),
    'more-mail',
  ],
  [
    'an exception goes',
    becomes(
      rule(['b'], { criteria: { to: { matchesNone: ['c', 'd'] } } }),
      rule(['b'], { criteria: { to: { matchesNone: ['c'] } } }),
    ),
    'more-mail',
  ],
  [
    'a header condition goes',
    becomes(
      rule(['b'], { criteria: { header: [{ name: 'X', matchesAny: ['a'] }], to: { matchesAny: ['b'] } } }),
      rule(['b']),
    ),
    'more-mail',
  ],
  [
    'an exemption is switched off',
    becomes(rule(['b'], {}, NONE), rule(['b'], disabled, NONE)),
    'exempts-less',
  ],
  ['an exemption is deleted', becomes(rule(['b'], {}, NONE), null), 'exempts-less'],
  [
    'a partner leaves an exemption',
    becomes(rule(['b', 'c'], {}, NONE), rule(['b'], {}, NONE)),
    'exempts-less',
  ],
  [
    'a rule of everyone is switched off',
    becomes(rule(['*']), rule(['*'], disabled), '*'),
    'service-wide-ends',
  ],
  ['a group in use grows', group(['b'], ['b', 'c'], rule(['group:banks'])), 'more-mail'],
  [
    'a group of an exemption shrinks',
    group(['b', 'c'], ['b'], rule(['group:banks'], {}, NONE)),
    'exempts-less',
  ],
  [
    'a group of an exception shrinks',
    group(['b', 'c'], ['b'], rule([], { criteria: { to: { matchesNone: ['group:banks'] } } })),
    'more-mail',
  ],
  [
    'message rules are switched on',
    [{ rules: { [ACME]: { a: BANK } }, off: true }, [namedChange('domains', ACME, OFF, ON)]],
    'enforces',
  ],
]

const EXEMPT = rule(['b.example'], {}, NONE)
const SILENT: readonly (readonly [string, [Held, EntryChange[]]])[] = [
  ['a rule is made that is off', becomes(null, rule(['b.example'], disabled, null))],
  ['a name changes', becomes(BANK, rule(['bank.example'], { name: 'Other' }))],
  ['a rule is switched off', becomes(BANK, rule(['bank.example'], disabled))],
  ['a rule is deleted', becomes(BANK, null)],
  ['a rule that is off changes', becomes(rule(['b'], disabled), rule(['b', 'c'], disabled))],
  [
    'a rule is switched on that reports',
    becomes(rule(['b'], { ...report, ...disabled }), rule(['b'], report)),
  ],
  ['a partner leaves', becomes(rule(['b', 'c']), rule(['b']))],
  ['a group in use shrinks', group(['b', 'c'], ['b'], rule(['group:banks']))],
  ['a group grows that no rule uses', group(['b'], ['b', 'c'], BANK)],
  ['a group grows that a rule uses that is off', group(['b'], ['b', 'c'], rule(['group:banks'], disabled))],
  [
    'message rules are switched off, and an exemption with them',
    [{ rules: { [ACME]: { a: EXEMPT } } }, [namedChange('domains', ACME, ON, OFF)]],
  ],
  [
    'message rules are switched off',
    [{ rules: { [ACME]: { a: BANK } } }, [namedChange('domains', ACME, ON, OFF)]],
  ],
  [
    'a rule is switched on where message rules are off',
    [{ ...becomes(rule(['b'], disabled), BANK)[0], off: true }, becomes(rule(['b'], disabled), BANK)[1]],
  ],
]

describe('a change asks before it is made', () => {
  for (const [what, [held, changes], step] of ASKING)
    it(`when ${what}`, async () => {
      const { rules, asks } = await impactOf(storeOf(held), changes)
      assert.deepEqual([rules.map((each) => each.step), asks], [[step], true])
    })
  for (const [what, [held, changes]] of SILENT)
    it(`not when ${what}`, async () => {
      assert.equal((await impactOf(storeOf(held), changes)).asks, false)
    })

  const moved = (other: object, action: object) => {
    const a = { ...other, position: 2 }
    const b = rule(['*'], { position: 3 }, action)
    const change = { id: 'b', expected: JSON.stringify(b), value: JSON.stringify({ ...b, position: 1 }) }
    return impactOf(storeOf({ rules: { [ACME]: { a, b } } }), ruleChanges(ACME, [change]))
  }
  it('when a rule gets above one that decided before', async () => {
    const { rules, asks } = await moved(BANK, NONE)
    assert.equal(asks, true)
    assert.ok(rules.some(({ step, owned }) => step === 'order' && owned.id === 'a'))
  })
  it('not when the order changes for nobody', async () => {
    assert.equal((await moved(rule(['bank.example'], disabled), NONE)).asks, false)
  })
})

describe('what a change would do', () => {
  const words = async ([held, changes]: [Held, EntryChange[]]) => {
    const store = storeOf(held)
    const impact = await impactOf(store, changes)
    const effects = new RuleEffects(impact.after, { reportOnly: false, offersTls: null })
    return (await formatImpact(impact, effects)).rules.flatMap(({ sentences }) => sentences).join('\n')
  }

  it('is that of the rules as they would be', async () => {
    assert.match(
      await words(becomes(null, BANK)),
      /^It would be on: mail from acme\.example to bank\.example leaves over TLS/,
    )
  })

  it('names the rule above that leaves it without effect', async () => {
    const [, changes] = becomes(null, rule(['bank.example'], { position: 5 }))
    const held = { rules: { [ACME]: { top: rule(['*'], { name: 'Top' }) } } }
    assert.match(
      await words([held, changes]),
      /has no effect: rule top of acme\.example \(Top\) above it decides/,
    )
  })

  it('says that its time is over', async () => {
    const [, changes] = becomes(rule(['b'], { ...over, ...disabled }), rule(['b.example'], over))
    const held = { rules: { [ACME]: { a: rule(['b.example'], { ...over, ...disabled }) } } }
    assert.match(await words([held, changes]), /inactive: it expired at 2020-01-01T00:00:00Z/)
  })

  it('warns of an exemption', async () => {
    assert.match(await words(becomes(BANK, rule(['bank.example'], {}, NONE))), /may leave without encryption/)
  })

  it('names own domains and mail without a sender for a rule of everyone', async () => {
    const said = await words(becomes(null, rule(['*']), '*'))
    assert.match(said, /mail without a sender \(<>\)/)
    assert.match(said, /bounces to your own domains as well \(acme\.example\)/)
  })

  it('names the partners that come in, groups expanded and bounded', async () => {
    const many = Array.from({ length: PARTNERS_MAX + 7 }, (_, index) => `p${index}.example`)
    const [held, changes] = group(
      ['old.example'],
      ['old.example', '.sub.example', ...many],
      rule(['group:banks']),
    )
    const impact = await impactOf(storeOf(held), changes)
    const { partners, more, unnamed } = partnersIn(impact, () => true)
    assert.deepEqual([partners.length, more, unnamed], [PARTNERS_MAX, 7, ['.sub.example']])
    assert.equal(partners[0]?.domain, 'p0.example')
  })
})

it('reads once those whose rules do not name a group that changes, and looks at no rule of theirs', async () => {
  const names = rule(['group:banks'])
  const spelled = JSON.stringify(names).replace('group:', '\\u0067roup:')
  const rules = {
    [ACME]: { a: names },
    'b.example': { b: rule(['group:others']) },
    'c.example': { c: names },
  }
  const store = storeOf({ rules, groups: { banks: ['x.example'] } })
  const reads: string[] = []
  const counted: ReadStore = {
    ...store,
    readOwner: async (owner) => {
      reads.push(owner)
      const read = await store.readOwner(owner)
      return owner === 'c.example' ? { ...read, rules: new Map([['c', spelled]]) } : read
    },
  }
  const change = namedChange('groups', 'banks', '["x.example"]', '["x.example","y.example"]')
  const { rules: found } = await impactOf(counted, [change])
  assert.deepEqual(
    found.map(({ owned }) => owned.owner),
    [ACME, 'c.example'],
  )
  assert.equal(reads.filter((owner) => owner === 'b.example').length, 1)
})
