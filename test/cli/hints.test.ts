import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { nearest } from '../../plugins/enforce-tls/text/nearest.js'
import { RulesFile } from './enforce-tls.js'

let rulesFile: RulesFile
let id: string
before(async () => {
  rulesFile = await RulesFile.open('acme.example')
  id = (await rulesFile.createRule('acme.example', 'Banks', '--to', 'bank.example')).id
  await rulesFile.createRule('bob@acme.example', 'Bank', '--to', 'bank.example')
})
after(() => rulesFile.close())

describe('what somebody may have meant is said', () => {
  const ROWS: readonly (readonly [words: readonly string[], code: number, said: RegExp])[] = [
    [['rule', 'list', 'acme.exampel'], 0, /^acme\.exampel has no rules; did you mean "acme\.example"\?\n$/],
    [['rule', 'list', 'bbo@acme.example'], 0, /has no rules; did you mean "bob@acme\.example"\?/],
    [
      ['history', 'acme.exampl'],
      0,
      /No changes are recorded for acme\.exampl; did you mean "acme\.example"\?/,
    ],
    [
      ['export', 'acm.example'],
      0,
      /warning: nothing is known of acm\.example; did you mean "acme\.example"\?/,
    ],
    [['report', '--owner', 'acme.exampel'], 0, /acme\.exampel has no rules; did you mean "acme\.example"\?/],
    [['report', '--owner', 'nobody.org'], 0, /warning: nobody\.org has no rules\n/],
    [['trace', '--owner', 'acme.exampel'], 1, /acme\.exampel has no rules; did you mean "acme\.example"\?/],
    [['domain', 'disable', 'acmee.example'], 0, /acmee\.example is new here; did you mean "acme\.example"\?/],
    [
      ['rule', 'create', 'acme.exampel', 'x', '--to', 'b.example'],
      1,
      /^(?!.*domain enable acme\.exampel)enforce-tls: nothing is known of acme\.exampel, so nothing was created; did you mean "acme\.example"\?/s,
    ],
    [
      ['explain', '--from', 'zed@acme.exampel', '--to', 'a@b.example'],
      0,
      /Nothing is known of acme\.exampel; did you mean "acme\.example"\?/,
    ],
    [
      ['token', 'create', 'crm', '--role', 'viewer', '--domain', 'acme.exampel'],
      0,
      /warning: nothing is known of acme\.exampel; did you mean "acme\.example"\?/,
    ],
    [
      ['rule', 'create', 'acme.example', 'Old', '--to', 'b.example', '--expires-at', '2020-01-01T00:00:00Z'],
      0,
      /warning: the rule expired at 2020-01-01T00:00:00Z/,
    ],
    ...['show', 'enable', 'disable', 'delete'].map(
      (command) =>
        [
          ['rule', command, 'acme.exampel', 'x'],
          1,
          /acme\.exampel has no rules; did you mean "acme\.example"\?/,
        ] as const,
    ),
    [['rule', 'edit', 'acme.exampel', 'x', '--to', 'b.example'], 1, /did you mean "acme\.example"\?/],
    [['rule', 'move', 'acme.exampel', 'x', '--top'], 1, /did you mean "acme\.example"\?/],
    [['rule', 'show', 'acme.example', 'Banks'], 1, /has no rule "Banks"; did you mean \w+ \(Banks\)\?/],
    [['rule', 'show', 'acme.example', 'bnaks'], 1, /has no rule "bnaks"; did you mean \w+ \(Banks\)\?/],
    [['rule', 'list', 'nobody.example'], 0, /^nobody\.example has no rules\.\n$/],
  ]
  for (const [words, code, said] of ROWS)
    it(`enforce-tls ${words.join(' ')}`, async () => {
      const ran = await rulesFile.run(...words)
      assert.equal(ran.code, code, ran.stderr)
      assert.match(ran.stdout + ran.stderr, said)
    })

  it('for an id with one letter wrong', async () => {
    const wrong = `${id.slice(0, -1)}0`
    const { stderr } = await rulesFile.run('rule', 'show', 'acme.example', wrong)
    assert.match(stderr, new RegExp(`has no rule "${wrong}"; did you mean "${id}"\\?`))
  })

  it('and nothing but data with --json', async () => {
    assert.deepEqual(await rulesFile.rules('acme.exampel'), [])
  })
})

describe('the nearest name', () => {
  const NAMES = ['acme.example', 'bank.example', 'banks', 'a']
  for (const [text, name] of [
    ['acme.exampel', 'acme.example'],
    ['ACME.EXAMPLE', 'acme.example'],
    ['acmeexample', 'acme.example'],
    ['bnaks', 'banks'],
    ['bank', 'banks'],
    ['tank.example', 'bank.example'],
    ['b', null],
    ['zzzz', null],
    ['', null],
    ['banks', null],
    ['quite.another.example', null],
  ] as const)
    it(`to ${text} is ${String(name)}`, () => {
      const others = NAMES.filter((each) => each !== text)
      assert.equal(nearest(text, others), name)
    })

  it('is found in no time', () => {
    const begun = performance.now()
    nearest(
      'x'.repeat(10_000),
      Array.from({ length: 10_000 }, (_, n) => `${'y'.repeat(60)}${n}`),
    )
    assert.ok(performance.now() - begun < 500)
  })
})

describe('a domain to be switched on', () => {
  for (const [text, said] of [
    [
      'acme',
      /domain "acme" has no dot; write it in full, as in acme\.example, or as acme\. with a dot behind it/,
    ],
    ['*@acme.example', /domain "\*@acme\.example" would match nothing; write acme\.example/],
    ['https://acme.example/', /is a web address; write acme\.example/],
    ['.acme.example', /names subdomains, and one domain is expected; write acme\.example/],
    ['bob@acme.example', /"bob@acme\.example" is an address, and a domain is expected; use acme\.example/],
  ] as const)
    it(`is refused as ${text}`, async () => {
      const { code, stderr } = await rulesFile.run('domain', 'enable', text)
      assert.equal(code, 1)
      assert.match(stderr, said)
    })

  it('may be one word with a dot behind it, and is that word then', async (t) => {
    const own = await RulesFile.create(t)
    await own.done('domain', 'enable', 'mailhub.')
    await own.createRule('root@mailhub', 'Bank', '--to', 'bank.example')
    assert.match(await own.done('domain', 'disable', 'mailhub'), /switched off for mailhub\./)
  })
})
