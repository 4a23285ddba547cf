import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { drawTable } from '../../plugins/enforce-tls/cli/table.js'
import { RulesFile, enforceTls, inProcess } from './enforce-tls.js'

const COMMANDS = [
  [],
  ['domain'],
  ...['enable', 'disable', 'set', 'remove', 'list'].map((name) => ['domain', name]),
  ['rule'],
  ...['create', 'list', 'show', 'edit', 'move', 'enable', 'disable', 'delete'].map((name) => ['rule', name]),
  ['group'],
  ...['set', 'show', 'list', 'delete'].map((name) => ['group', name]),
  ['explain'],
  ['export'],
  ['import'],
  ['history'],
  ['status'],
]

describe('help', { concurrency: 8 }, () => {
  for (const command of COMMANDS) {
    it(`of enforce-tls ${command.join(' ')} has examples and the store options`, async () => {
      const { code, stdout } = await inProcess([...command, '--help'])
      assert.equal(code, 0)
      assert.match(stdout, new RegExp(`Examples:\n {2}\\$ enforce-tls ${command.join(' ')}`))
      for (const option of ['--redis <url>', '--file <rules file>', '--config <haraka folder>', '--json'])
        assert.ok(stdout.includes(option), option)
    })
  }

  it('is shown for a command line without a command, which is wrong use', async () => {
    const { code, stdout, stderr } = await enforceTls([])
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /^Usage: enforce-tls/)
  })

  it('has a version beside it', async () => {
    const { code, stdout } = await enforceTls(['--version'])
    assert.equal(code, 0)
    assert.match(stdout, /^\d+\.\d+\.\d+\S*\n$/)
  })
})

/** Narrow characters take one column, those of East Asia two. */
function columnsOf(line: string): number {
  return line.length + (line.match(/[\u3000-\u9fff]/g) ?? []).length
}

it('a long name in a table cuts no other name', () => {
  const head = ['domain', 'requires TLS', 'delivered', 'bounced', 'waiting or kept', 'would bounce']
  const row = (domain: string) => [domain, '1', '0', '0', '1', '0']
  const names = ['clinic.example', 'first-bank.example']
  const long = `${'a-label-as-long-as-labels-may-be'.repeat(2).slice(0, 63)}.example`
  const table = drawTable(head, [...names, long].map(row))
  for (const name of names) assert.ok(table.includes(` ${name} `), table)
  assert.deepEqual([...new Set(table.trimEnd().split('\n').map(columnsOf))], [80])
})

describe('a list of rules', { concurrency: 8 }, () => {
  it('is a table of 80 columns, however long its texts are', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    const names = [
      'Enforced TLS to First Bank and to all its branches',
      'x'.repeat(200),
      '漢字'.repeat(60),
      'é'.repeat(99),
    ]
    for (const name of names)
      await rulesFile.createRule(
        'acme.example',
        name,
        '--min-version',
        'TLSv1.3',
        '--to',
        `${'long-'.repeat(11)}a.example`,
      )
    const said = (await rulesFile.done('rule', 'list', 'acme.example')).trimEnd().split('\n')
    const lines = said.filter((line) => !line.startsWith('Note: '))
    assert.deepEqual([...new Set(lines.map(columnsOf))], [80])
    assert.doesNotMatch(lines.join(''), /…/)
    const cells = lines.map((line) => line.split('│')[3]?.trim() ?? '').join('')
    for (const name of names) assert.ok(cells.replaceAll(' ', '').includes(name.replaceAll(' ', '')), name)
  })

  it('cuts no domain, owner or id, while there is room for them', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    const domain = 'alpha-long-domain.example'
    const name = 'Enforced TLS to a partner with a name of its own and many branches'
    const { id } = await rulesFile.createRule(
      'acme.example',
      name,
      '--min-version',
      'TLSv1.3',
      '--to',
      domain,
    )
    const list = await rulesFile.done('rule', 'list', 'acme.example')
    for (const word of [domain, id, ...name.split(' ')]) assert.ok(list.includes(word), word)
    assert.deepEqual([...new Set(list.trimEnd().split('\n').map(columnsOf))], [80])
  })

  it('shows position, state, name, recipients, level and id of each', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const { id } = await rulesFile.createRule('*', 'Bank', '--to', 'a.example', 'b.example', '--enable')
    const table = await rulesFile.done('rule', 'list', '*')
    assert.match(table, /│ # │ on │ name │ to +│ level +│ id +│/)
    assert.match(
      table,
      new RegExp(`│ 1 │ on │ Bank │ a\\.example │ encrypt │ ${id} │\n│ +│ +│ +│ b\\.example │`),
    )
  })

  it('says how many recipients it leaves out', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const { id } = await rulesFile.createRule(
      '*',
      'Banks',
      '--to',
      ...'a b c d e f g h i j'.split(' ').map((name) => `${name}.example`),
    )
    assert.match(await rulesFile.done('rule', 'list', '*'), /f\.example[^g]*and 4 more/)
    assert.match(await rulesFile.done('rule', 'show', '*', id), /\n +j\.example\n/)
  })

  it('says that the rules are inactive, and what switches them on', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    await rulesFile.createRule('acme.example', 'Bank', '--to', '*')
    assert.doesNotMatch(await rulesFile.done('rule', 'list', 'acme.example'), /sleep/)
    await rulesFile.done('domain', 'disable', 'acme.example')
    assert.match(
      await rulesFile.done('rule', 'list', 'acme.example'),
      /┘\nInactive: message rules are switched off for acme\.example; switch them on with: enforce-tls domain enable acme\.example --file /,
    )
  })

  it('of an owner without rules says so', async (t) => {
    const rulesFile = await RulesFile.create(t)
    assert.equal(await rulesFile.done('rule', 'list', 'acme.example'), 'acme.example has no rules.\n')
    assert.deepEqual(await rulesFile.rules('acme.example'), [])
  })
})

describe('on a terminal', () => {
  const ANSWERS: readonly (readonly [answer: string, code: number])[] = [
    ['y\n', 0],
    ['Yes\n', 0],
    ['n\n', 1],
    ['\n', 1],
    ['yesterday\n', 1],
    ['', 1],
  ]
  for (const [answer, code] of ANSWERS) {
    it(`the answer ${JSON.stringify(answer)} ${code === 0 ? 'deletes' : 'keeps'} a rule`, async (t) => {
      const rulesFile = await RulesFile.create(t)
      const { id } = await rulesFile.createRule('*', 'Bank', '--to', '*')
      const ran = await inProcess(['rule', 'delete', '*', id, '--file', rulesFile.file], {
        answer,
        columns: 80,
      })
      assert.equal(ran.code, code)
      assert.match(ran.stderr, new RegExp(`Delete rule ${id} of \\* \\(Bank\\)\\? \\[y/N\\]`))
      assert.equal((await rulesFile.rules('*')).length, code === 0 ? 0 : 1)
      if (code === 1) assert.match(ran.stderr, /nothing deleted: rule "\w+" of \* is still there/)
    })
  }

  it('--yes deletes without a question', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const { id } = await rulesFile.createRule('*', 'Bank', '--to', '*')
    const ran = await inProcess(['rule', 'delete', '*', id, '--yes', '--file', rulesFile.file], {
      answer: '',
    })
    assert.deepEqual([ran.code, ran.stderr], [0, ''])
  })

  it('a table is as wide as the terminal', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await rulesFile.createRule('*', 'x'.repeat(200), '--to', '*')
    const env = { NO_COLOR: '1' }
    const { stdout } = await inProcess(['rule', 'list', '*', '--file', rulesFile.file], { columns: 120, env })
    assert.deepEqual(
      [
        ...new Set(
          stdout
            .trimEnd()
            .split('\n')
            .map((line) => line.length),
        ),
      ],
      [120],
    )
    assert.ok(!stdout.includes('\x1b'), 'no colours')
  })
})
