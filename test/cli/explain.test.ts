import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { inProcess, RulesFile } from './enforce-tls.js'

interface Waived {
  readonly waiver: { readonly effect: string } | null
}

interface Explained {
  readonly requirement: { readonly level: string; readonly minVersion?: string } | null
  readonly decidedBy: readonly unknown[]
  readonly reported: readonly { level: string }[]
  readonly certain: boolean
  readonly owners: readonly {
    owner: string
    awake: boolean
    rules: { id: string; state: string; part: string | null }[]
  }[]
}

const ASK = ['explain', '--from', 'Ann@acme.example', '--to', 'cfo@BANK.example']

describe('explain', { concurrency: 8 }, () => {
  it('of a store without rules requires nothing', async (t) => {
    const rulesFile = await RulesFile.create(t)
    assert.deepEqual(await rulesFile.data(...ASK), {
      from: 'ann@acme.example',
      to: 'cfo@bank.example',
      direction: 'outgoing',
      waits: false,
      requirement: null,
      decidedBy: [],
      reported: [],
      certain: true,
      dependsOn: [],
      owners: ['*', 'acme.example', 'ann@acme.example'].map((owner) => ({
        owner,
        awake: owner === '*',
        problems: [],
        rules: [],
      })),
      waiver: null,
      reportOnly: false,
    })
    assert.equal(
      await rulesFile.done(...ASK),
      `Mail from ann@acme.example to cfo@bank.example:
  * (the whole service): no rules
  acme.example: no rules
  ann@acme.example: no rules
No rule applies: the message is delivered as usual.
`,
    )
  })

  it('says what TLS-Required: No in a message comes to', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    const { id } = await rulesFile.createRule(
      ...['acme.example', 'Published', '--to', 'bank.example', '--enable'],
      ...['--level', 'dane', '--otherwise', 'none'],
    )
    const file = `${rulesFile.file}.eml`
    await writeFile(file, 'TLS-Required: No\r\nSubject: x\r\n\r\nHello\r\n')
    const asked = [...ASK, '--message', file]
    assert.match(
      await rulesFile.done(...asked),
      /^The message says TLS-Required: No, so it is freed of what the rule requires: .*\. With \[requiretls\] honour_no=false, it would not\.$/m,
    )
    assert.deepEqual((await rulesFile.data<Waived>(...asked)).waiver?.effect, 'frees')
    assert.equal((await rulesFile.data<Waived>(...ASK)).waiver, null)
    await rulesFile.done('rule', 'edit', 'acme.example', id, '--otherwise', 'encrypt')
    assert.match(
      await rulesFile.done(...asked),
      /^The message says TLS-Required: No, which changes nothing here/m,
    )
  })

  it('adds up what the owners require, and names every rule with what became of it and why', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    const rule = async (owner: string, name: string, ...options: string[]) =>
      (await rulesFile.createRule(owner, name, ...options)).id
    const all = await rule('*', 'All', '--to', '*', '--enable')
    const off = await rule('acme.example', 'Off', '--to', 'bank.example')
    const other = await rule('acme.example', 'Near', '--to', 'notbank.example', '--enable')
    const past = await rule(
      'acme.example',
      'Past',
      '--to',
      '*',
      '--expires-at',
      '2001-01-01T00:00:00Z',
      '--enable',
    )
    const except = await rule(
      'acme.example',
      'But',
      '--to',
      '*',
      '--except-to',
      'cfo@bank.example',
      '--enable',
    )
    const bank = await rule(
      'acme.example',
      'Bank',
      '--to',
      'bank.example',
      '--level',
      'verify',
      '--min-version',
      'TLSv1.3',
      '--enable',
    )
    const below = await rule('acme.example', 'Below', '--to', '*', '--enable')
    const incoming = await rule(
      'acme.example',
      'In',
      '--from',
      'bank.example',
      '--direction',
      'incoming',
      '--enable',
    )
    const explained = await rulesFile.data<Explained>(...ASK)
    assert.equal(explained.requirement?.level, 'verify')
    assert.equal(explained.requirement.minVersion, 'TLSv1.3')
    assert.deepEqual(explained.decidedBy, [
      { owner: '*', id: all, name: 'All' },
      { owner: 'acme.example', id: bank, name: 'Bank' },
    ])
    assert.deepEqual(
      explained.owners[1]?.rules.map(({ id, state, part }) => [id, state, part]),
      [
        [off, 'off', null],
        [other, 'not matched', null],
        [past, 'expired', null],
        [except, 'not matched', null],
        [bank, 'matched', 'decides'],
        [below, 'matched', null],
        [incoming, 'other direction', null],
      ],
    )
    const said = await rulesFile.done(...ASK)
    for (const line of [
      `    1. ${all} (All): matched -> decides [to: matches *]`,
      `    2. ${other} (Near): not matched [to: no match]`,
      `    4. ${except} (But): not matched [to: excepted by cfo@bank.example]`,
      `    5. ${bank} (Bank): matched -> decides [to: matches bank.example]`,
      `    6. ${below} (Below): matched, below the rule that decides [to: matches *]`,
    ])
      assert.ok(said.includes(`${line}\n`), said)
    assert.match(
      said,
      /^Required: level verify: .*, TLSv1\.3 or later; by rule \w+ of \* \(All\) and rule \w+ of acme\.example \(Bank\); it leaves over TLS or not at all\.$/m,
    )
  })

  it('names the rule that exempts', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    const { id } = await rulesFile.createRule(
      'acme.example',
      'Free',
      '--to',
      '*',
      '--level',
      'none',
      '--enable',
    )
    assert.match(
      await rulesFile.done(...ASK),
      new RegExp(`^TLS is not required: exempted by rule ${id} of acme\\.example \\(Free\\)\\.$`, 'm'),
    )
  })

  it('says that rules are inactive', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    await rulesFile.createRule('acme.example', 'Bank', '--to', '*', '--enable')
    await rulesFile.done('domain', 'disable', 'acme.example')
    const said = await rulesFile.done(...ASK)
    assert.match(
      said,
      /acme\.example, inactive: message rules are switched off for the domain; switch them on with: enforce-tls domain enable acme\.example --file /,
    )
    assert.match(said, /No rule applies/)
  })

  it('needs the message for a rule that looks at its header, and then knows', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const options = ['--subject', 'geheim', '--header', 'X-Class: /conf/i', '--level', 'secure', '--enable']
    const { id } = await rulesFile.createRule('*', 'Secret', ...options)
    const without = await rulesFile.data<Explained>(...ASK)
    assert.deepEqual([without.certain, without.requirement], [false, null])
    assert.match(
      await rulesFile.done(...ASK),
      new RegExp(
        `Depends on the message's header: rule ${id} of \\* \\(Secret\\) looks at subject, header X-Class; give the message with --message`,
      ),
    )
    const file = `${rulesFile.file}.eml`
    await writeFile(
      file,
      'Subject: =?utf-8?Q?Streng_geheim?=\r\nx-class: CONFIDENTIAL\r\n\r\nSubject: body\r\n',
    )
    const known = await rulesFile.data<Explained>(...ASK, '--message', file)
    assert.deepEqual([known.certain, known.requirement?.level], [true, 'secure'])
    await writeFile(file, 'Subject: offen\r\n\r\nX-Class: confidential, geheim\r\n')
    assert.equal((await rulesFile.data<Explained>(...ASK, '--message', file)).requirement, null)
  })

  it('says what is unknown of a message, why, and what it counts as', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const all = ['--subject', 'geheim', '--enable']
    const exempting = await rulesFile.createRule('*', 'News', ...all, '--level', 'none')
    const { id } = await rulesFile.createRule('*', 'Secret', ...all, '--level', 'verify')
    const file = `${rulesFile.file}.eml`
    await writeFile(file, Buffer.from('Subject: f\xfcr Sie\r\n\r\n', 'latin1'))
    const known = await rulesFile.data<Explained>(...ASK, '--message', file)
    assert.deepEqual([known.certain, known.requirement?.level], [true, 'verify'])
    const said = await rulesFile.done(...ASK, '--message', file)
    const why = '[subject: unknown, because it has characters in an unknown encoding]'
    for (const line of [
      `${exempting.id} (News): unknown, counts as no match because it exempts ${why}`,
      `${id} (Secret): unknown, counts as a match -> decides ${why}`,
    ])
      assert.ok(said.includes(line), said)
  })

  it('tells what rules in mode report would require, and requires nothing', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await rulesFile.createRule('*', 'Try', '--to', '*', '--mode', 'report', '--enable')
    const { requirement, reported } = await rulesFile.data<Explained>(...ASK)
    assert.equal(requirement, null)
    assert.deepEqual(
      reported.map(({ level }) => level),
      ['encrypt'],
    )
    assert.match(
      await rulesFile.done(...ASK),
      /^In mode report, rule \w+ of \* \(Try\) would require level encrypt\.$/m,
    )
  })

  it('--direction incoming goes by the rules of the recipient', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    await rulesFile.createRule(
      'acme.example',
      'In',
      '--from',
      'bank.example',
      '--direction',
      'incoming',
      '--enable',
    )
    const said = await rulesFile.done(
      'explain',
      '--direction',
      'incoming',
      '--from',
      'cfo@bank.example',
      '--to',
      'ann@acme.example',
    )
    assert.match(said, /^Incoming mail from cfo@bank\.example to ann@acme\.example:$/m)
    assert.match(said, /it is rejected at RCPT unless it comes over TLS\.$/m)
  })

  it('of the null sender looks at the rules of * only', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const { owners } = await rulesFile.data<Explained>('explain', '--from', '<>', '--to', 'a@b.example')
    assert.deepEqual(
      owners.map(({ owner }) => owner),
      ['*'],
    )
  })

  it('of rules that are not valid says that the message would wait', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await writeFile(
      rulesFile.file,
      '{"domains":{"acme.example":{"enabled":true}},"rules":{"acme.example":{"x":{}}}}',
    )
    const { code, stdout } = await rulesFile.runAlone(...ASK)
    assert.equal(code, 1)
    assert.match(stdout, /^ {4}not valid \(unknown\): .*\["x"\]: field name: is missing$/m)
    assert.match(stdout, /^Unknown: the message waits until these entries are valid, or deleted\.$/m)
  })

  const REFUSED: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ['a sender without domain', ['--from', 'ann', '--to', 'a@b.example'], 1, /--from "ann" has no @/],
    [
      'a display name',
      ['--from', 'a@b.example', '--to', 'Ann <ann@b.example>'],
      1,
      /--to "Ann <ann@b\.example>" is a display name/,
    ],
    ['no recipient', ['--from', 'a@b.example'], 2, /'--to <recipient>' not specified/],
    [
      'a direction',
      ['--from', 'a@b.example', '--to', 'a@b.example', '--direction', 'up'],
      1,
      /--direction "up" is not one of outgoing, incoming/,
    ],
    [
      'a missing message',
      ['--from', 'a@b.example', '--to', 'a@b.example', '--message', '/nonexistent'],
      1,
      /--message \/nonexistent /,
    ],
    [
      'a folder for a message',
      ['--from', 'a@b.example', '--to', 'a@b.example', '--message', '/'],
      1,
      /--message \/ is a folder/,
    ],
  ]
  for (const [what, args, code, says] of REFUSED) {
    it(`refuses ${what}`, async (t) => {
      const rulesFile = await RulesFile.create(t)
      const ran = await inProcess(['explain', ...args, '--file', rulesFile.file])
      assert.equal(ran.code, code)
      assert.match(ran.stderr, says)
    })
  }
})
