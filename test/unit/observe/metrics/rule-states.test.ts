import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  countRules,
  RuleStates,
  type CountedStore,
} from '../../../../plugins/enforce-tls/observe/metrics/rule-states.js'
import { StoreError } from '../../../../plugins/enforce-tls/store/rule-store.js'
import { storedRule } from '../../../support/rules.js'
import { until } from '../../../support/until.js'

const NOW = Date.parse('2026-11-20T12:00:00Z')
const rule = (changes: object = {}) => JSON.stringify({ ...storedRule({ to: ['bank.example'] }), ...changes })
const RULES = {
  on: rule(),
  off: rule({ enabled: false }),
  report: rule({ mode: 'report' }),
  early: rule({ startsAt: '2026-11-20T12:00:01Z' }),
  late: rule({ expiresAt: '2026-11-20T12:00:00Z' }),
  broken: '{',
  lost: rule({ criteria: { to: { matchesAny: ['group:nobody'] } } }),
}

function storeOf(services: Readonly<Record<string, string | null>>): CountedStore {
  return {
    owners: () => Promise.resolve(Object.keys(services)),
    groups: () => Promise.resolve(new Map()),
    readOwner: (owner) =>
      Promise.resolve({ owner, rules: new Map(Object.entries(RULES)), service: services[owner] ?? null }),
    readRules: () => Promise.resolve(new Map(Object.entries(RULES))),
    readService: (domain) => Promise.resolve(services[domain] ?? null),
  }
}

it('every rule of the store is counted in one state', async () => {
  const once = { on: 1, report: 1, off: 1, 'not yet': 1, expired: 1, sleeping: 0, invalid: 2 }
  const asleep = { ...once, on: 0, report: 0, sleeping: 2 }
  const rows: readonly (readonly [owner: string, service: string | null, counts: object])[] = [
    ['*', null, once],
    ['acme.example', '{"enabled":true}', once],
    ['acme.example', '{"enabled":false}', asleep],
    ['bob@acme.example', null, asleep],
    ['acme.example', 'no service', asleep],
  ]
  for (const [owner, service, counts] of rows)
    assert.deepEqual(await countRules(storeOf({ [owner]: service }), NOW), counts, `${owner} ${service}`)
  const both = await countRules(storeOf({ '*': null, 'acme.example': '{"enabled":true}' }), NOW)
  assert.deepEqual([both.on, both.invalid], [2, 4])
})

it('rules are counted once for many scrapes, and nothing is told until then', async () => {
  let reads = 0
  const store = storeOf({ '*': null })
  const states = new RuleStates({
    ...store,
    owners: () => {
      reads++
      return store.owners()
    },
  })
  assert.equal(states.latest(), null)
  await until(() => states.latest() !== null, { what: 'the counts' })
  assert.equal(states.latest()?.off, 1)
  assert.equal(reads, 1)
})

it('a store that may not be counted has no counts', async () => {
  let asked = 0
  const states = new RuleStates({
    ...storeOf({}),
    owners: () => {
      asked++
      return Promise.reject(new Error('NOPERM'))
    },
  })
  states.latest()
  await until(() => asked > 0, { what: 'the question' })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(states.latest(), null)
  assert.equal(asked, 1)
})

it('a key that can not be read counts as one that is not valid, and hides no other', async () => {
  const corrupt = () => Promise.reject(new StoreError('STORE_CORRUPT', 'key x is not a hash'))
  const store = storeOf({ '*': null, 'acme.example': '{"enabled":true}' })
  const counts = await countRules(
    {
      ...store,
      readOwner: (owner) => (owner === '*' ? store.readOwner(owner) : corrupt()),
      readRules: corrupt,
      groups: corrupt,
    },
    NOW,
  )
  assert.deepEqual([counts.on, counts.invalid], [1, 3])
})
