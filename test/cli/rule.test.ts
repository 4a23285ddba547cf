import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import type { OwnedRule } from '../../plugins/enforce-tls/rules/rule-list.js'
import { storedRule } from '../support/rules.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { inProcess, RulesFile } from './enforce-tls.js'

describe('rule create', { concurrency: 8 }, () => {
  it('makes an outgoing rule that is off, and prints what it wrote', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    const created = await rulesFile.createRule(
      'acme.example',
      'Enforced TLS to First Bank',
      '--to',
      'bank.example',
    )
    assert.match(created.id, /^[a-z0-9]{10}$/)
    assert.deepEqual(created, {
      owner: 'acme.example',
      id: created.id,
      rule: {
        name: 'Enforced TLS to First Bank',
        direction: 'outgoing',
        enabled: false,
        position: 1,
        criteria: { to: { matchesAny: ['bank.example'] } },
        actions: { relayWithTls: { level: 'encrypt' } },
      },
    })
    assert.deepEqual(await rulesFile.data('rule', 'show', 'acme.example', created.id), created)
  })

  it('says that the rule is off, and the command that switches it on works as printed', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    const said = await rulesFile.done('rule', 'create', 'acme.example', 'Bank', '--to', 'bank.example')
    const command =
      /^It is off; switch it on with: enforce-tls (rule enable acme\.example \w{10}) --file (\S+)$/m.exec(
        said,
      )
    assert.ok(command?.[1], said)
    assert.equal(command[2], rulesFile.file)
    assert.match(
      await rulesFile.done(...command[1].split(' ')),
      /is on: mail from acme\.example to bank\.example leaves over TLS or not at all \(level encrypt: TLS, any certificate\)/,
    )
    assert.equal((await rulesFile.rules('acme.example'))[0]?.rule.enabled, true)
  })

  it('takes every option', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const options = ['--level', 'none', '--min-version', 'TLSv1.3', '--direction', 'outgoing', '--enable']
    const { rule } = await rulesFile.createRule('*', 'All', ...options, '--to', '*')
    assert.equal(rule.enabled, true)
    assert.deepEqual(rule.actions, { relayWithTls: { level: 'none', minVersion: 'TLSv1.3' } })
  })

  it('puts each new rule at the end of the list', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const ids: string[] = []
    for (const name of ['a', 'b', 'c']) ids.push((await rulesFile.createRule('*', name, '--to', '*')).id)
    await rulesFile.done('rule', 'delete', '*', ids[1] ?? '', '--yes')
    await rulesFile.createRule('*', 'd', '--to', '*')
    const rules = await rulesFile.rules('*')
    assert.deepEqual(
      rules.map(({ rule }) => [rule.position, rule.name]),
      [
        [1, 'a'],
        [3, 'c'],
        [4, 'd'],
      ],
    )
  })

  it('loses no rule when many are created at the same time', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await Promise.all(
      ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => rulesFile.createRule('*', name, '--to', '*')),
    )
    const names = (await rulesFile.rules('*')).map(({ rule }) => rule.name)
    assert.deepEqual(names.sort(), ['a', 'b', 'c', 'd', 'e', 'f'])
  })

  const SPELLINGS: readonly (readonly [what: string, given: readonly string[], stored: readonly string[]])[] =
    [
      ['upper case', ['--to', 'BANK.Example', 'CFO@Bank.Example'], ['bank.example', 'cfo@bank.example']],
      [
        'an IDN',
        ['--to', 'bücher.example', '.Bücher.example'],
        ['xn--bcher-kva.example', '.xn--bcher-kva.example'],
      ],
      [
        'duplicates',
        ['--to', 'a.example', 'A.EXAMPLE', 'b.example', 'a.example'],
        ['a.example', 'b.example'],
      ],
      ['several --to', ['--to', 'a.example', '--to', 'b.example'], ['a.example', 'b.example']],
      ['one --to with several values', ['--to', 'a.example', 'b.example'], ['a.example', 'b.example']],
    ]
  for (const [what, given, stored] of SPELLINGS) {
    it(`stores ${what} in one spelling`, async (t) => {
      const rulesFile = await RulesFile.create(t)
      await rulesFile.createRule('*', 'Bank', ...given)
      assert.deepEqual((await rulesFile.rules('*'))[0]?.rule.criteria.to?.matchesAny, stored)
    })
  }

  it('stores owners in one spelling', async (t) => {
    const rulesFile = await RulesFile.create(t, 'Bücher.Example')
    const { owner } = await rulesFile.createRule('Bob@BÜCHER.example', 'Bank', '--to', 'bank.example')
    assert.equal(owner, 'bob@xn--bcher-kva.example')
    assert.equal((await rulesFile.rules('BOB@xn--bcher-kva.example')).length, 1)
  })
})

describe('rule enable and disable', { concurrency: 8 }, () => {
  it('switch one rule and leave the others alone', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const first = await rulesFile.createRule('*', 'first', '--to', '*')
    const second = await rulesFile.createRule('*', 'second', '--to', '*')
    const on = { ...first, rule: { ...first.rule, enabled: true } }
    assert.deepEqual(await rulesFile.data<OwnedRule>('rule', 'enable', '*', first.id), on)
    assert.deepEqual(await rulesFile.rules('*'), [on, second])
    assert.deepEqual(await rulesFile.data<OwnedRule>('rule', 'disable', '*', first.id), first)
    assert.deepEqual(await rulesFile.rules('*'), [first, second])
  })

  it('say so when there is nothing to do, and write nothing', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const { id } = await rulesFile.createRule('*', 'Bank', '--to', '*', '--enable')
    const before = await rulesFile.content()
    assert.match(
      await rulesFile.done('rule', 'enable', '*', id),
      /is already on: mail from every sender to everybody/,
    )
    assert.equal(await rulesFile.content(), before)
    await rulesFile.done('rule', 'disable', '*', id)
    assert.match(await rulesFile.done('rule', 'disable', '*', id), /is already off\.$/m)
  })

  it('say that a rule is inactive, and what makes it active', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    const { id } = await rulesFile.createRule('bob@acme.example', 'Bank', '--to', '*')
    await rulesFile.done('domain', 'disable', 'acme.example')
    assert.match(
      await rulesFile.done('rule', 'enable', 'bob@acme.example', id),
      /is on, but inactive: message rules are switched off for acme\.example; switch them on with: enforce-tls domain enable acme\.example --file /,
    )
  })
})

describe('what a change makes of a rule', { concurrency: 8 }, () => {
  it('is said where a rule above exempts its mail, with the command that mends it', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    const options = ['--to', '*', '--level', 'none', '--enable']
    const free = await rulesFile.createRule('acme.example', 'Free', ...options)
    const said = await rulesFile.done(
      ...['rule', 'create', 'acme.example', 'Bank', '--to', 'bank.example', '--enable'],
    )
    const command =
      /It is on, but has no effect: rule (\w+) of acme\.example \(Free\) above it exempts this mail; move it up with: enforce-tls (rule move acme\.example (\w+) --before \w+) --file/.exec(
        said,
      )
    assert.ok(command, said)
    assert.equal(command[1], free.id)
    assert.match(await rulesFile.done(...(command[2] ?? '').split(' ')), /^It is on: mail from acme/m)
    const edited = await rulesFile.done('rule', 'edit', 'acme.example', free.id, '--level', 'verify')
    assert.match(edited, /^It is on: .*\nExcept for bank\.example: rule \w+ of acme\.example \(Bank\)/m)
    const off = await rulesFile.done('rule', 'disable', 'acme.example', command[3] ?? '')
    assert.match(off, /is off\.\nLevel verify is still required for all of its mail, by rule \w+ of/)
    await rulesFile.done('rule', 'enable', 'acme.example', command[3] ?? '')
    const deleted = await rulesFile.done('rule', 'delete', 'acme.example', free.id, '--yes')
    assert.match(
      deleted,
      /^Level encrypt is still required for bank\.example, by rule \S+ of acme\.example \(Bank\)\.$/m,
    )
  })

  it('is said where another rule of the owner is not valid', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    await rulesFile.createRule('acme.example', 'Bank', '--to', 'bank.example')
    const text = (await rulesFile.content()) ?? ''
    await writeFile(
      rulesFile.file,
      text
        .replace('"bank.example"', '"bank..example"')
        .replace('"enabled":false,"position"', '"position"')
        .replace('"enabled": false', '"enabled": true'),
    )
    const said = await rulesFile.done('rule', 'create', 'acme.example', 'B', '--to', 'b.example', '--enable')
    assert.match(
      said,
      /^Rule \w+ of acme\.example is not valid \(.*bank\.\.example.*\)\. Where Haraka knows no valid/m,
    )
  })

  it('is never that no other rule requires TLS where one does', async (t) => {
    const rulesFile = await RulesFile.create(t, 's.example')
    const members = (name: string, count: number) =>
      Array.from({ length: count }, (_, index) => `${name}${index + 1}.example`)
    await rulesFile.done('group', 'set', 'big', ...members('p', 150))
    await rulesFile.done('group', 'set', 'few', ...members('f', 20), 'p150.example')
    const make = (owner: string, name: string, ...options: string[]) =>
      rulesFile.createRule(owner, name, ...options, '--enable')
    const one = await make('s.example', 'One', '--to', 'a.example')
    const bob = await make('bob@s.example', 'Bob', '--to', 'a.example')
    const big = await make('s.example', 'Big', '--to', 'group:big')
    const few = await make('*', 'Few', '--to', 'group:few')
    const invoice = await make('s.example', 'Invoice', '--to', 'b.example', '--subject', 'invoice')
    const all = await make('bob@s.example', 'All', '--to', 'b.example')
    const free = await make('s.example', 'Free', '--to', 'c.example')
    const off = async (id: string) =>
      (await rulesFile.done('rule', 'disable', 's.example', id)).split('\n').slice(1).join('\n')
    assert.equal(
      await off(one.id),
      `Level encrypt is still required for a.example (from bob@s.example), by rule ${bob.id} of bob@s.example (Bob).\n`,
    )
    assert.equal(
      await off(big.id),
      `Level encrypt is still required for p150.example, by rule ${few.id} of * (Few).
Only the first 100 of the 150 recipients that it names were looked at.
`,
    )
    assert.equal(
      await off(invoice.id),
      `Level encrypt is still required for b.example (from bob@s.example), by rule ${all.id} of bob@s.example (All).\n`,
    )
    assert.equal(
      await off(free.id),
      'No other rule requires TLS for its mail, which is delivered as usual.\n',
    )
    await rulesFile.done('rule', 'enable', 's.example', free.id)
    const deleted = await rulesFile.done('rule', 'delete', 's.example', free.id, '--yes')
    assert.match(deleted, /^No other rule requires TLS for its mail, which is delivered as usual\.$/m)
  })

  it('is that others may require TLS where there are too many to look at', async (t) => {
    const rulesFile = await RulesFile.create(t, 's.example')
    const { id } = await rulesFile.createRule('s.example', 'One', '--to', 'a.example', '--enable')
    const document = JSON.parse((await rulesFile.content()) ?? '') as { rules: Record<string, object> }
    for (let sender = 0; sender <= 100; sender++)
      document.rules[`u${sender}@s.example`] = { r1: storedRule({ name: 'B', to: ['b.example'] }) }
    await writeFile(rulesFile.file, JSON.stringify(document))
    assert.match(
      await rulesFile.done('rule', 'disable', 's.example', id),
      /is off\.\nOther rules may still require TLS for some of its mail; not all of them were looked at\.\n$/,
    )
  })

  it('is said where an incoming rule meets a Haraka without STARTTLS, by its config folder', async (t) => {
    const folder = new TemporaryFolder('says')
    t.after(() => folder.close())
    const config = path.join(folder.path, 'config')
    await mkdir(config)
    await writeFile(path.join(config, 'enforce-tls.ini'), '[store]\ntype=file\n[main]\nreport_only=true\n')
    const create = ['rule', 'create', '*', 'In', '--direction', 'incoming', '--enable', '--from']
    const says = async (plugins: string, sender = 'bank.example'): Promise<string> => {
      await writeFile(path.join(config, 'plugins'), plugins)
      return (await inProcess([...create, sender, '--config', folder.path])).stdout
    }
    const hint = /All of that mail is rejected, because Haraka does not offer STARTTLS/
    assert.match(await says('# tls\nenforce-tls\n'), hint)
    const good = await says('tls\nenforce-tls\n', 'clinic.example')
    assert.doesNotMatch(good, hint)
    assert.match(
      good,
      /^It is on: nothing is enforced, because report_only=true is set; without it, mail from/m,
    )
  })

  it('is said where a rule of the whole service covers bounces to own domains', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    const all = await rulesFile.createRule('*', 'All', '--to', '*')
    assert.match(
      await rulesFile.done('rule', 'enable', '*', all.id),
      /^It covers bounces to your own domains as well \(acme\.example\)/m,
    )
  })
})

describe('rule delete', { concurrency: 8 }, () => {
  it('wants --yes where there is no terminal', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const { id } = await rulesFile.createRule('*', 'Bank', '--to', '*')
    const { code, stdout, stderr } = await rulesFile.runAlone('rule', 'delete', '*', id)
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(
      stderr,
      /nothing deleted: rule "\w+" of \* is still there, because there is no terminal to ask on/,
    )
    assert.ok(stderr.includes(`\n  enforce-tls rule delete '*' ${id} --yes --file ${rulesFile.file}`), stderr)
    assert.equal((await rulesFile.rules('*')).length, 1)
    assert.equal(
      await rulesFile.done('rule', 'delete', '*', id, '--yes'),
      `Deleted rule ${id} of * (Bank).\n`,
    )
    assert.deepEqual(await rulesFile.rules('*'), [])
  })

  it('prints what it deleted', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const created = await rulesFile.createRule('*', 'Bank', '--to', '*')
    assert.deepEqual(await rulesFile.data<OwnedRule>('rule', 'delete', '*', created.id, '--yes'), created)
  })
})
