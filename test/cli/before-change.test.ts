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

  it('partners that come into a group in use are looked at, by the strictest rule', async (t) => {
    const { rulesFile, asked, run } = await started(t)
    await rulesFile.done('group', 'set', 'banks', 'one.example')
    for (const level of ['encrypt', 'verify'])
      await rulesFile.createRule('acme.example', level, '--to', 'group:banks', '--level', level, '--enable')
    await log(rulesFile, { kind: 'report', result: 'would-bounce', domain: 'two.example' })
    const set = ['group', 'set', 'banks', 'one.example', 'two.example']
    const no = await run(set, { answer: 'n\n' })
    assert.equal(no.code, 1)
    assert.match(no.stdout, /rules in report mode would have bounced 1 of 1 message to two\.example/)
    assert.match(no.stderr, /mail to two\.example would bounce now/)
    assert.match(no.stderr, /Add to group banks, which 2 rules that are on refer to\? \[y\/N\]/)
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
