import assert from 'node:assert/strict'
import { hostname, userInfo } from 'node:os'
import { describe, it } from 'node:test'
import type { OwnedRule } from '../../plugins/enforce-tls/rules/rule-list.js'
import { enforceTls, inProcess, RulesFile } from './enforce-tls.js'

interface Entry {
  readonly at: string
  readonly by: string
  readonly key: string
  readonly owner: string
  readonly field: string
  readonly from: unknown
  readonly to: unknown
}

describe('history', { concurrency: 8 }, () => {
  it('has every change that the command made, latest first, with the whole entries as data', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    const { id, rule } = await rulesFile.createRule('acme.example', 'Bank', '--to', 'bank.example')
    await rulesFile.done('rule', 'enable', 'acme.example', id, '--as', 'ann@desk')
    await rulesFile.done('rule', 'enable', 'acme.example', id)
    await rulesFile.done('rule', 'delete', 'acme.example', id, '--yes')
    const on = { ...rule, enabled: true }
    const me = `${userInfo().username}@${hostname()}`
    const history = await rulesFile.data<Entry[]>('history')
    assert.deepEqual(
      history.map(({ by, key, owner, field, from, to }) => [by, key, owner, field, from, to]),
      [
        [me, 'rules', 'acme.example', id, on, null],
        ['ann@desk', 'rules', 'acme.example', id, rule, on],
        [me, 'rules', 'acme.example', id, null, rule],
        [me, 'domains', 'acme.example', 'acme.example', null, { enabled: true }],
      ],
    )
    const table = await rulesFile.done('history', 'acme.example', '--limit', '2')
    assert.match(table, /│ when \(UTC\) +│ who +│ what +│ change +│/)
    assert.match(table, /│ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d │/)
    assert.match(table, /│ ann@desk +│ rule \w+ +│ enabled: false → true +│\n│ +│ +│ of acme\.example +│/)
    assert.match(table, /│ deleted +│/)
    assert.doesNotMatch(table, /created/)
    for (const line of table.trimEnd().split('\n')) assert.ok(line.length <= 80, line)
  })

  it('of one owner leaves the others out', async (t) => {
    const rulesFile = await RulesFile.create(t, 'a.example', 'b.example')
    await rulesFile.createRule('*', 'All', '--to', '*')
    const entries = await rulesFile.data<Entry[]>('history', 'A.example')
    assert.deepEqual(
      entries.map(({ field }) => field),
      ['a.example'],
    )
    assert.match(
      await rulesFile.done('history', 'c.example'),
      /^No changes are recorded for c\.example(?:\.|; did you mean "a\.example"\?)\n$/,
    )
  })

  it('takes the author from ENFORCE_TLS_USER, and from --as before it', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const env = { ENFORCE_TLS_USER: 'Web admin' }
    const where = ['--file', rulesFile.file]
    await inProcess(['domain', 'enable', 'a.example', ...where], { env })
    await inProcess(['domain', 'enable', 'b.example', '--as', 'ann', ...where], { env })
    const entries = await rulesFile.data<Entry[]>('history')
    assert.deepEqual(
      entries.map(({ by }) => by),
      ['ann', 'Web admin'],
    )
  })

  it('has one entry for each rule that an import or a move changed', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const ids: string[] = []
    for (const name of ['a', 'b', 'c'])
      ids.push((await rulesFile.data<OwnedRule>('rule', 'create', '*', name, '--to', '*')).id)
    await rulesFile.done('rule', 'move', '*', ids[1] ?? '', '--top')
    const entries = await rulesFile.data<Entry[]>('history', '*', '--limit', '2')
    assert.deepEqual(entries.map(({ field }) => field).sort(), ids.slice(0, 2).sort())
  })

  for (const args of [
    ['--limit', '0'],
    ['--limit', 'all'],
    ['--as', ''],
    ['--as', 'a\nb'],
    ['--as', 'x'.repeat(201)],
  ]) {
    it(`refuses ${args[0]} ${JSON.stringify(args[1]?.slice(0, 10))}`, async (t) => {
      const rulesFile = await RulesFile.create(t)
      const { code, stderr } = await rulesFile.run('history', ...args)
      assert.equal(code, 2)
      assert.match(stderr, new RegExp(`^enforce-tls: ${args[0]}.*(?:expected|is not a number from 1 to)`))
    })
  }

  it('says in its help that changes made by hand are not in it', async () => {
    const { stdout } = await enforceTls(['history', '--help'])
    assert.match(
      stdout.replace(/\s+/g, ' '),
      /changes made by hand, with redis-cli or in the rules file, are not recorded/,
    )
  })
})
