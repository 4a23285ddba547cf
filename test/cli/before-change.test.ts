import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { describe, it, type TestContext } from 'node:test'
import type { OpenPartners } from '../../plugins/enforce-tls/cli/partners.js'
import { toRecord } from '../../plugins/enforce-tls/observe/delivery-log/entry.js'
import type { DeliveryLogEntry } from '../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { toSettings } from '../../plugins/enforce-tls/settings/schema.js'
import { openDeliveryLog } from '../../plugins/enforce-tls/store/open-store.js'
import { entry } from '../support/evidence-entries.js'
import { inProcess, RulesFile, type FakeTerminal, type Ran } from './enforce-tls.js'

/** Domains that were asked about, and every server fails. */
function asking(asked: string[]): OpenPartners {
  return () =>
    Promise.resolve({
      check: ({ domain, recipient, requirement }) => {
        asked.push(`${domain} ${requirement.level}`)
        return Promise.resolve({
          domain,
          recipient: recipient ?? null,
          level: requirement.level,
          requirement,
          decidedBy: requirement.decidedBy,
          verdict: 'bounced' as const,
          reason: `mx.${domain} does not offer STARTTLS`,
          hosts: [],
          dane: null,
          mtaSts: null,
          tlsReports: null,
          levels: [],
          remarks: [],
          checkedAt: new Date(0).toISOString(),
        })
      },
      checkGateway: () => Promise.resolve(null),
      close: () => undefined,
    })
}

async function log({ file }: RulesFile, ...entries: readonly Partial<DeliveryLogEntry>[]): Promise<void> {
  const deliveries = openDeliveryLog({ ...toSettings({}), store: { type: 'file', file } })
  const records = entries.map((each, index) => toRecord(entry({ uuid: `u${index}`, ...each })))
  await deliveries.append(records, 1000)
  await deliveries.close()
}

interface Started {
  readonly rulesFile: RulesFile
  readonly id: string
  readonly asked: string[]
  readonly run: (args: readonly string[], fake?: FakeTerminal) => Promise<Ran>
}

/** A rule of acme.example for bank.example that is on. */
async function started(t: TestContext, ...options: readonly string[]): Promise<Started> {
  const rulesFile = await RulesFile.create(t, 'acme.example')
  const { id } = await rulesFile.createRule('acme.example', 'Bank', '--to', 'bank.example', ...options)
  const asked: string[] = []
  const run = (args: readonly string[], fake: FakeTerminal = {}) =>
    inProcess([...args, '--file', rulesFile.file], { partners: asking(asked), ...fake })
  return { rulesFile, id, asked, run }
}

describe('before a change that makes mail bounce or leave in the clear', { concurrency: 8 }, () => {
  /** what is done, how the rule was made, the command */
  const ROWS: readonly (readonly [string, readonly string[], (id: string) => readonly string[]])[] = [
    ['a rule is switched on', [], (id) => ['rule', 'enable', 'acme.example', id]],
    ['a rule is created', [], () => ['rule', 'create', 'acme.example', 'B', '--to', 'b.example', '--enable']],
    [
      'report mode ends',
      ['--mode', 'report', '--enable'],
      (id) => ['rule', 'edit', 'acme.example', id, '--mode', 'enforce'],
    ],
    ['a level is raised', ['--enable'], (id) => ['rule', 'edit', 'acme.example', id, '--level', 'verify']],
    [
      'a rule becomes an exemption',
      ['--enable'],
      (id) => ['rule', 'edit', 'acme.example', id, '--level', 'none'],
    ],
    [
      'a rule gets another recipient',
      ['--enable'],
      (id) => ['rule', 'edit', 'acme.example', id, '--to', 'bank.example', 'b.example'],
    ],
    [
      'an exemption starts earlier',
      ['--level', 'none', '--enable', '--starts-at', '2040-01-01T00:00:00Z'],
      (id) => ['rule', 'edit', 'acme.example', id, '--starts-at', '2020-01-01T00:00:00Z'],
    ],
    [
      'a rule ends on a date',
      ['--enable'],
      (id) => ['rule', 'edit', 'acme.example', id, '--expires-at', '2040-01-01T00:00:00Z'],
    ],
    ['an exemption ends', ['--level', 'none', '--enable'], (id) => ['rule', 'disable', 'acme.example', id]],
  ]
  for (const [what, options, command] of ROWS)
    it(`it is asked once whether to go on, when ${what}`, async (t) => {
      const { rulesFile, id, run } = await started(t, ...options)
      const before = await rulesFile.content()
      const no = await run(command(id), { answer: 'n\n' })
      assert.deepEqual([no.code, no.stderr.match(/\[y\/N\]/g)?.length], [1, 1], no.stderr)
      assert.match(no.stderr, /nothing was changed/)
      assert.equal(await rulesFile.content(), before)
      const yes = await run([...command(id), '--yes'], { answer: '' })
      assert.equal(yes.code, 0)
      assert.doesNotMatch(yes.stderr, /\[y\/N\]/)
      assert.notEqual(await rulesFile.content(), before)
    })

  it('a yes is not taken for what the change would do by then', async (t) => {
    const { rulesFile, id } = await started(t)
    const group = (...patterns: readonly string[]) =>
      inProcess(['group', 'set', 'banks', ...patterns, '--file', rulesFile.file])
    await group('bank.example')
    const edit = ['rule', 'edit', 'acme.example', id, '--to', 'group:banks', '--file', rulesFile.file]
    assert.equal((await inProcess(edit)).code, 0)
    let others = async (): Promise<unknown> => group('bank.example', 'plain.example')
    // Others are faster than the answer of the mail servers.
    const partners: OpenPartners = async (options) => {
      await others()
      return asking([])(options)
    }
    const enable = () =>
      inProcess(['rule', 'enable', 'acme.example', id, '--file', rulesFile.file], { partners, answer: 'y\n' })
    const refused = await enable()
    assert.equal(refused.code, 1, refused.stderr)
    assert.match(refused.stderr, /what this would do to mail has changed since you were asked, so nothing/)
    assert.match((await rulesFile.content()) ?? '', /"enabled": *false/)
    others = () => Promise.resolve()
    assert.equal((await enable()).code, 0)
  })

  it('nothing is asked off a terminal, and what is known is said all the same, before the change', async (t) => {
    const { rulesFile, id, asked, run } = await started(t, '--level', 'verify')
    const rules = [{ owner: 'acme.example', id }]
    await log(
      rulesFile,
      { kind: 'report', result: 'would-bounce', level: 'verify', rules },
      { kind: 'report', result: 'would-deliver', level: 'encrypt', rules },
      { kind: 'outcome', result: 'delivered', level: 'verify', rules },
    )
    const { code, stdout, stderr } = await run(['rule', 'enable', 'acme.example', id])
    assert.equal(code, 0)
    assert.match(
      stdout,
      /^In the last 30 days it would have bounced 1 of 1 message \(100\.0%\): bank\.example 1\.$/m,
    )
    assert.match(
      stdout,
      /^In the last 30 days report mode checked 1 message at another level than verify; they are not counted here/m,
    )
    assert.match(
      stdout,
      /^In the last 30 days it required TLS for 1 message: 1 delivered, 0 bounced\.\nRule \w+ .* is on:/m,
    )
    assert.match(
      stderr,
      /warning: mail to bank\.example would bounce now: mx\.bank\.example does not offer STARTTLS/,
    )
    assert.deepEqual(asked, ['bank.example verify'])
  })

  it('nothing is asked of changes that are none of these', async (t) => {
    const { id, asked, run } = await started(t, '--enable')
    for (const command of [
      ['rule', 'edit', 'acme.example', id, '--name', 'Other'],
      ['rule', 'disable', 'acme.example', id],
      ['rule', 'edit', 'acme.example', id, '--level', 'verify'],
    ]) {
      const { code, stderr } = await run(command, { answer: '' })
      assert.deepEqual([code, stderr], [0, ''])
    }
    assert.deepEqual(asked, [])
  })

  it('what it would do is said: of a rule that another one leaves nothing', async (t) => {
    const { rulesFile, id, run } = await started(t, '--enable')
    const second = await rulesFile.createRule('acme.example', 'Second', '--to', 'bank.example')
    const { stdout } = await run(['rule', 'enable', 'acme.example', second.id], { answer: 'n\n' })
    assert.match(
      stdout,
      new RegExp(`It would be on, but has no effect: rule ${id} of acme\\.example \\(Bank\\)`),
    )
  })

  it('what it would do is said: of a stricter rule that is left to decide', async (t) => {
    const { rulesFile, id, asked, run } = await started(t, '--enable')
    await rulesFile.createRule('acme.example', 'Strict', '--to', '*', '--level', 'verify', '--enable')
    const { code, stdout, stderr } = await run(['rule', 'disable', 'acme.example', id], { answer: 'n\n' })
    assert.equal(code, 1)
    assert.match(
      stdout,
      /\(Strict\):\n.*Mail to bank\.example would have to fulfil this rule instead, which requires more\./,
    )
    assert.match(
      stderr,
      /mail to bank\.example would bounce now[^]*Switch off rule \w+ of acme\.example \(Bank\)\? \[y\/N\]/,
    )
    assert.deepEqual(asked, ['bank.example verify'])
  })

  it('what it would do is said: of an exemption that gets above a rule', async (t) => {
    const { rulesFile, id, run } = await started(t, '--enable')
    const exempt = await rulesFile.createRule(
      'acme.example',
      'Exempt',
      '--to',
      '*',
      '--level',
      'none',
      '--enable',
    )
    const before = await rulesFile.content()
    const move = ['rule', 'move', 'acme.example', exempt.id, '--top']
    const { code, stdout, stderr } = await run(move, { answer: 'n\n' })
    assert.equal(code, 1)
    assert.match(stdout, new RegExp(`Rule ${id} of acme\\.example \\(Bank\\):[^]*has no effect`))
    assert.match(stderr, /Move rule \w+ of acme\.example\? \[y\/N\]/)
    assert.equal(await rulesFile.content(), before)
    assert.equal((await run(move)).code, 0)
  })

  it('how many of the partners would bounce is said, and how many were not asked', async (t) => {
    const { rulesFile, asked, run } = await started(t)
    const many = Array.from({ length: 205 }, (_, index) => `p${index}.example`)
    await rulesFile.done('group', 'set', 'many', ...many)
    const { id } = await rulesFile.createRule('acme.example', 'Many', '--to', 'group:many')
    const { stderr } = await run(['rule', 'enable', 'acme.example', id], { answer: 'n\n' })
    assert.match(
      stderr,
      /Checked: mail to 200 of 200 partners would bounce now; 5 more partners not checked\./,
    )
    assert.equal(stderr.match(/would bounce now: /g)?.length, 10)
    assert.equal(asked.length, 200)
  })

  it('a rule without an action is not switched on, and the command that helps is named', async (t) => {
    const { rulesFile, id, run } = await started(t)
    const text = (await rulesFile.content()) ?? ''
    const { rules, ...others } = JSON.parse(text) as { rules: Record<string, Record<string, object>> }
    const rule = { ...rules['acme.example']?.[id], actions: {} }
    await writeFile(rulesFile.file, JSON.stringify({ ...others, rules: { 'acme.example': { [id]: rule } } }))
    const { code, stderr } = await run(['rule', 'enable', 'acme.example', id])
    assert.equal(code, 1)
    assert.match(stderr, /\(Bank\) cannot be switched on, because it has no action yet/)
    assert.match(stderr, new RegExp(`enforce-tls rule edit acme\\.example ${id} --level encrypt`))
    const listed = await run(['rule', 'list', 'acme.example'])
    assert.match(listed.stdout, /\(no action yet\)/)
    assert.equal((await run(['rule', 'edit', 'acme.example', id, '--level', 'encrypt'])).code, 0)
    assert.equal((await run(['rule', 'enable', 'acme.example', id])).code, 0)
  })

  it('partners that come into a group in use are looked at, by the strictest rule', async (t) => {
    const { rulesFile, asked, run } = await started(t)
    await rulesFile.done('group', 'set', 'banks', 'one.example')
    const banks = ['--to', 'group:banks', '--enable', '--level']
    await rulesFile.createRule('acme.example', 'All', ...banks, 'encrypt')
    await rulesFile.createRule('bob@acme.example', 'Bob', ...banks, 'verify')
    await log(rulesFile, { kind: 'report', result: 'would-bounce', domain: 'two.example' })
    const set = ['group', 'set', 'banks', 'one.example', 'two.example']
    const no = await run(set, { answer: 'n\n' })
    assert.equal(no.code, 1)
    assert.match(no.stdout, /rules in report mode would have bounced 1 of 1 message to two\.example/)
    assert.match(no.stderr, /mail to two\.example would bounce now/)
    assert.match(no.stderr, /Change group banks, which 2 rules that are on refer to\? \[y\/N\]/)
    assert.deepEqual(asked, ['two.example verify'])
    assert.equal((await run([...set, '--yes', '--no-check'])).code, 0)
    assert.equal(asked.length, 1)
    const fewer = await run(['group', 'set', 'banks', 'two.example'], { answer: '' })
    assert.deepEqual([fewer.code, fewer.stderr], [0, ''])
  })

  it('message rules are switched on for a domain with rules that are on', async (t) => {
    const { rulesFile, asked, run } = await started(t, '--enable', '--no-check')
    await rulesFile.done('domain', 'disable', 'acme.example')
    const enable = ['domain', 'enable', 'acme.example']
    const refused = await run(enable, { answer: 'n\n' })
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /Switch on message rules for acme\.example, and with it 1 rule\? \[y\/N\]/)
    assert.match(refused.stderr, /mail to bank\.example would bounce now/)
    assert.deepEqual(asked, ['bank.example encrypt'])
    assert.match(await rulesFile.done('domain', 'list'), /acme\.example.* off /)
    // Nobody can be asked there, and nothing is removed: it is done, as a rule is switched on.
    assert.equal((await run(enable)).code, 0)
    assert.match(await rulesFile.done('domain', 'list'), /acme\.example.* on /)
  })

  it('a document with a rule that comes into force is imported', async (t) => {
    const { rulesFile, id, asked, run } = await started(t)
    const document = (await rulesFile.content()) ?? ''
    const file = `${rulesFile.file}.import`
    await writeFile(file, document.replace('"enabled": false', '"enabled": true'))
    const refused = await run(['import', file], { answer: 'n\n' })
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /mail to bank\.example would bounce now[^]*Write that \(/)
    assert.deepEqual(asked, ['bank.example encrypt'])
    assert.equal((await run(['import', file, '--no-check', '--yes'])).code, 0)
    assert.deepEqual(asked, ['bank.example encrypt'])
    const [rule] = await rulesFile.rules('acme.example')
    assert.deepEqual([rule?.id, rule?.rule.enabled], [id, true])
  })
})
