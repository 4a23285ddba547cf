/** One rule decides for mail of another one, by whatever change: what it asks for less is said, and "more" of no such rule. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatImpact } from '../../../plugins/enforce-tls/admin/format-impact.js'
import { impactOf } from '../../../plugins/enforce-tls/admin/impact.js'
import { formatLessThanBefore } from '../../../plugins/enforce-tls/admin/less-than-before.js'
import { RuleEffects } from '../../../plugins/enforce-tls/admin/rule-effects.js'
import type { RelayWithTls } from '../../../plugins/enforce-tls/rules/rule.js'
import { ruleChanges, type EntryChange } from '../../../plugins/enforce-tls/store/entry-change.js'
import { ACME, becomes, rule, storeOf, type Held } from './held.js'

const NONE: RelayWithTls = { level: 'published', otherwise: 'none' }
const ENCRYPT: RelayWithTls = { level: 'encrypt' }
const VERIFY: RelayWithTls = { level: 'verify' }
const MUST: RelayWithTls = { level: 'encrypt', requireOnward: 'must' }
const DANE: RelayWithTls = { level: 'dane', otherwise: 'none' }
const CLEAR = /asks for less than before: mail may leave in the clear where the partner publishes/

/** what held, what holds then, and what is said of it */
const DIFFERENT: readonly (readonly [RelayWithTls, RelayWithTls, RegExp])[] = [
  [ENCRYPT, NONE, CLEAR],
  [VERIFY, NONE, CLEAR],
  [{ level: 'encrypt', minVersion: 'TLSv1.3' }, NONE, CLEAR],
  [ENCRYPT, DANE, CLEAR],
  [
    VERIFY,
    { level: 'published', otherwise: 'encrypt' },
    /less than before: TLS with any certificate is enou/,
  ],
]
const WEAKER: readonly (readonly [RelayWithTls, RelayWithTls, RegExp])[] = [
  [MUST, NONE, CLEAR],
  [{ level: 'published', otherwise: 'encrypt' }, NONE, CLEAR],
  [{ level: 'published' }, NONE, CLEAR],
  [MUST, ENCRYPT, /asks for less than before: mail no longer leaves only with REQUIRETLS/],
  [VERIFY, ENCRYPT, /asks for less than before: the certificate no longer has to be trusted/],
]

type Rules = Readonly<Record<string, object>>
function from(before: Rules, after: Rules): [Held, EntryChange[]] {
  const changes = [...new Set([...Object.keys(before), ...Object.keys(after)])].map((id) => ({
    id,
    expected: before[id] === undefined ? null : JSON.stringify(before[id]),
    value: after[id] === undefined ? null : JSON.stringify(after[id]),
  }))
  return [{ rules: { [ACME]: before } }, ruleChanges(ACME, changes)]
}

const TO = ['ord.example']
const ENDS: Readonly<Record<string, object | undefined>> = {
  'is switched off': { enabled: false },
  'only reports': { mode: 'report' },
  expires: { expiresAt: '2040-01-01T00:00:00Z' },
  'matches less': { criteria: { to: { matchesAny: ['other.example'] } } },
  'is deleted': undefined,
}

async function said([held, changes]: [Held, EntryChange[]]): Promise<string> {
  const impact = await impactOf(storeOf(held), changes)
  assert.equal(impact.asks, true)
  const effects = new RuleEffects(impact.after, { reportOnly: false, offersTls: null })
  return (await formatImpact(impact, effects)).rules.flatMap(({ sentences }) => sentences).join('\n')
}

const named = (action: object) => JSON.stringify(action).replace(/["{}]/g, '')
for (const [held, action, expected] of [...DIFFERENT, ...WEAKER])
  describe(`${named(action)} decides for mail of ${named(held)}`, () => {
    const a = rule(TO, { position: 2, name: 'A' }, held)
    const b = (more: object = {}, to = TO) => rule(to, { position: 3, name: 'B', ...more }, action)
    const ways: Readonly<Record<string, [Held, EntryChange[]]>> = {
      'is moved above': from({ a, b: b() }, { a, b: b({ position: 1 }) }),
      'is switched on above': from(
        { a, b: b({ position: 1, enabled: false }) },
        { a, b: b({ position: 1 }) },
      ),
      'is created above': from({ a }, { a, b: b({ position: 1 }) }),
      'matches more': from({ a, b: b({ position: 1 }, ['other.example']) }, { a, b: b({ position: 1 }) }),
      'takes its place': becomes(a, b({ position: 2 })),
    }
    for (const [way, change] of Object.entries(ways))
      it(`as it ${way}`, async () => {
        const words = await said(change)
        assert.match(words, expected)
        assert.doesNotMatch(words, /requires more/)
      })
    if (DIFFERENT.some(([each, other]) => each === held && other === action))
      for (const [way, more] of Object.entries(ENDS))
        it(`as that ${way}`, async () => {
          const words = await said(from({ a, b: b() }, { ...(more && { a: { ...a, ...more } }), b: b() }))
          assert.match(words, /instead, which requires something else: level .+, and no longer level .+\.$/m)
          assert.match(words, expected)
          assert.doesNotMatch(words, /requires more/)
        })
  })

describe('what the sender of a message can waive', () => {
  const WAIVES = /asks for less than before: .*the sender of a message can waive TLS \(TLS-Required: No\)/
  for (const [before, after] of [
    [{ ...NONE, requireOnward: 'offered' }, NONE],
    [{ ...DANE, minVersion: 'TLSv1.2' }, DANE],
    [{ ...DANE, minVersion: 'TLSv1.3' }, DANE],
    [{ ...NONE, trust: 'bank' }, NONE],
    [{ ...NONE, onFailure: 'reroute', via: 'gate' }, NONE],
    [ENCRYPT, NONE],
  ] as const) {
    it(`is less than before: ${named(before)}, then ${named(after)}`, () => {
      assert.match(formatLessThanBefore(before, after) ?? '', WAIVES)
    })
    it(`is no loss the other way round: ${named(after)}, then ${named(before)}`, () => {
      assert.doesNotMatch(formatLessThanBefore(after, before) ?? '', WAIVES)
    })
  }
  const onlyFor = (ends: object | undefined) => {
    const [star, acme] = [rule(TO, { name: 'Star' }), rule(TO, { name: 'Acme' }, NONE)]
    const value = ends === undefined ? null : JSON.stringify({ ...star, ...ends })
    const change = { id: 'a', expected: JSON.stringify(star), value }
    return said([{ rules: { '*': { a: star }, [ACME]: { b: acme } } }, ruleChanges('*', [change])])
  }
  for (const [way, ends] of Object.entries(ENDS).filter(([each]) => !/less|reports/.test(each)))
    it(`is said of what is left where a rule of the whole service ${way}`, async () => {
      assert.match(
        await onlyFor(ends),
        /Level published is still required for .*, by rule b of acme\.example \(Acme\); mail may leave in the clear where nothing is published, or where its sender waives TLS \(TLS-Required: No\)\./,
      )
    })
})

it('a step down in REQUIRETLS is less than before', () => {
  for (const after of [{ ...MUST, requireOnward: 'offered' } as const, ENCRYPT])
    assert.match(formatLessThanBefore(MUST, after) ?? '', /no longer leaves only with REQUIRETLS/)
})
