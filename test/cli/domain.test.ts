import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stepWith } from '../../plugins/enforce-tls/admin/undo.js'
import { FileStore } from '../../plugins/enforce-tls/store/file/rule-store.js'
import { inProcess, RulesFile } from './enforce-tls.js'

const LINK = 'https://acme.example/tls'

describe('domain', { concurrency: 8 }, () => {
  it('is switched on and off, and says which', async (t) => {
    const rulesFile = await RulesFile.create(t)
    assert.match(
      await rulesFile.done('domain', 'enable', 'acme.example'),
      /^Message rules are switched on for acme\.example\.$/m,
    )
    assert.match(await rulesFile.done('domain', 'enable', 'ACME.example'), /are already switched on/)
    assert.match(
      await rulesFile.done('domain', 'disable', 'acme.example'),
      /^Message rules are switched off for acme\.example\.$/m,
    )
    assert.match(await rulesFile.done('domain', 'disable', 'acme.example'), /are already switched off/)
    assert.deepEqual(await rulesFile.data('domain', 'enable', 'Acme.example'), {
      domain: 'acme.example',
      enabled: true,
    })
  })

  it('says what has become of its rules', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    await rulesFile.createRule('acme.example', 'Free', '--to', 'a.example', '--level', 'none', '--enable')
    await rulesFile.createRule('bob@acme.example', 'Bank', '--to', 'bank.example', '--enable')
    await rulesFile.createRule('acme.example', 'A', '--to', 'a.example', '--enable')
    await rulesFile.createRule('acme.example', 'Off', '--to', 'b.example')
    assert.match(
      await rulesFile.done('domain', 'disable', 'acme.example'),
      /^Inactive now: 3 rules of the domain and of its senders\.$/m,
    )
    const said = await rulesFile.done('domain', 'enable', 'acme.example')
    assert.match(said, /^Rule \w+ of bob@acme\.example \(Bank\) is on: mail from bob@acme\.example/m)
    assert.match(said, /^Rule \w+ of acme\.example \(A\) is on, but has no effect: rule \w+ .*\(Free\)/m)
    assert.doesNotMatch(said, /\(Off\) is/)
  })

  it('that never had a service is off already', async (t) => {
    const rulesFile = await RulesFile.create(t)
    assert.match(await rulesFile.done('domain', 'disable', 'acme.example'), /are already switched off/)
    assert.deepEqual(await rulesFile.data('domain', 'list'), [])
  })

  it('list counts the rules of a domain and of its senders', async (t) => {
    const rulesFile = await RulesFile.create(t, 'b.example', 'a.example', 'bücher.example')
    for (const owner of ['a.example', 'bob@a.example', 'eve@a.example', '*', 'b.example'])
      await rulesFile.createRule(owner, 'Bank', '--to', 'bank.example')
    await rulesFile.done('domain', 'disable', 'b.example')
    assert.deepEqual(await rulesFile.data('domain', 'list'), [
      { domain: 'a.example', enabled: true, rules: 3 },
      { domain: 'b.example', enabled: false, rules: 1 },
      { domain: 'xn--bcher-kva.example', enabled: true, rules: 0 },
    ])
    assert.match(await rulesFile.done('domain', 'list'), /│ b\.example +│ off +│ 1 +│/)
  })

  it('says whom its senders can ask, with history and undo, and switching it keeps that', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    const said = await rulesFile.done(
      'domain',
      'set',
      'Acme.example',
      '--contact',
      ' help@acme.example ',
      '--link',
      LINK,
    )
    assert.match(
      said,
      /^Bounces to senders at acme\.example say whom to ask: help@acme\.example\nThey have a link: https/,
    )
    await rulesFile.done('domain', 'disable', 'acme.example')
    const row = { domain: 'acme.example', enabled: false, rules: 0 }
    assert.deepEqual(await rulesFile.data('domain', 'list'), [
      { ...row, contact: 'help@acme.example', link: LINK },
    ])
    assert.match(
      await rulesFile.done('domain', 'set', 'acme.example', '--contact', 'help@acme.example'),
      /nothing was changed/,
    )
    assert.deepEqual(await rulesFile.data('domain', 'set', 'acme.example', '--no-contact'), {
      domain: 'acme.example',
      enabled: false,
      contact: null,
      link: LINK,
      language: null,
    })
    const [last] = await rulesFile.data<{ key: string; from: object; to: object }[]>(
      'history',
      'acme.example',
    )
    assert.deepEqual(last?.from, { enabled: false, contact: 'help@acme.example', link: LINK })
    assert.equal(last.key, 'domains')
    assert.deepEqual(last.to, { enabled: false, link: LINK })
    const document = await rulesFile.done('export')
    assert.deepEqual((JSON.parse(document) as { domains: object }).domains, {
      'acme.example': { enabled: false, link: LINK },
    })
  })

  it('says in which language bounces to its senders are', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    assert.match(
      await rulesFile.done('domain', 'set', 'acme.example', '--language', 'de'),
      /^They are in German, with English below, unless the message says otherwise\.$/m,
    )
    assert.match(await rulesFile.done('domain', 'list'), /│ bounces in │[^]*│ German +│/)
    const row = { domain: 'acme.example', enabled: true, rules: 0 }
    assert.deepEqual(await rulesFile.data('domain', 'list'), [{ ...row, language: 'de' }])
    await rulesFile.done('domain', 'set', 'acme.example', '--no-language')
    assert.deepEqual(await rulesFile.data('domain', 'list'), [row])
  })

  it('that is off can have somebody to ask', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    await rulesFile.done('domain', 'disable', 'acme.example')
    const said = await rulesFile.done('domain', 'set', 'acme.example', '--contact', 'IT desk')
    assert.match(
      said,
      /Message rules are switched off for acme\.example; switch them on with:\n {2}enforce-tls domain enable acme\.example/,
    )
    assert.deepEqual(await rulesFile.data('domain', 'list'), [
      { domain: 'acme.example', enabled: false, rules: 0, contact: 'IT desk' },
    ])
  })

  for (const words of [
    ['set', '--contact', 'help@acme.example'],
    ['remove', '--yes'],
  ])
    it(`${words[0] ?? ''} makes or removes nothing of which nobody knows, and says what helps`, async (t) => {
      const rulesFile = await RulesFile.create(t, 'acme.example')
      const before = await rulesFile.content()
      const [action = '', ...options] = words
      const run = (domain: string) => rulesFile.run('domain', action, domain, ...options)
      const [other, near] = [await run('nosuch.example'), await run('acme.exmple')]
      assert.deepEqual([other.code, near.code, other.stdout, near.stdout], [1, 1, '', ''])
      assert.match(
        other.stderr,
        /^enforce-tls: nothing is known of nosuch\.example, so nothing was (?:set|removed); .* with:\n {2}enforce-tls domain (?:enable nosuch\.example|list) /,
      )
      assert.match(near.stderr, /nothing was (?:set|removed); did you mean "acme\.example"\?\n$/)
      assert.equal(await rulesFile.content(), before)
    })

  it('is removed with its rules and those of its senders, and the history has it as one step', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example', 'other.example')
    for (const owner of ['acme.example', 'bob@acme.example', 'other.example'])
      await rulesFile.createRule(owner, 'Bank', '--to', 'bank.example', '--enable')
    const before = await rulesFile.content()
    const refused = await rulesFile.runAlone('domain', 'remove', 'acme.example')
    assert.equal(refused.code, 1)
    assert.match(
      refused.stderr,
      /nothing removed: acme\.example is still there, because there is no terminal .*\n {2}enforce-tls domain remove acme\.example --yes/,
    )
    const file = ['--file', rulesFile.file]
    const asked = await inProcess(['domain', 'remove', 'acme.example', ...file], {
      answer: 'n\n',
      columns: 100,
    })
    assert.equal(asked.code, 1)
    assert.match(
      asked.stdout,
      /Rule \w+ of bob@acme\.example \(Bank\):\n {2}No other rule requires TLS for its mail/,
    )
    assert.match(
      asked.stderr,
      /Remove acme\.example with 2 rules of the domain and of its senders\? \[y\/N\]/,
    )
    assert.equal(await rulesFile.content(), before)
    const done = await rulesFile.data<{ rules: number; change: string }>(
      'domain',
      'remove',
      'acme.example',
      '--yes',
    )
    assert.equal(done.rules, 2)
    assert.deepEqual(await rulesFile.data('domain', 'list'), [
      { domain: 'other.example', enabled: true, rules: 1 },
    ])
    const steps = await rulesFile.data<{ to: unknown; step: { id: string; entries: number } }[]>('history')
    assert.deepEqual(
      steps.slice(0, 3).map(({ to, step }) => [to, step.entries, step.id === steps[0]?.step.id]),
      Array.from({ length: 3 }, () => [null, 3, true]),
    )
    const { found, step } = await stepWith(new FileStore(rulesFile.file), done.change)
    assert.deepEqual([found.to, step.length], [null, 3])
  })

  it('remove says what becomes of mail, and how to take it back', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example', 'empty.example')
    await rulesFile.createRule('acme.example', 'Bank', '--to', 'bank.example', '--enable')
    assert.match(
      await rulesFile.done('domain', 'remove', 'acme.example', '--yes'),
      /^Removed acme\.example with 1 rule\.\nIts mail may leave unencrypted now, where no other rule requires TLS\.\nThe console takes that back in one step: change [\w-]{22} in its history\.\n$/,
    )
    assert.match(
      await rulesFile.done('domain', 'remove', 'empty.example', '--yes'),
      /^Removed empty\.example\.\nThe console/,
    )
  })

  for (const [words, status, said] of [
    [['--contact', ''], 1, /--contact is empty; expected: .*, or --no-contact to remove it/],
    [['--link', ' '], 1, /--link is empty; expected: .*, or --no-link to remove it/],
    [['--link', 'http://acme.example'], 1, /link "http:\/\/acme\.example" is not a link; expected: an https/],
    [['--language', 'de-AT'], 1, /language "de-AT" is not a language that bounces are written in; .*\bde\b/],
    [['--contact', 'a\nb'], 1, /contact "a\\nb" is not one line/],
    [[], 2, /nothing to set; give --contact, --link or --language/],
  ] as const)
    it(`set refuses ${words.join(' ').replace('\n', ' ') || 'nothing'}`, async (t) => {
      const rulesFile = await RulesFile.create(t, 'acme.example')
      const ran = await rulesFile.run('domain', 'set', 'acme.example', ...words)
      assert.equal(ran.code, status)
      assert.match(ran.stderr, said)
      assert.deepEqual(await rulesFile.data('domain', 'list'), [
        { domain: 'acme.example', enabled: true, rules: 0 },
      ])
    })

  it('list of nothing says so', async (t) => {
    const rulesFile = await RulesFile.create(t)
    assert.equal(
      await rulesFile.done('domain', 'list'),
      'No domain has rules, or message rules switched on or off.\n',
    )
  })
})
