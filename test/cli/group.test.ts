import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { startRedis } from '../support/redis-server.js'
import { inProcess, RulesFile } from './enforce-tls.js'

describe('group', { concurrency: 8 }, () => {
  it('set makes a group in one spelling, and changes it with what changed', async (t) => {
    const rulesFile = await RulesFile.create(t)
    assert.equal(
      await rulesFile.done('group', 'set', 'banks', 'BANK.example', '.bücher.example', 'bank.example'),
      'Created group banks.\nRules refer to it as group:banks.\n',
    )
    assert.deepEqual(await rulesFile.data('group', 'show', 'banks'), {
      group: 'banks',
      patterns: ['bank.example', '.xn--bcher-kva.example'],
      rules: [],
    })
    assert.match(
      await rulesFile.done('group', 'set', 'banks', 'bank.example', 'cfo@partner.example'),
      /^Changed group banks:\n {2}added cfo@partner\.example; removed \.xn--bcher-kva\.example\n/,
    )
    assert.match(
      await rulesFile.done('group', 'set', 'banks', 'bank.example', 'CFO@partner.example'),
      /as it was/,
    )
  })

  it('set looks for the rules that refer to a group once', async () => {
    await using redis = await startRedis()
    const run = (...args: readonly string[]) => inProcess([...args, '--redis', redis.url])
    await run('group', 'set', 'banks', 'bank.example')
    await run('rule', 'create', '*', 'Banks', '--to', 'group:banks', '--enable')
    await redis.cli('CONFIG', 'RESETSTAT')
    const { stdout } = await run('group', 'set', 'banks', 'bank.example', 'florist.example', '--no-check')
    assert.match(stdout, /Rule \S+ of \* \(Banks\) is on/)
    assert.match(await redis.cli('INFO', 'commandstats'), /^cmdstat_scan:calls=1,/m)
  })

  it('list and show say what is in a group, and which rules refer to it', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await rulesFile.done('group', 'set', 'banks', 'bank.example')
    await rulesFile.done('group', 'set', 'all', '*')
    const { id } = await rulesFile.createRule('*', 'Banks', '--to', 'group:banks')
    assert.deepEqual(await rulesFile.data('group', 'list'), [
      { group: 'all', patterns: ['*'], rules: 0, owners: [] },
      { group: 'banks', patterns: ['bank.example'], rules: 1, owners: ['*'] },
    ])
    assert.match(await rulesFile.done('group', 'list'), /│ banks +│ bank\.example +│ 1 +│ \* +│/)
    assert.match(await rulesFile.done('group', 'show', 'banks'), new RegExp(`rules +rule ${id} of \\*\n`))
  })

  it('delete is refused while a rule refers to the group, and names the rules', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    await rulesFile.done('group', 'set', 'banks', 'bank.example')
    const rules = [
      await rulesFile.createRule('*', 'Banks', '--to', '*', '--except-to', 'group:banks'),
      await rulesFile.createRule('acme.example', 'Banks', '--to', 'group:banks'),
    ]
    const { code, stderr } = await rulesFile.run('group', 'delete', 'banks', '--yes')
    assert.equal(code, 1)
    for (const { owner, id } of rules) assert.ok(stderr.includes(`${id} of ${owner}`), stderr)
    for (const { owner, id } of rules) await rulesFile.done('rule', 'delete', owner, id, '--yes')
    assert.equal(await rulesFile.done('group', 'delete', 'banks', '--yes'), 'Deleted group banks.\n')
    assert.equal(await rulesFile.done('group', 'list'), 'There are no groups.\n')
  })

  it('delete is refused while a rule that is not valid names the group', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    await rulesFile.done('group', 'set', 'banks', 'bank.example')
    const { owner, id } = await rulesFile.createRule('acme.example', 'Banks', '--to', 'group:banks')
    const content = (await rulesFile.content()) ?? ''
    await writeFile(rulesFile.file, content.replace('"enabled": false', '"enabled": "no"'))
    const { code, stderr } = await rulesFile.run('group', 'delete', 'banks', '--yes')
    assert.equal(code, 1)
    assert.ok(stderr.includes(`${id} of ${owner}`), stderr)
    assert.match(await rulesFile.done('group', 'list'), /banks/)
  })

  it('delete asks on a terminal', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await rulesFile.done('group', 'set', 'banks', 'bank.example')
    const no = await inProcess(['group', 'delete', 'banks', '--file', rulesFile.file], { answer: 'n\n' })
    assert.equal(no.code, 1)
    assert.match(no.stderr, /Delete group banks\? \[y\/N\].*nothing deleted/)
  })

  it('delete wants --yes where nobody can be asked', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await rulesFile.done('group', 'set', 'banks', 'bank.example')
    const { code, stdout, stderr } = await rulesFile.runAlone('group', 'delete', 'banks')
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(
      stderr,
      /nothing deleted: .*, because there is no terminal to ask on.*\n {2}enforce-tls group delete banks --yes --file /,
    )
    assert.match(await rulesFile.done('group', 'show', 'banks'), /bank\.example/)
  })

  it('says which group may be meant', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await rulesFile.done('group', 'set', 'banks', 'bank.example')
    for (const words of [
      ['group', 'show', 'bnaks'],
      ['group', 'delete', 'bank'],
      ['check', 'group:bansk'],
      ['rule', 'create', '*', 'Banks', '--to', 'group:bank'],
    ])
      assert.match(
        (await rulesFile.run(...words)).stderr,
        /; did you mean "(?:group:)?banks"\?/,
        words.join(' '),
      )
  })

  it('stores an address with a quoted local part so that it reads back, after a restart too', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const patterns = ['"jane doe"@bank.example', '""@bank.example', '"a@b"@bank.example', '"*"@bank.example']
    await rulesFile.done('group', 'set', 'banks', ...patterns, '"plain"@bank.example')
    await rulesFile.createRule('*', 'Banks', '--to', 'group:banks', ...patterns, '--enable', '--no-check')
    const { group } = await rulesFile.data<{ group: string; patterns: string[] }>('group', 'show', 'banks')
    assert.equal(group, 'banks')
    assert.deepEqual((await rulesFile.data<{ patterns: string[] }>('group', 'show', 'banks')).patterns, [
      ...patterns,
      'plain@bank.example',
    ])
    await rulesFile.done('status')
    const exported = await rulesFile.done('export')
    assert.deepEqual(JSON.parse(exported), JSON.parse((await rulesFile.content()) ?? ''))
    const words = ['explain', '--from', 'a@acme.example', '--to', '"Jane Doe"@bank.example', '--json']
    assert.match(await rulesFile.done(...words), /"level": "encrypt"/)
  })

  const REFUSED: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      'a bad name',
      ['set', 'Banks!', 'a.example'],
      /group "Banks!" is not a group name; .* lower-case letters/,
    ],
    ['an empty name', ['set', '', 'a.example'], /group "" is not a group name/],
    [
      'a bad pattern',
      ['set', 'banks', 'bank..example'],
      /pattern "bank\.\.example" has an empty label.*; write bank\.example/,
    ],
    [
      'a display name',
      ['set', 'banks', 'Bank <cfo@bank.example>'],
      /"Bank <cfo@bank\.example>" is a display name/,
    ],
    ['an address literal', ['set', 'banks', '[192.0.2.1]'], /"\[192\.0\.2\.1\]" is an IP address/],
    [
      'itself',
      ['set', 'banks', 'group:banks'],
      /"group:banks" is a group; a group holds domains and addresses, no groups/,
    ],
    ['another group', ['set', 'banks', 'group:other'], /"group:other" is a group/],
    ['a huge pattern', ['set', 'banks', 'x'.repeat(100_000)], /is longer than 400 characters/],
    ['showing nothing', ['show', 'banks'], /there is no group "banks"; the groups are: old/],
    ['deleting nothing', ['delete', 'banks'], /there is no group "banks"/],
  ]
  for (const [what, args, says] of REFUSED) {
    it(`refuses ${what}, and writes nothing`, async (t) => {
      const rulesFile = await RulesFile.create(t)
      await rulesFile.done('group', 'set', 'old', 'old.example')
      const before = await rulesFile.content()
      const { code, stderr } = await inProcess(['group', ...args, '--file', rulesFile.file])
      assert.equal(code, 1)
      assert.match(stderr, says)
      assert.ok(stderr.length < 1000)
      assert.equal(await rulesFile.content(), before)
    })
  }
})
