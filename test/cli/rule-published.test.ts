/** Levels for what partners publish: their options, and that every text says where mail may leave in the clear. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inProcess, RulesFile } from './enforce-tls.js'

const CLEAR = /may leave in the clear where the partner publishes (no|neither)/

interface Stored {
  readonly rule: { readonly actions: { readonly relayWithTls: unknown } }
}

describe('a rule for what partners publish', { concurrency: 8 }, () => {
  /** options, and the action that they make */
  const MADE: readonly (readonly [string, object])[] = [
    ['--level dane', { level: 'dane' }],
    ['--level dane-only', { level: 'dane' }],
    ['--level dane-only --otherwise defer', { level: 'dane' }],
    ['--level mta-sts --otherwise encrypt', { level: 'mta-sts', otherwise: 'encrypt' }],
    ['--level published --otherwise none', { level: 'published', otherwise: 'none' }],
  ]
  for (const [options, action] of MADE)
    it(`is made with ${options}`, async (t) => {
      const rulesFile = await RulesFile.create(t, 'acme.example')
      const { id } = await rulesFile.createRule(
        'acme.example',
        'B',
        '--to',
        'b.example',
        ...options.split(' '),
      )
      const { rule } = await rulesFile.data<Stored>('rule', 'show', 'acme.example', id)
      assert.deepEqual(rule.actions.relayWithTls, action)
    })

  /** options that are refused, and the sentence */
  const REFUSED: readonly (readonly [string, RegExp])[] = [
    [
      '--level dane-only --otherwise none',
      /--level dane-only means --level dane --otherwise defer; it does not go with --otherwise "none"/,
    ],
    ['--level dane-only --otherwise encrypt', /does not go with --otherwise "encrypt"/],
    ['--level dane --otherwise bounce', /--otherwise "bounce" is not one of defer, encrypt, none/],
    ['--level verify --otherwise none', /--otherwise has no meaning at level verify; it is for levels dane/],
    ['--otherwise encrypt', /--otherwise has no meaning at level encrypt/],
    ['--level dane --cert-name mx.b.example', /--cert-name has no meaning at level dane/],
    ['--level dane --direction incoming --from b.example', /--level dane has no meaning for incoming mail/],
  ]
  for (const [options, sentence] of REFUSED)
    it(`is refused with ${options}`, async (t) => {
      const rulesFile = await RulesFile.create(t, 'acme.example')
      const words = ['rule', 'create', 'acme.example', 'B', '--to', 'b.example', ...options.split(' ')]
      const { code, stderr } = await inProcess([...words, '--file', rulesFile.file])
      assert.equal(code, 1)
      assert.match(stderr, sentence)
    })

  it('is edited: what holds otherwise goes back to the default, and with the level it must go', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    const made = ['--level', 'dane', '--otherwise', 'none']
    const { id } = await rulesFile.createRule('acme.example', 'B', '--to', 'b.example', ...made)
    const actionAfter = async (...options: string[]) => {
      await rulesFile.done('rule', 'edit', 'acme.example', id, ...options)
      return (await rulesFile.data<Stored>('rule', 'show', 'acme.example', id)).rule.actions.relayWithTls
    }
    assert.deepEqual(await actionAfter('--no-otherwise'), { level: 'dane' })
    assert.deepEqual(await actionAfter('--otherwise', 'encrypt'), { level: 'dane', otherwise: 'encrypt' })
    assert.deepEqual(await actionAfter('--level', 'published'), { level: 'published', otherwise: 'encrypt' })
    assert.deepEqual(await actionAfter('--level', 'dane-only'), { level: 'dane' })
    await actionAfter('--otherwise', 'none')
    const edit = ['rule', 'edit', 'acme.example', id, '--file', rulesFile.file, '--level', 'verify']
    assert.match((await inProcess(edit)).stderr, /--otherwise has no meaning at level verify/)
    assert.deepEqual(await actionAfter('--level', 'verify', '--no-otherwise'), { level: 'verify' })
  })

  for (const level of ['dane', 'mta-sts', 'published'])
    it(`at ${level} with otherwise none says everywhere that mail may leave in the clear`, async (t) => {
      const rulesFile = await RulesFile.create(t, 'acme.example')
      const options = ['--to', 'b.example', '--level', level, '--otherwise', 'none', '--enable', '--no-check']
      const created = await rulesFile.done('rule', 'create', 'acme.example', 'B', ...options)
      assert.match(created, /leaves over TLS, or possibly in the clear where the partner publishes nothing/)
      assert.match(created, CLEAR)
      const [{ id }] = await rulesFile.data<[{ id: string }]>('rule', 'list', 'acme.example')
      assert.match(await rulesFile.done('rule', 'show', 'acme.example', id), CLEAR)
      assert.match(await rulesFile.done('rule', 'list', 'acme.example'), /otherwise none/)
      const explain = ['explain', '--from', 'ann@acme.example', '--to', 'cfo@b.example']
      const alone = await rulesFile.done(...explain)
      assert.match(alone, CLEAR)
      assert.match(alone, /it leaves over TLS, or possibly in the clear/)
      await rulesFile.createRule('*', 'All', '--to', '*', '--enable', '--no-check')
      const summed = await rulesFile.done(...explain)
      assert.doesNotMatch(summed, /in the clear/)
      assert.match(summed, /what the other rules require is enough where the partner publishes/)
      assert.match(summed, /it leaves over TLS or not at all/)
    })

  it('with otherwise encrypt does not claim that the mail waits', async (t) => {
    const rulesFile = await RulesFile.create(t, 'acme.example')
    const options = [
      '--to',
      'b.example',
      '--level',
      'dane',
      '--otherwise',
      'encrypt',
      '--enable',
      '--no-check',
    ]
    const created = await rulesFile.done('rule', 'create', 'acme.example', 'B', ...options)
    assert.match(created, /leaves over TLS or not at all/)
    assert.match(created, /TLS with any certificate is enough where the partner publishes no signed TLSA rec/)
    assert.doesNotMatch(created, /waits/)
  })

  /** from which options to which, and what is said */
  const LESS: readonly (readonly [string, string, RegExp | null])[] = [
    [
      '--level dane',
      '--otherwise none',
      /^This asks for less than before: mail may leave in the clear where/m,
    ],
    ['--level dane --otherwise encrypt', '--otherwise none', /^This asks for less.*may leave in the clear/m],
    ['--level dane', '--otherwise encrypt', /^This asks for less.*TLS with any certificate is enough where/m],
    ['--level verify', '--level published --otherwise none', /^This asks for less.*may leave in the clear/m],
    [
      '--level published',
      '--level encrypt',
      /^This asks for less than before: what partners publish is not looked at any more\.$/m,
    ],
    ['--level dane', '--level published', /^This asks for less.*an MTA-STS policy is enough/m],
    [
      '--level published --otherwise none',
      '--level dane --no-otherwise',
      /^This asks.*MTA-STS policies are not/m,
    ],
    ['--level dane --otherwise none', '--level published --no-otherwise', null],
    ['--level mta-sts', '--level published', /^This asks for less.*TLSA records are enough to vouch/m],
    ['--level dane --otherwise none', '--otherwise encrypt', null],
    ['--level encrypt', '--level dane', null],
    ['--level dane --otherwise none', '--name Other', null],
  ]
  for (const [before, after, said] of LESS)
    it(`${said ? 'says' : 'does not say'} that it asks for less: ${before}, then ${after}`, async (t) => {
      const rulesFile = await RulesFile.create(t, 'acme.example')
      const options = ['--to', 'b.example', ...before.split(' '), '--enable', '--no-check']
      const { id } = await rulesFile.createRule('acme.example', 'B', ...options)
      const words = ['rule', 'edit', 'acme.example', id, ...after.split(' '), '--no-check']
      const told = await rulesFile.done(...words)
      if (said) assert.match(told, said)
      else assert.doesNotMatch(told, /less than before|not looked at/)
    })

  it('goes out and comes in with export and import', async (t) => {
    const from = await RulesFile.create(t, 'acme.example')
    const to = await RulesFile.create(t)
    const made = ['--level', 'published', '--otherwise', 'none']
    const { id } = await from.createRule('acme.example', 'B', '--to', 'b.example', ...made)
    await to.done('import', from.file, '--yes')
    assert.deepEqual((await to.data<Stored>('rule', 'show', 'acme.example', id)).rule.actions.relayWithTls, {
      level: 'published',
      otherwise: 'none',
    })
  })
})
