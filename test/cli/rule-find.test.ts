/** Rules of all owners found and copied with the command, and what is said of those that another one leaves nothing to do for. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inProcess, RulesFile } from './enforce-tls.js'

describe('rule list and rule copy', { concurrency: 8 }, () => {
  it('list rules of all owners, and those with a text in them', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example', 'acme.org')
    await rulesFile.createRule('acme.example', 'First Bank', '--to', 'bank.example')
    await rulesFile.createRule('acme.org', 'Partners', '--to', 'florist.example', 'notbank.example')
    await rulesFile.createRule('*', 'All', '--to', '*')
    const names = async (...args: readonly string[]) =>
      (await rulesFile.data<readonly { rule: { name: string } }[]>('rule', 'list', ...args)).map(
        ({ rule }) => rule.name,
      )
    assert.deepEqual(await names('--all'), ['All', 'First Bank', 'Partners'])
    assert.deepEqual(await names('--all', '--matching', 'BANK.ex'), ['First Bank', 'Partners'])
    assert.deepEqual(await names('acme.org', '--matching', 'bank'), ['Partners'])
    assert.match(await rulesFile.done('rule', 'list', '--all'), /│ acme\.org +│ 1 +│ off +│ Partners +│/)
    assert.equal(await rulesFile.done('rule', 'list', '--all', '--matching', 'nothing'), 'No rule fits.\n')
    for (const args of [[], ['acme.org', '--all']]) {
      const { code, stderr } = await inProcess(['rule', 'list', ...args, '--file', rulesFile.file])
      assert.deepEqual([code, /say whose rules/.test(stderr)], [2, true])
    }
  })

  it('copy a rule, off, under a name that is free there', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example', 'acme.org')
    const { id } = await rulesFile.createRule(
      'acme.example',
      'Bank',
      '--to',
      'bank.example',
      '--enable',
      '--yes',
    )
    assert.match(
      await rulesFile.done('rule', 'copy', 'acme.example', id, 'acme.org'),
      /^Copied rule \w+ of acme\.example to rule \w+ of acme\.org: Bank\nIt is off; switch it on with: enforce-tls rule enable acme\.org /,
    )
    const again = ['rule', 'copy', 'acme.example', id, 'acme.org', '--file', rulesFile.file]
    const { code, stderr } = await inProcess(again)
    assert.equal(code, 1)
    assert.match(stderr, /rule \w+ of acme\.org already has the name "Bank"; give the copy another one/)
    assert.equal((await inProcess([...again, '--name', 'Bank, too'])).code, 0)
    assert.deepEqual(
      (await rulesFile.rules('acme.org')).map(({ rule }) => [rule.name, rule.enabled, rule.position]),
      [
        ['Bank', false, 1],
        ['Bank, too', false, 2],
      ],
    )
  })

  it('say which rules another one leaves nothing to do for, as status does', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    const first = await rulesFile.createRule(
      'acme.example',
      'All',
      '--to',
      '*',
      '--enable',
      '--yes',
      '--no-check',
    )
    const second = await rulesFile.createRule(
      'acme.example',
      'Bank',
      '--to',
      'bank.example',
      '--enable',
      '--yes',
      '--no-check',
    )
    const third = await rulesFile.createRule('acme.example', 'Same', '--to', 'bank.example')
    const said = await rulesFile.done('rule', 'list', 'acme.example')
    const shadowed = `rule ${second.id} of acme.example (Bank) has no effect: rule “All” comes first`
    const same = `rule ${third.id} of acme.example (Same) has the same criteria as rule ${second.id} (Bank)`
    assert.ok(said.endsWith(`Note: ${shadowed}.\nNote: ${same}.\n`), said)
    assert.ok(!said.includes(`rule ${first.id} of`))
    const { warnings } = await rulesFile.data<{ warnings: readonly string[] }>('status')
    assert.deepEqual(
      warnings.filter((sentence) => sentence.startsWith('rule ')),
      [shadowed, same],
    )
  })
})
