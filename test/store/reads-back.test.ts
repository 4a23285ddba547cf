/** What the product's own stores take is what they give back; what would not be is refused with the reason. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { checkGroup, parseGroup } from '../../plugins/enforce-tls/rules/group.js'
import { parseOwner } from '../../plugins/enforce-tls/rules/owner.js'
import { checkRule, parseRule } from '../../plugins/enforce-tls/rules/check-rule.js'
import { toSettings } from '../../plugins/enforce-tls/settings/schema.js'
import { openStore } from '../../plugins/enforce-tls/store/open-store.js'
import type { RuleStore } from '../../plugins/enforce-tls/store/rule-store.js'
import { oddPattern, oddText } from '../support/odd-text.js'
import { startRedis } from '../support/redis-server.js'
import { storedRule } from '../support/rules.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { storeError } from './rule-store-contract.js'
import { atOnce } from '../../plugins/enforce-tls/work/pieces.js'

type Open = () => RuleStore

async function onRedis(work: (open: Open) => Promise<void>): Promise<void> {
  await using redis = await startRedis()
  await opening(() => openStore(toSettings({ redis: { url: redis.url } })), work)
}

async function onFile(work: (open: Open) => Promise<void>): Promise<void> {
  await using folder = new TemporaryFolder('reads-back')
  const file = path.join(folder.path, 'rules.json')
  await opening(() => openStore(toSettings({ store: { type: 'file', file } })), work)
}

/** What is opened is closed, also where the work fails: an open store keeps the process alive. */
async function opening(open: Open, work: (open: Open) => Promise<void>): Promise<void> {
  const opened: RuleStore[] = []
  try {
    await work(() => {
      const store = open()
      opened.push(store)
      return store
    })
  } finally {
    await Promise.all(opened.map((store) => store.close()))
  }
}

for (const [name, on] of [
  ['a Redis', onRedis],
  ['a file', onFile],
] as const)
  describe(`${name} gives back what it took`, () => {
    it('owners, rules, groups, whatever they are called and hold', () =>
      on(async (open) => {
        const store = open()
        let n = 0
        const text = oddText(10, 1)
        await fc.assert(
          fc.asyncProperty(
            oddPattern,
            fc.array(oddPattern, { minLength: 5 }),
            text,
            async (name, patterns, name2) => {
              const owner = parseOwner(name)
              const group = atOnce(
                checkGroup(patterns.filter((each) => 'patterns' in atOnce(checkGroup([each])))),
              )
              // Those that are refused do not count as runs.
              fc.pre(!('problem' in owner || 'problem' in group))
              const id = `r${n++}`
              const checked = atOnce(
                checkRule({
                  ...storedRule({ to: group.patterns }),
                  name: name2,
                  comment: name2,
                }),
              )
              const rule = 'rule' in checked ? checked.rule : storedRule({ to: group.patterns })
              const by = { by: name2 }
              await store.writeRules(owner.owner, [{ id, expected: null, value: JSON.stringify(rule) }], by)
              await store.writeGroup(`g${n}`, null, JSON.stringify(group.patterns), by)
              const fresh = open()
              const read = await fresh.readOwner(owner.owner)
              assert.deepEqual(atOnce(parseRule(read.rules.get(id) ?? '')), { rule })
              assert.ok((await fresh.owners()).includes(owner.owner))
              assert.deepEqual(atOnce(parseGroup((await fresh.groups()).get(`g${n}`) ?? '')), group)
            },
          ),
          { numRuns: 30 },
        )
      }))

    it('and refuses what would be read as something else, and writes nothing', () =>
      on(async (open) => {
        const store = open()
        const rule = JSON.stringify(storedRule({ to: ['*@bank.example'] }))
        await assert.rejects(
          store.writeAll([
            { key: 'groups', owner: '*', field: 'good', expected: null, value: '["bank.example"]' },
            { key: 'rules', owner: 'acme.example', field: 'a', expected: null, value: rule },
          ]),
          storeError(
            'STORE_REFUSED',
            /acme\.example.*a.* is not written: .*write bank\.example for the domain/,
          ),
        )
        assert.deepEqual([await store.owners(), (await store.groups()).size], [[], 0])
        await assert.rejects(
          store.writeGroup('banks', null, '["jane doe@bank.example"]'),
          storeError('STORE_REFUSED', /banks.* is not written: .*"jane doe"@bank\.example/),
        )
      }))
  })
