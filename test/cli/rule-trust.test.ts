/** Rules that name a trust: made, shown, changed, warned of; and what `status` and `check` say of trusts. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openOwnPartners } from '../../plugins/enforce-tls/cli/partners.js'
import { makeAuthority, type Authority } from '../support/certificates.js'
import { startPeer } from '../support/smtp-peer.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { inProcess, type FakeTerminal } from './enforce-tls.js'

const INI = `[store]
type=file
[trust:bank]
ca=ca.pem
cert=own.pem
key=own.key
[trust:old]
ca=gone.pem
`

describe('a rule that names a trust', () => {
  const folder = new TemporaryFolder('rule-trust')
  let bankCa: Authority
  before(async () => {
    bankCa = await makeAuthority('Bank CA')
    const own = await bankCa.issue({ dnsNames: ['mail.acme.example'] })
    mkdirSync(join(folder.path, 'config'))
    const files = { 'enforce-tls.ini': INI, 'ca.pem': bankCa.cert, 'own.pem': own.cert, 'own.key': own.key }
    for (const [name, text] of Object.entries(files))
      writeFileSync(join(folder.path, 'config', name), text, { mode: 0o600 })
    await run('domain', 'enable', 'acme.example')
  })
  after(() => folder.close())

  const run = (...args: readonly string[]) => inFolder({}, ...args)
  const inFolder = (fake: FakeTerminal, ...args: readonly string[]) =>
    inProcess([...args, '--config', folder.path], fake)
  /** Makes a rule, and gives its id and what was said on standard error. */
  async function made(name: string, ...options: readonly string[]) {
    const ran = await run(
      'rule',
      'create',
      'acme.example',
      name,
      '--to',
      'bank.example',
      ...options,
      '--json',
    )
    assert.equal(ran.code, 0, ran.stderr)
    const { id, rule } = JSON.parse(ran.stdout) as { id: string; rule: { actions: { relayWithTls: object } } }
    return { id, action: rule.actions.relayWithTls, stderr: ran.stderr }
  }

  it('is made, shown, explained, changed, and goes without it again', async () => {
    const { id, action, stderr } = await made('Bank', '--level', 'verify', '--trust', 'bank', '--enable')
    assert.deepEqual(action, { level: 'verify', trust: 'bank' })
    assert.equal(stderr, '')
    assert.match((await run('rule', 'list', 'acme.example')).stdout, /verify[^]*trust bank/)
    assert.match(
      (await run('rule', 'show', 'acme.example', id)).stdout,
      /names the MX host, with trust bank$/m,
    )
    const explained = await run('explain', '--from', 'ann@acme.example', '--to', 'cfo@bank.example')
    assert.match(explained.stdout.replace(/\s+/g, ' '), /with trust bank/)
    const edited = await run('rule', 'edit', 'acme.example', id, '--no-trust')
    assert.equal(edited.code, 0, edited.stderr)
    assert.doesNotMatch((await run('rule', 'show', 'acme.example', id)).stdout, /trust bank/)
    await run('rule', 'delete', 'acme.example', id, '--yes')
  })

  const WARNED: readonly (readonly [options: string, says: RegExp])[] = [
    [
      '--level verify --trust banc',
      /mail of this rule waits while it is on: trust "banc" of rule "R" of acme\.example cannot be used: does not exist \(did you mean bank\?\); add the section \[trust:banc\] to enforce-tls\.ini/,
    ],
    ['--level verify --trust old', /ca=gone\.pem does not exist; put the file there/],
    [
      '--level encrypt --trust bank',
      /has ca=, but level encrypt does not look at authorities; use level verify or secure, or remove ca=/,
    ],
  ]
  for (const [options, says] of WARNED)
    it(`is warned of with ${options}`, async () => {
      const { id, stderr } = await made('R', ...options.split(' '))
      assert.match(stderr, says)
      await run('rule', 'delete', 'acme.example', id, '--yes')
    })

  const REFUSED: readonly (readonly [options: string, says: RegExp])[] = [
    ['--level none --trust bank', /--trust has no meaning at level none, which requires no TLS/],
    ['--trust a/b', /--trust "a\/b" cannot be the name of a trust; expected: a letter or digit, followed by/],
    ['--direction incoming --from bank.example --trust bank', /--trust has no meaning for incoming mail/],
  ]
  for (const [options, says] of REFUSED)
    it(`is refused with ${options}`, async () => {
      const words = ['rule', 'create', 'acme.example', 'R', '--to', 'bank.example', ...options.split(' ')]
      const { code, stderr } = await run(...words)
      assert.equal(code, 1)
      assert.match(stderr, says)
    })

  it('is in the status, with its certificates and what is to be mended', async () => {
    const { id } = await made(
      'Broken',
      '--level',
      'encrypt',
      '--trust',
      'bank',
      '--enable',
      '--yes',
      '--no-check',
    )
    const { stdout, stderr } = await run('status')
    assert.match(
      stdout,
      /^ {2}trusts +bank: usable, authority in ca\.pem until \d{4}-\d\d-\d\d \(in \d+ days\), client certificate in own\.pem until \S+ \(in 29 days\)\n +old: unusable$/m,
    )
    assert.match(stderr, /trust bank: the client certificate in cert=own\.pem expires on \S+, in 29 days/)
    assert.match(stderr, /trust old cannot be used, so mail of its rules waits: ca=gone\.pem does not exist/)
    assert.match(
      stderr,
      new RegExp(`mail of rule ${id} waits: trust "bank" of rule "Broken" of acme\\.example has ca=`),
    )
    const { trusts } = JSON.parse((await run('status', '--json')).stdout) as { trusts: { name: string }[] }
    assert.deepEqual(
      trusts.map(({ name }) => name),
      ['bank', 'old'],
    )
    assert.doesNotMatch(JSON.stringify(trusts), /PRIVATE/)
    await run('rule', 'delete', 'acme.example', id, '--yes')
  })

  it('is checked with its trust', async () => {
    const server = await bankCa.issue({ dnsNames: ['127.0.0.1'], ipAddresses: ['127.0.0.1'] })
    await using bank = await startPeer({
      tls: { ...server, ca: bankCa.cert, requestCert: true, rejectUnauthorized: true },
    })
    const check = (...words: readonly string[]) =>
      inFolder({ partners: openOwnPartners }, 'check', '--mx', `127.0.0.1:${bank.port}`, ...words)
    const verify = ['bank.example', '--level', 'verify']
    const good = await check(...verify, '--trust', 'bank')
    assert.equal(good.code, 0, good.stdout + good.stderr)
    const without = await check(...verify)
    assert.equal(without.code, 1, without.stdout)
    const missing = await check(...verify, '--trust', 'no')
    assert.equal(missing.code, 1)
    assert.match(
      missing.stdout.replace(/\s+/g, ' '),
      /was not contacted, because trust "no" cannot be used: does not exist/,
    )
    const { id } = await made('Bank', '--level', 'verify', '--trust', 'bank', '--enable')
    const byRules = await check('--rules')
    assert.equal(byRules.code, 0, byRules.stdout + byRules.stderr)
    await run('rule', 'delete', 'acme.example', id, '--yes')
  })
})
