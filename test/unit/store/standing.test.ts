/** What a store is to a Haraka: each row is a store as it is now, and what was seen before. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StoreIdentity } from '../../../plugins/enforce-tls/store/rule-store.js'
import { standingOf, toRemember, type SeenStore } from '../../../plugins/enforce-tls/store/standing.js'
import type { OnEmptyStore } from '../../../plugins/enforce-tls/settings/types.js'
import { unmarkedName } from '../../../plugins/enforce-tls/store/marker.js'

const HERE = 'redis redis://127.0.0.1:6379 (prefix enforce-tls:)'
const THERE = 'redis redis://127.0.0.1:6379/1 (prefix enforce-tls:)'
const SINCE = '2026-01-31T12:00:00.000Z'
const marker = (id: string, more: object = {}) =>
  JSON.stringify({ id, made: '2026-01-01T00:00:00.000Z', ...more })

const EMPTY: StoreIdentity = {
  marker: null,
  markerProblem: null,
  hasServices: false,
  hasRulesForAll: false,
  traces: [],
  missing: false,
}
const MISSING: StoreIdentity = { ...EMPTY, missing: true }
const RULES: StoreIdentity = { ...EMPTY, hasServices: true }
const seen = (id: string | null, place = HERE): SeenStore => ({ place, id, since: SINCE })

interface Row {
  readonly name: string
  readonly identity: StoreIdentity
  readonly seen?: SeenStore
  readonly on?: OnEmptyStore
  readonly mayHaveLost?: boolean
  readonly state: 'known' | 'new' | 'gone'
  /** What is said. @default nothing */
  readonly says?: RegExp
}

const ROWS: readonly Row[] = [
  {
    name: 'a fresh install',
    identity: EMPTY,
    state: 'new',
    says: /never seen rules, so mail is delivered as usual/,
  },
  {
    name: 'a rules file that is not there yet',
    identity: MISSING,
    state: 'new',
    says: /is missing, and this Haraka has never seen rules/,
  },
  {
    name: 'the same beside a history',
    identity: { ...MISSING, traces: ['file a.history.jsonl'] },
    state: 'gone',
    says: /is missing, and had rules before/,
  },
  {
    name: 'the same where it is to wait',
    identity: MISSING,
    on: 'defer',
    state: 'gone',
    says: /is missing and has no marker/,
  },
  {
    name: 'a rules file that is not there any more',
    identity: MISSING,
    seen: seen('a'),
    state: 'gone',
    says: /has lost its rules: it is missing, and rules were seen there before/,
  },
  {
    name: 'another rules file, which is not there',
    identity: MISSING,
    seen: seen('a', THERE),
    state: 'gone',
    says: /is missing, and rules were seen in redis .* before/,
  },
  {
    name: 'a fresh install that is to wait',
    identity: EMPTY,
    on: 'defer',
    state: 'gone',
    says: /on_empty_store=defer/,
  },
  {
    name: 'an empty store beside which a history is left, without a memory',
    identity: { ...EMPTY, traces: ['file a.history.jsonl', 'file a.deliveries.jsonl'] },
    state: 'gone',
    says: /had rules before: file a\.history\.jsonl and file a\.deliveries\.jsonl still there.*enforce-tls init/,
  },
  {
    name: 'the same where mail shall leave',
    identity: { ...EMPTY, traces: ['key enforce-tls:history'] },
    on: 'deliver',
    state: 'new',
    says: /had rules before: key enforce-tls:history still there/,
  },
  { name: 'a fresh install after init', identity: { ...EMPTY, marker: marker('a') }, state: 'known' },
  {
    name: 'one after init that is to wait',
    identity: { ...EMPTY, marker: marker('a') },
    on: 'defer',
    state: 'known',
  },
  { name: 'rules of version 0.1.0', identity: RULES, state: 'known' },
  { name: 'rules of all, of version 0.1.0', identity: { ...EMPTY, hasRulesForAll: true }, state: 'known' },
  { name: 'what was seen', identity: { ...RULES, marker: marker('a') }, seen: seen('a'), state: 'known' },
  {
    name: 'what was seen, under another address',
    identity: { ...RULES, marker: marker('a') },
    seen: seen('a', THERE),
    state: 'known',
  },
  {
    name: 'what was seen, its last rule deleted',
    identity: { ...EMPTY, marker: marker('a') },
    seen: seen('a'),
    state: 'known',
  },
  {
    name: 'what was seen, its rules removed by Redis itself',
    identity: { ...EMPTY, marker: marker('a') },
    seen: seen('a'),
    mayHaveLost: true,
    state: 'gone',
    says: /Redis may have removed them/,
  },
  {
    name: 'one that lost all',
    identity: EMPTY,
    seen: seen('a'),
    state: 'gone',
    says: /has lost its rules.*\(id a\).*enforce-tls init$/,
  },
  {
    name: 'one of version 0.1.0 that lost all',
    identity: EMPTY,
    seen: seen(null),
    state: 'gone',
    says: /has lost its rules/,
  },
  {
    name: 'one that lost all, where that does not matter',
    identity: EMPTY,
    seen: seen('a'),
    on: 'deliver',
    state: 'new',
    says: /has lost its rules/,
  },
  {
    name: 'one that lost its marker',
    identity: RULES,
    seen: seen('a'),
    state: 'gone',
    says: /its marker is gone.*some may be missing.*--accept a$/,
  },
  {
    name: 'one whose marker can no longer be read',
    identity: { ...RULES, markerProblem: 'key x may not be read' },
    seen: seen('a'),
    state: 'gone',
    says: /because key x may not be read/,
  },
  {
    name: 'one whose marker could never be read',
    identity: { ...RULES, markerProblem: 'key x may not be read' },
    seen: seen(null),
    state: 'known',
    says: /Without its marker, a loss of all rules may go unnoticed/,
  },
  {
    name: 'one with a broken marker',
    identity: { ...RULES, marker: 'text' },
    seen: seen(null),
    state: 'known',
    says: /its marker is not JSON.*enforce-tls init replaces it/,
  },
  {
    name: 'one with a broken marker, which had one',
    identity: { ...RULES, marker: 'text' },
    seen: seen('a'),
    state: 'gone',
    says: /its marker is gone/,
  },
  {
    name: 'an empty one elsewhere',
    identity: EMPTY,
    seen: seen('a', THERE),
    state: 'gone',
    says: /is empty, and rules were seen in redis redis:\/\/127\.0\.0\.1:6379\/1 .*--accept a$/,
  },
  {
    name: 'an empty one elsewhere, before any marker',
    identity: EMPTY,
    seen: seen(null, THERE),
    state: 'gone',
    says: new RegExp(`--accept ${unmarkedName(THERE)}$`),
  },
  {
    name: 'rules elsewhere, before any marker',
    identity: RULES,
    seen: seen(null, THERE),
    state: 'known',
    says: /neither has a marker.*Run enforce-tls init$/,
  },
  {
    name: 'another one',
    identity: { ...RULES, marker: marker('b') },
    seen: seen('a'),
    state: 'gone',
    says: /is a different store \(id b\).*\(id a\).*--accept a$/,
  },
  {
    name: 'another one that is empty',
    identity: { ...EMPTY, marker: marker('b') },
    seen: seen('a'),
    state: 'gone',
    says: /is a different store/,
  },
  {
    name: 'another one that is accepted',
    identity: { ...RULES, marker: marker('b', { accepts: ['a'] }) },
    seen: seen('a'),
    state: 'known',
  },
  {
    name: 'another one that is accepted for a third',
    identity: { ...RULES, marker: marker('b', { accepts: ['c'] }) },
    seen: seen('a'),
    state: 'gone',
    says: /is a different store/,
  },
  {
    name: 'one accepted for what had no marker',
    identity: { ...RULES, marker: marker('b', { accepts: [unmarkedName(THERE)] }) },
    seen: seen(null, THERE),
    state: 'known',
  },
  {
    name: 'the first marker of rules that were there',
    identity: { ...RULES, marker: marker('b', { held: true }) },
    seen: seen(null),
    state: 'known',
  },
  {
    name: 'new rules in a store of version 0.1.0 that was emptied',
    identity: { ...RULES, marker: marker('b') },
    seen: seen(null),
    state: 'gone',
    says: /is a different store/,
  },
  {
    name: 'one that was emptied and then initialised',
    identity: { ...EMPTY, marker: marker('b', { init: true, made: '2026-02-01T00:00:00.000Z' }) },
    seen: seen('a'),
    state: 'known',
  },
  {
    name: 'one that was initialised long before',
    identity: { ...EMPTY, marker: marker('b', { init: true }) },
    seen: seen('a'),
    state: 'gone',
    says: /is a different store/,
  },
  {
    name: 'one that was initialised elsewhere',
    identity: { ...EMPTY, marker: marker('b', { init: true, made: '2026-02-01T00:00:00.000Z' }) },
    seen: seen('a', THERE),
    state: 'gone',
    says: /is a different store/,
  },
]

describe('a store is', () => {
  for (const { name, identity, seen = null, on = 'auto', mayHaveLost = false, state, says } of ROWS)
    it(`${state}: ${name}`, () => {
      const standing = standingOf({ place: HERE, identity, seen, onEmptyStore: on, mayHaveLost })
      assert.equal(standing.state, state)
      const said = standing.state === 'gone' ? standing.problem : standing.remark
      if (says === undefined) assert.equal(said, null)
      else assert.match(said ?? '', says)
    })
})

describe('what is remembered', () => {
  const now = new Date(SINCE)
  const of = (identity: StoreIdentity, before: SeenStore | null) =>
    toRemember({ place: HERE, identity, seen: before, onEmptyStore: 'auto', mayHaveLost: false }, now)

  it('is a store with rules, once, with its id as soon as it has one', () => {
    assert.equal(of(EMPTY, null), null)
    assert.equal(of({ ...EMPTY, marker: marker('a') }, null), null)
    assert.deepEqual(of(RULES, null), seen(null))
    assert.equal(of(RULES, seen(null)), null)
    assert.deepEqual(of({ ...RULES, marker: marker('a') }, seen(null)), seen('a'))
    assert.equal(of({ ...RULES, marker: marker('a') }, seen('a')), null)
    assert.deepEqual(of({ ...RULES, marker: marker('a') }, seen('a', THERE)), seen('a'))
  })
})
