import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inProcess, RulesFile } from './enforce-tls.js'

describe('rule create with every option of the model', { concurrency: 8 }, () => {
  it('stores what each says', async (t) => {
    const rulesFile = await RulesFile.create(t)
    await rulesFile.done('group', 'set', 'banks', 'bank.example')
    const { rule } = await rulesFile.createRule(
      '*',
      'All',
      '--to',
      'group:banks',
      '.court.example',
      '--except-to',
      'info@x.court.example',
      '--from',
      'ACME.example',
      '--except-from',
      'bob@acme.example',
      '--subject',
      'secret',
      '/^re:/i',
      '--except-subject',
      'test',
      '--header',
      'X-Class: high',
      'x-class: /top/',
      'List-Id: a',
      '--except-header',
      'X-Class: not high',
      '--mode',
      'report',
      '--starts-at',
      '2026-01-31T08:00:00Z',
      '--expires-at',
      '2036-01-31T08:00:00+01:00',
      '--comment',
      'asked for by legal',
    )
    assert.deepEqual(
      {
        criteria: rule.criteria,
        mode: rule.mode,
        from: rule.startsAt,
        to: rule.expiresAt,
        comment: rule.comment,
      },
      {
        criteria: {
          to: { matchesAny: ['group:banks', '.court.example'], matchesNone: ['info@x.court.example'] },
          from: { matchesAny: ['acme.example'], matchesNone: ['bob@acme.example'] },
          subject: { matchesAny: ['secret', '/^re:/i'], matchesNone: ['test'] },
          header: [
            { name: 'X-Class', matchesAny: ['high', '/top/'], matchesNone: ['not high'] },
            { name: 'List-Id', matchesAny: ['a'] },
          ],
        },
        mode: 'report',
        from: '2026-01-31T08:00:00Z',
        to: '2036-01-31T08:00:00+01:00',
        comment: 'asked for by legal',
      },
    )
    const table = await rulesFile.done('rule', 'list', '*')
    for (const line of table.trimEnd().split('\n')) assert.ok(line.length <= 80)
    assert.match(table, /subject: secret/)
    const { id } = (await rulesFile.rules('*'))[0] ?? assert.fail()
    const shown = await rulesFile.done('rule', 'show', '*', id)
    assert.match(shown, /^ *header X-Class: high, \/top\/$/m)
    assert.match(shown, /asked for by legal/)
  })

  it('edit replaces and removes each by itself', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const options = [
      '--to',
      'a.example',
      '--except-to',
      'x@a.example',
      '--header',
      'A: 1',
      '--except-header',
      'A: 2',
    ]
    const { id } = await rulesFile.createRule('*', 'Rule', ...options, '--comment', 'old')
    const edit = async (...given: string[]) => {
      await rulesFile.done('rule', 'edit', '*', id, ...given)
      const { criteria, comment } = (await rulesFile.rules('*'))[0]?.rule ?? assert.fail()
      return { criteria, comment }
    }
    assert.deepEqual(await edit('--header', 'B: 3', '--no-comment'), {
      criteria: {
        to: { matchesAny: ['a.example'], matchesNone: ['x@a.example'] },
        header: [
          { name: 'B', matchesAny: ['3'] },
          { name: 'A', matchesNone: ['2'] },
        ],
      },
      comment: undefined,
    })
    assert.deepEqual(await edit('--no-header', '--no-except-header', '--no-except-to'), {
      criteria: { to: { matchesAny: ['a.example'] } },
      comment: undefined,
    })
    const last = await inProcess(['rule', 'edit', '*', id, '--no-to', '--file', rulesFile.file])
    assert.equal(last.code, 1)
    assert.match(last.stderr, /--to is missing; expected: at least one of to, from, subject, header/)
  })

  it('enable of a rule in mode report says so, and how to enforce it', async (t) => {
    const rulesFile = await RulesFile.create(t)
    const { id } = await rulesFile.createRule('*', 'Try', '--to', 'bank.example', '--mode', 'report')
    assert.match(
      await rulesFile.done('rule', 'enable', '*', id),
      /is on: it only reports; once it enforces, mail from every sender to bank\.example leaves over TLS or not at all/,
    )
    assert.match(await rulesFile.done('rule', 'list', '*'), /│ report │/)
  })

  const HUGE = 'x'.repeat(100_000)
  const to = ['--to', '*']
  const REFUSED: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      'a group that does not exist',
      ['--to', 'group:banks'],
      /--to "group:banks" names a group that does not exist/,
    ],
    [
      'a group in an exception',
      [...to, '--except-to', 'group:x'],
      /--except-to "group:x" names a group that does not exist/,
    ],
    ['a group of no name', ['--to', 'group:'], /--to "group:" is not a group name/],
    ['a bad sender', ['--from', 'acme..example'], /--from "acme\.\.example" has an empty label/],
    ['an empty subject', ['--subject', ''], /--subject is empty/],
    ['a huge subject', ['--subject', HUGE], /--subject "x{77}\.\.\." is longer than 300 characters/],
    ['a bad regular expression', ['--subject', '/(/'], /--subject "\/\(\/" /],
    ['a regular expression that could hang elsewhere', ['--subject', '/(a)\\1/'], /--subject /],
    [
      'a header without text',
      ['--header', 'X-Class:'],
      /--header "X-Class:" names no header field; expected: 'Name: words'/,
    ],
    ['a huge header', ['--header', `A: ${HUGE}`], /--header .* is longer than 300 characters/],
    [
      'a day that does not exist',
      [...to, '--starts-at', '2026-02-30T00:00:00Z'],
      /--starts-at "2026-02-30T00:00:00Z" is no time/,
    ],
    [
      'a date without time',
      [...to, '--expires-at', '2026-01-31'],
      /--expires-at "2026-01-31" is no time; expected: a date and time/,
    ],
    [
      'an end before the start',
      [...to, '--starts-at', '2026-02-01T00:00:00Z', '--expires-at', '2026-01-01T00:00:00Z'],
      /--expires-at "2026-01-01T00:00:00Z" is not after startsAt/,
    ],
    ['an unknown mode', [...to, '--mode', 'try'], /--mode "try" is not one of enforce, report/],
    ['an empty comment', [...to, '--comment', ''], /--comment is empty/],
    ['a huge comment', [...to, '--comment', HUGE], /--comment .* is longer than 1000 characters/],
    [
      'an incoming rule for nobody',
      [...to, '--direction', 'incoming'],
      /--from is missing; an incoming rule names the senders/,
    ],
    [
      'an incoming rule with a subject',
      ['--from', '*', '--subject', 'x', '--direction', 'incoming'],
      /--subject cannot be used for incoming/,
    ],
  ]
  for (const [what, options, says] of REFUSED) {
    it(`refuses ${what}, and writes nothing`, async (t) => {
      const rulesFile = await RulesFile.create(t)
      await rulesFile.createRule('*', 'First', '--to', 'first.example')
      const before = await rulesFile.content()
      const { code, stderr } = await inProcess([
        'rule',
        'create',
        '*',
        'Bad',
        ...options,
        '--file',
        rulesFile.file,
      ])
      assert.equal(code, 1)
      assert.match(stderr, says)
      assert.ok(stderr.length < 1000)
      assert.equal(await rulesFile.content(), before)
    })
  }
})
