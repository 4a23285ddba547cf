/** Files of named trusts, good and bad, and what is to be mended. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { Trusts } from '../../../../plugins/enforce-tls/delivery/tls/trusts.js'
import type { TrustMaterial } from '../../../../plugins/enforce-tls/delivery/tls/trust-material.js'
import type { TrustSettings } from '../../../../plugins/enforce-tls/settings/trust.js'
import { issue, type Issued, type Wanted } from '../../../support/chains.js'
import { TemporaryFolder } from '../../../support/temporary-folder.js'

const NOTHING: TrustSettings = { ca: [], cert: '', key: '', serverName: '', ciphers: '', groups: '' }
const OWN = { ...NOTHING, cert: 'own.pem', key: 'own.key' }
const CA = { ...NOTHING, ca: ['ca.pem'] }

describe('the files of a named trust', () => {
  const folder = new TemporaryFolder('trusts')
  let ca: Issued
  before(async () => {
    ca = await issue({ name: 'CA', until: 400 })
    write({ 'ca.pem': ca.pem })
    await writeOwn()
  })
  after(() => folder.close())

  function write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files))
      writeFileSync(join(folder.path, name), text, { mode: 0o600 })
  }

  async function writeOwn(wanted: Partial<Wanted> = {}): Promise<Issued> {
    const own = await issue({ name: 'mail.acme.example', by: ca, ca: false, until: 100, ...wanted })
    write({ 'own.pem': own.pem, 'own.key': own.keyPem })
    return own
  }

  const open = (settings: TrustSettings): Trusts<TrustMaterial> =>
    new Trusts({ bank: settings }, folder.path, (material) => material)
  /** The problem, and that it is the same for all who ask. */
  function problemOf(settings: TrustSettings): string | null {
    const [facts] = open(settings).facts()
    const problem = facts?.problem ?? null
    if (problem === null) assert.equal(open(settings).get('bank').name, 'bank')
    else assert.throws(() => open(settings).get('bank'), { code: 'TRUST_UNUSABLE', message: problem })
    return problem
  }
  const warningsOf = (settings: TrustSettings): string[] =>
    (open(settings).facts()[0]?.warnings ?? []).map(({ text }) => text)

  it('that are good are what sessions are made with', () => {
    const trusts = open({
      ...OWN,
      ...CA,
      cert: 'own.pem',
      key: 'own.key',
      serverName: 'mx.example',
      groups: 'X25519',
    })
    const trust = trusts.get('bank')
    assert.deepEqual([trust.serverName, trust.hasAuthorities], ['mx.example', true])
    const { anchors, own } = trusts.madeOf(trust)
    assert.deepEqual(anchors, [`${ca.pem.trim()}\n`])
    assert.match(own.cert ?? '', /BEGIN CERTIFICATE/)
    assert.match(own.key ?? '', /BEGIN PRIVATE KEY/)
    assert.deepEqual([own.ciphers, own.ecdhCurve], [undefined, 'X25519'])
    assert.doesNotMatch(JSON.stringify([trust, trusts.facts()]), /PRIVATE/)
    assert.equal(trusts.get('bank'), trust)
    assert.throws(() => open(OWN).madeOf(trust), TypeError)
  })

  it('that would hold the process up are refused with words, at once: too large, a FIFO, a device', () => {
    execFileSync('mkfifo', [join(folder.path, 'fifo')])
    write({
      'large.pem': ca.pem.padEnd(256 * 1024 + 1, '\n'),
      'half.pem': `${ca.pem.trim()}\n`.repeat(Math.ceil((130 * 1024) / ca.pem.length)),
      'large.key': 'x'.repeat(64 * 1024 + 1),
    })
    for (const [settings, words] of [
      [{ ...CA, ca: ['large.pem'] }, /^ca=large\.pem is larger than 256 KB; put only the authorities/],
      [{ ...CA, ca: ['half.pem', 'half.pem'] }, /^ca=half\.pem, half\.pem together is larger than 256 KB/],
      [{ ...OWN, cert: 'large.pem' }, /^cert=large\.pem is larger than 64 KB; put the client certificate/],
      [{ ...OWN, key: 'large.key' }, /^key=large\.key is larger than 64 KB; put the key alone there$/],
      [{ ...CA, ca: ['fifo'] }, /^ca=fifo is no regular file; put a PEM file there$/],
      [{ ...OWN, cert: 'fifo' }, /^cert=fifo is no regular file/],
      [{ ...OWN, key: 'fifo' }, /^key=fifo is no regular file/],
      [{ ...CA, ca: ['/dev/zero'] }, /^ca=\/dev\/zero is no regular file/],
    ] as const)
      assert.match(problemOf(settings) ?? '', words)
    assert.equal(problemOf({ ...CA, ca: ['half.pem'] }), null)
  })

  it('hold each certificate on lines of its own, whatever their files do', async () => {
    const other = await issue({ name: 'other' })
    write({ 'glued.pem': ca.pem.trim() + other.pem.trim() })
    const trusts = open({ ...CA, ca: ['glued.pem'] })
    assert.deepEqual(trusts.madeOf(trusts.get('bank')).anchors, [`${ca.pem.trim()}\n${other.pem.trim()}\n`])
  })

  it('that are not good are named with file, problem and way out', async () => {
    const other = await issue({ name: 'other', ca: false })
    const [old, early] = [await issue({ name: 'old', until: -2 }), await issue({ name: 'early', from: 5 })]
    write({
      'empty.pem': '',
      'damaged.pem': ca.pem.replace(/\n[A-Za-z0-9+/]{8}/, '\nAAAAAAAA'),
      'other.key': other.keyPem,
    })
    write({
      'old.pem': old.pem,
      'early.pem': early.pem,
      'both.pem': old.pem + ca.pem,
      'none.key': 'secret words',
    })
    write({
      'locked.key': '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n',
    })
    mkdirSync(join(folder.path, 'folder'))
    const ROWS: readonly (readonly [settings: TrustSettings, problem: RegExp | null])[] = [
      [CA, null],
      [OWN, null],
      [{ ...CA, ca: ['both.pem'] }, null],
      [
        { ...CA, ca: ['no.pem'] },
        /^ca=no\.pem does not exist; put the file there, or correct its name in enforce-tls\.ini$/,
      ],
      [{ ...CA, ca: ['ca.pem', 'empty.pem'] }, /^ca=empty\.pem contains no certificate; put/],
      [{ ...CA, ca: ['damaged.pem'] }, /^ca=damaged\.pem: certificate 1 in it is damaged; put/],
      [{ ...CA, ca: ['folder'] }, /^ca=folder is a folder; put/],
      [
        { ...CA, ca: ['old.pem'] },
        /^ca=old\.pem has no authority that is valid now \(expired on \d{4}-\d\d-\d\d\); put/,
      ],
      [
        { ...CA, ca: ['early.pem'] },
        /^ca=early\.pem has no authority that is valid now \(is valid from .* on\); put/,
      ],
      [
        { ...OWN, key: 'other.key' },
        /^key=other\.key does not belong to the first certificate in cert=own\.pem; put/,
      ],
      [
        { ...OWN, key: 'none.key' },
        /^key=none\.key is no private key in PEM form; put the key of cert= there$/,
      ],
      [{ ...OWN, key: 'locked.key' }, /^key=locked\.key is protected by a passphrase; put/],
      [
        { ...NOTHING, ciphers: 'FOO' },
        /^ciphers=FOO is not accepted by OpenSSL here \(no cipher match\); expected/,
      ],
      [{ ...NOTHING, groups: 'nope' }, /^groups=nope is not accepted by OpenSSL here \(.*\); expected/],
    ]
    for (const [settings, problem] of ROWS) {
      const found = problemOf(settings)
      if (problem === null) assert.equal(found, null)
      else assert.match(found ?? 'no problem', problem)
      assert.doesNotMatch(found ?? '', /secret words|\/tmp/)
    }
    await writeOwn({ until: -1 })
    assert.match(
      problemOf(OWN) ?? '',
      /^cert=own\.pem is a certificate that expired on .*; put a renewed one there, with its key$/,
    )
    await writeOwn()
  })

  it('that change make another trust, and those that are written again the same one', async () => {
    const trusts = open({ ...OWN, ...CA, cert: 'own.pem', key: 'own.key' })
    const first = trusts.get('bank')
    write({ 'ca.pem': ca.pem })
    await later()
    assert.equal(trusts.get('bank'), first)
    await writeOwn()
    await later()
    const second = trusts.get('bank')
    assert.notEqual(second.digest, first.digest)
    assert.notEqual(trusts.madeOf(second), trusts.madeOf(first))
    rmSync(join(folder.path, 'own.key'))
    await later()
    assert.throws(() => trusts.get('bank'), /key=own\.key does not exist/)
    await writeOwn()
    await later()
    assert.equal(trusts.get('bank').name, 'bank')
  })

  it('are warned of before they expire, once for each stage', async () => {
    for (const [days, warning] of [
      [31, null],
      [
        30,
        /^the client certificate in cert=own\.pem expires on \d{4}-\d\d-\d\d, in 29 days; replace it before, or mail/,
      ],
      [1, /expires on \S+, in less than a day; replace it/],
    ] as const) {
      await writeOwn({ until: days })
      const warnings = warningsOf(OWN)
      if (warning === null) assert.deepEqual(warnings, [])
      else assert.match(warnings.join('\n'), warning)
    }
    await writeOwn()
    const old = await issue({ name: 'Old CA', until: -2 })
    write({ 'both.pem': old.pem + ca.pem })
    assert.match(
      warningsOf({ ...CA, ca: ['both.pem'] }).join('\n'),
      /^the authority CN=Old CA in ca=both\.pem expired on .*; replace it$/,
    )
  })

  it('are warned of where the certificate is for servers alone, or the key open to others', async () => {
    await writeOwn({ purpose: x509.ExtendedKeyUsage.serverAuth })
    assert.match(
      warningsOf(OWN).join('\n'),
      /^the client certificate in cert=own\.pem is not meant for clients \(.*lacks clientAuth\)/,
    )
    await writeOwn({ purpose: x509.ExtendedKeyUsage.clientAuth })
    assert.deepEqual(warningsOf(OWN), [])
    chmodSync(join(folder.path, 'own.key'), 0o640)
    assert.deepEqual(warningsOf(OWN), [])
    chmodSync(join(folder.path, 'own.key'), 0o644)
    assert.match(
      warningsOf(OWN).join('\n'),
      /^key=own\.key is open to other users of this machine \(mode 0644\); set its mode to 0600 or 0640$/,
    )
    chmodSync(join(folder.path, 'own.key'), 0o600)
  })

  it('of a trust that is not there are asked for by the name of the nearest', () => {
    assert.throws(
      () => open(CA).get('banks'),
      /^TrustProblem: does not exist \(did you mean bank\?\); add the section \[trust:banks\] to enforce-tls\.ini, or give the rule another trust$/,
    )
    assert.throws(() => open(CA).get('constructor'), /does not exist/)
  })
})

/** Files are looked at again after a second. */
async function later(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1100))
}
