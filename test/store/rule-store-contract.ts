/**
 * What every rule store does, as a table of behaviours that run against any implementation: `store` and
 * `other` are two instances on the same rules, empty at the start of each.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StoreError, type EntryChange, type RuleStore } from '../../plugins/enforce-tls/store/rule-store.js'

/** Makes a new, empty place for rules. */
export interface StorePlace extends AsyncDisposable {
  /** Opens one more instance on it. */
  open(): RuleStore
}

interface Behaviour {
  readonly name: string
  readonly run: (store: RuleStore, other: RuleStore) => Promise<void>
}

const OWNER = 'acme.example'
const ONE = JSON.stringify({ name: 'one', position: 1 })
const TWO = JSON.stringify({ name: 'two ü €', position: 2 })
const ON = JSON.stringify({ enabled: true })
const GROUP = JSON.stringify(['bank.example'])
const OFF = JSON.stringify({ enabled: false })

const BEHAVIOURS: readonly Behaviour[] = [
  {
    name: 'an owner that nobody wrote has no rules and no service',
    async run(store) {
      assert.deepEqual(await store.readOwner(OWNER), { owner: OWNER, rules: new Map(), service: null })
      assert.deepEqual(await store.owners(), [])
      assert.deepEqual(await store.services(), new Map())
    },
  },
  {
    name: 'what one instance wrote the other one reads at once, as the very text',
    async run(store, other) {
      await store.writeRules(OWNER, [create('a', ONE), create('b', TWO)])
      await store.writeService(OWNER, null, ON)
      assert.deepEqual(await other.readOwner(OWNER), {
        owner: OWNER,
        rules: new Map([
          ['a', ONE],
          ['b', TWO],
        ]),
        service: ON,
      })
    },
  },
  {
    name: 'every change shows, however quickly one follows the other',
    async run(store, other) {
      let last: string | null = null
      for (let n = 10; n < 40; n++) {
        const value = JSON.stringify({ n })
        await store.writeRules(OWNER, [{ id: 'a', expected: last, value }])
        assert.equal((await other.readOwner(OWNER)).rules.get('a'), value)
        last = value
      }
    },
  },
  {
    name: 'the rules of a sender come with the service of its domain, and apart from its rules',
    async run(store) {
      await store.writeRules(OWNER, [create('a', ONE)])
      await store.writeRules(`bob@${OWNER}`, [create('b', TWO)])
      await store.writeService(OWNER, null, OFF)
      const { rules, service } = await store.readOwner(`bob@${OWNER}`)
      assert.deepEqual([...rules], [['b', TWO]])
      assert.equal(service, OFF)
    },
  },
  {
    name: 'the rules of the whole service have no service that could be off',
    async run(store) {
      await store.writeRules('*', [create('a', ONE)])
      await store.writeService(OWNER, null, ON)
      assert.deepEqual(await store.readOwner('*'), {
        owner: '*',
        rules: new Map([['a', ONE]]),
        service: null,
      })
    },
  },
  {
    name: 'owners are listed sorted, without those whose last rule was deleted',
    async run(store) {
      for (const owner of ['b.example', '*', 'bob@b.example', 'a.example', 'gone.example'])
        await store.writeRules(owner, [create('a', ONE)])
      await store.writeRules('gone.example', [{ id: 'a', expected: ONE, value: null }])
      assert.deepEqual(await store.owners(), ['*', 'a.example', 'b.example', 'bob@b.example'])
    },
  },
  {
    name: 'services are listed with their texts, and gone once they are removed',
    async run(store) {
      await store.writeService('a.example', null, ON)
      await store.writeService('b.example', null, OFF)
      await store.writeService('c.example', null, ON)
      await store.writeService('c.example', ON, null)
      assert.deepEqual(
        await store.services(),
        new Map([
          ['a.example', ON],
          ['b.example', OFF],
        ]),
      )
    },
  },
  {
    name: 'a rule that is there is not created a second time',
    async run(store, other) {
      await store.writeRules(OWNER, [create('a', ONE)])
      await assert.rejects(other.writeRules(OWNER, [create('a', TWO)]), conflict('a'))
      await assert.rejects(other.writeRules(OWNER, [create('a', ONE)]), conflict('a'))
      assert.equal((await store.readOwner(OWNER)).rules.get('a'), ONE)
    },
  },
  {
    name: 'a rule that somebody else changed or deleted is not overwritten',
    async run(store, other) {
      await store.writeRules(OWNER, [create('a', ONE), create('b', ONE)])
      await other.writeRules(OWNER, [
        { id: 'a', expected: ONE, value: TWO },
        { id: 'b', expected: ONE, value: null },
      ])
      await assert.rejects(store.writeRules(OWNER, [{ id: 'a', expected: ONE, value: null }]), conflict('a'))
      await assert.rejects(store.writeRules(OWNER, [{ id: 'b', expected: ONE, value: TWO }]), conflict('b'))
      assert.deepEqual([...(await store.readOwner(OWNER)).rules], [['a', TWO]])
    },
  },
  {
    name: 'of several changes none is made when one is not as expected',
    async run(store) {
      await store.writeRules(OWNER, [create('a', ONE), create('b', ONE)])
      const changes = [
        { id: 'a', expected: ONE, value: TWO },
        { id: 'b', expected: TWO, value: null },
        create('c', ONE),
      ]
      await assert.rejects(store.writeRules(OWNER, changes), conflict('b'))
      assert.deepEqual(
        (await store.readOwner(OWNER)).rules,
        new Map([
          ['a', ONE],
          ['b', ONE],
        ]),
      )
    },
  },
  {
    name: 'a service that somebody else changed is not overwritten',
    async run(store, other) {
      await store.writeService(OWNER, null, ON)
      await assert.rejects(other.writeService(OWNER, null, OFF), conflict(OWNER))
      await assert.rejects(other.writeService(OWNER, OFF, null), conflict(OWNER))
      assert.equal((await store.readOwner(OWNER)).service, ON)
    },
  },
  {
    name: 'a group is written, read by the other instance as the very text, changed and removed',
    async run(store, other) {
      const banks = JSON.stringify(['bank.example', '.bank.example'])
      assert.deepEqual(await store.groups(), new Map())
      await store.writeGroup('banks', null, banks)
      await store.writeGroup('eu.courts_2-a', null, '["*"]')
      assert.deepEqual(
        new Map(await other.groups()),
        new Map([
          ['banks', banks],
          ['eu.courts_2-a', '["*"]'],
        ]),
      )
      await other.writeGroup('banks', banks, '["other.example"]')
      assert.equal((await store.groups()).get('banks'), '["other.example"]')
      await store.writeGroup('banks', '["other.example"]', null)
      assert.deepEqual([...(await other.groups()).keys()], ['eu.courts_2-a'])
      assert.deepEqual(await store.owners(), [], 'a group is nobody’s rule')
    },
  },
  {
    name: 'a group that somebody else changed is not overwritten',
    async run(store, other) {
      await store.writeGroup('banks', null, '["a.example"]')
      await assert.rejects(other.writeGroup('banks', null, '["b.example"]'), conflict('banks'))
      await assert.rejects(other.writeGroup('banks', '["b.example"]', null), conflict('banks'))
      assert.equal((await store.groups()).get('banks'), '["a.example"]')
    },
  },
  {
    name: 'what is no group name is not written',
    async run(store) {
      for (const name of ['', 'Banks', '-banks', '__proto__', 'a b', 'x'.repeat(64), 'group:banks'])
        await assert.rejects(store.writeGroup(name, null, '["a.example"]'), TypeError, name)
      assert.deepEqual(await store.groups(), new Map())
    },
  },
  {
    name: 'the place of a group names key and group',
    run(store) {
      const place = store.placeOf({ key: 'groups', owner: '*', field: 'banks' })
      assert.match(place, /groups.*banks/)
      return Promise.resolve()
    },
  },
  {
    name: 'no change at all is made without a word',
    async run(store) {
      await store.writeRules(OWNER, [])
      assert.deepEqual(await store.owners(), [])
    },
  },
  {
    name: 'two hundred rules are written and read as one',
    async run(store, other) {
      const changes = Array.from({ length: 200 }, (_, n) => create(`r${n}`, JSON.stringify({ position: n })))
      await store.writeRules(OWNER, changes)
      assert.equal((await other.readOwner(OWNER)).rules.size, 200)
    },
  },
  {
    name: 'words that JavaScript objects are born with are ids like any other',
    async run(store, other) {
      const ids = ['__proto__', 'constructor', 'toString', '7', 'hasOwnProperty']
      await store.writeRules(
        OWNER,
        ids.map((id) => create(id, ONE)),
      )
      const { rules } = await other.readOwner(OWNER)
      assert.deepEqual([...rules.keys()].sort(), ids.sort())
      for (const id of ids) assert.equal(rules.get(id), ONE)
      await other.writeRules(OWNER, [{ id: '__proto__', expected: ONE, value: null }])
      assert.equal((await store.readOwner(OWNER)).rules.has('__proto__'), false)
      assert.equal(({} as { name?: string }).name, undefined)
    },
  },
  {
    name: 'names that JavaScript objects are born with have no rules and no service',
    async run(store) {
      await store.writeRules(OWNER, [create('a', ONE)])
      for (const owner of ['__proto__', 'constructor', 'toString', 'bob@__proto__'])
        assert.deepEqual(await store.readOwner(owner), { owner, rules: new Map(), service: null })
    },
  },
  {
    name: 'an owner that is not normalised is not written',
    async run(store) {
      for (const owner of ['ACME.example', '__proto__', '', 'acme.example.', 'bücher.example'])
        await assert.rejects(store.writeRules(owner, [create('a', ONE)]), TypeError, owner)
      await assert.rejects(store.writeService('ACME.example', null, ON), TypeError)
      assert.deepEqual(await store.owners(), [])
      assert.deepEqual(await store.services(), new Map())
    },
  },
  {
    name: 'two that change the same rule at the same time: one is told so, and no change is lost',
    async run(store, other) {
      await store.writeRules(OWNER, [create('a', '{"n":0}')])
      let conflicts = 0
      const countUp = async (by: RuleStore): Promise<void> => {
        for (;;) {
          const expected = (await by.readOwner(OWNER)).rules.get('a') ?? assert.fail('rule a is gone')
          const { n } = JSON.parse(expected) as { n: number }
          try {
            await by.writeRules(OWNER, [{ id: 'a', expected, value: JSON.stringify({ n: n + 1 }) }])
            return
          } catch (error) {
            if (!(error instanceof StoreError) || error.code !== 'STORE_CONFLICT') throw error
            conflicts++
          }
        }
      }
      await Promise.all(Array.from({ length: 10 }, (_, i) => countUp(i % 2 === 0 ? store : other)))
      assert.equal((await store.readOwner(OWNER)).rules.get('a'), '{"n":10}')
      assert.ok(conflicts > 0, 'nobody was told')
    },
  },
  {
    name: 'fifty rules created at the same time through two instances are all there',
    async run(store, other) {
      const ids = Array.from({ length: 50 }, (_, n) => `r${n}`)
      await Promise.all(
        ids.map((id, n) => (n % 2 === 0 ? store : other).writeRules(OWNER, [create(id, ONE)])),
      )
      assert.deepEqual([...(await store.readOwner(OWNER)).rules.keys()].sort(), ids.sort())
    },
  },
  {
    name: 'entries of every kind are written in one go',
    async run(store, other) {
      await store.writeAll([
        change('domains', OWNER, OWNER, null, ON),
        change('groups', '*', 'banks', null, GROUP),
        change('rules', OWNER, 'a', null, ONE),
        change('rules', '*', 'b', null, TWO),
      ])
      const { rules, service } = await other.readOwner(OWNER)
      assert.deepEqual([[...rules], service], [[['a', ONE]], ON])
      assert.deepEqual([...(await other.readOwner('*')).rules], [['b', TWO]])
      assert.deepEqual([...(await other.groups())], [['banks', GROUP]])
    },
  },
  {
    name: 'of changes of several kinds none is made, and none recorded, when one is not as expected',
    async run(store) {
      await store.writeRules('*', [create('b', ONE)])
      const changes = [
        change('domains', OWNER, OWNER, null, ON),
        change('groups', '*', 'banks', null, GROUP),
        change('rules', OWNER, 'a', null, ONE),
        change('rules', '*', 'b', TWO, null),
      ]
      await assert.rejects(store.writeAll(changes, { by: 'ann' }), conflict('b'))
      assert.deepEqual(await store.owners(), ['*'])
      assert.deepEqual([...(await store.services()), ...(await store.groups())], [])
      assert.deepEqual(await store.history({ limit: 10 }), [])
    },
  },
  {
    name: 'a change that carries its author is in the history, latest first; one without is not',
    async run(store, other) {
      const started = Date.now()
      await store.writeRules(OWNER, [create('a', ONE)], { by: 'ann@desk' })
      await store.writeRules(OWNER, [{ id: 'a', expected: ONE, value: TWO }])
      await other.writeService(OWNER, null, ON, { by: 'Bob ü' })
      await other.writeRules(OWNER, [{ id: 'a', expected: TWO, value: null }], { by: 'eve' })
      await other.writeAll([change('groups', '*', 'banks', null, GROUP)], { by: 'eve' })
      const history = await store.history({ limit: 10 })
      assert.deepEqual(
        history.map(({ by, key, owner, field, from, to }) => [by, key, owner, field, from, to]),
        [
          ['eve', 'groups', '*', 'banks', null, GROUP],
          ['eve', 'rules', OWNER, 'a', TWO, null],
          ['Bob ü', 'domains', OWNER, OWNER, null, ON],
          ['ann@desk', 'rules', OWNER, 'a', null, ONE],
        ],
      )
      for (const { at } of history) {
        assert.match(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
        assert.ok(Date.parse(at) >= started && Date.parse(at) <= Date.now())
      }
    },
  },
  {
    name: 'the history of an owner is that of its rules and its service, and as long as asked',
    async run(store) {
      const by = { by: 'ann' }
      await store.writeService(OWNER, null, ON, by)
      await store.writeRules(`bob@${OWNER}`, [create('a', ONE)], by)
      await store.writeRules('*', [create('b', ONE)], by)
      await store.writeRules(OWNER, [create('c', ONE), create('d', TWO)], by)
      const fields = async (owner: string | undefined, limit: number): Promise<string[]> =>
        (await store.history({ owner, limit })).map(({ field }) => field)
      assert.deepEqual(await fields(OWNER, 10), ['d', 'c', OWNER])
      assert.deepEqual(await fields(OWNER, 2), ['d', 'c'])
      assert.deepEqual(await fields(`bob@${OWNER}`, 10), ['a'])
      assert.deepEqual(await fields('nobody.example', 10), [])
      assert.deepEqual(await fields(undefined, 4), ['d', 'c', 'b', 'a'])
    },
  },
  {
    name: 'a change that makes no difference asks for the entry to be as expected, and is not recorded',
    async run(store, other) {
      await store.writeRules(OWNER, [create('a', ONE), create('b', ONE)])
      const same = { id: 'a', expected: ONE, value: ONE }
      await store.writeRules(OWNER, [same, { id: 'b', expected: ONE, value: TWO }], { by: 'ann' })
      assert.deepEqual(
        (await store.history({ limit: 10 })).map(({ field }) => field),
        ['b'],
      )
      await other.writeRules(OWNER, [{ id: 'a', expected: ONE, value: TWO }])
      await assert.rejects(store.writeRules(OWNER, [same], { by: 'ann' }), conflict('a'))
    },
  },
  {
    name: 'the history forgets its oldest entries, not its latest',
    async run(store) {
      const changes = Array.from({ length: 5_500 }, (_, n) => create(`r${n}`, '{}'))
      await store.writeRules(OWNER, changes, { by: 'ann' })
      await store.writeRules(
        OWNER,
        changes.map(({ id }) => ({ id, expected: '{}', value: '[]' })),
        { by: 'ann' },
      )
      const history = await store.history({ limit: 20_000 })
      assert.ok(history.length >= 1000 && history.length < 11_000, String(history.length))
      assert.deepEqual([history[0]?.field, history[0]?.to], ['r5499', '[]'])
    },
  },
  {
    name: 'says what it is',
    async run(store) {
      await store.writeService(OWNER, null, ON)
      const facts = await store.facts()
      assert.equal(facts['store'], store.description)
      assert.ok(Object.keys(facts).length > 1)
    },
  },
  {
    name: 'closing twice is harmless',
    async run(store) {
      await store.readOwner(OWNER)
      await store.close()
      await assert.doesNotReject(store.close())
    },
  },
]

/** Runs the table against one implementation. */
export function describeRuleStore(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(`${name} as a rule store`, () => {
    for (const behaviour of BEHAVIOURS) {
      it(behaviour.name, async () => {
        await using place = await makePlace()
        const stores = [place.open(), place.open()] as const
        try {
          await behaviour.run(...stores)
        } finally {
          await Promise.all(stores.map((store) => store.close()))
        }
      })
    }
  })
}

/** A change that makes a new rule. */
export function create(id: string, value: string): { id: string; expected: null; value: string } {
  return { id, expected: null, value }
}

function change(
  key: EntryChange['key'],
  owner: string,
  field: string,
  expected: string | null,
  value: string | null,
): EntryChange {
  return { key, owner, field, expected, value }
}

/** Looks whether an error is a `StoreError` of this code whose message fits. */
export function storeError(code: StoreError['code'], ...fits: readonly RegExp[]): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof StoreError, String(error))
    assert.equal(error.code, code, error.message)
    for (const pattern of fits) assert.match(error.message, pattern)
    return true
  }
}

function conflict(field: string): (error: unknown) => true {
  return storeError(
    'STORE_CONFLICT',
    new RegExp(`[ "]${field}(?:"|\\b)`),
    /somebody else.*nothing was written/,
  )
}
