/** Mail to partners of every kind leaves over DANE, or waits, as with Postfix and Exim: the table of README.md. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import type { Opinions, Sender } from '../support/dane-oracles-child.js'
import { packagesMissing } from '../support/debian-package.js'
import { installedPackage } from '../support/installed-package.js'
import { repositoryRoot } from '../support/repository.js'
import { runToEnd } from '../support/watched-process.js'

const ISOLATED = ['--net', '--mount']
const CHILD = join(__dirname, '..', 'support', 'dane-oracles-child.js')

/** What only Exim does otherwise: the partners whose mail it delivers and we do not, and the other way round. README.md says why. */
const EXIM_ALONE: Readonly<Record<'delivers' | 'does not', readonly string[]>> = {
  delivers: ['SHA-256 of the certificate and SHA-512 of another', 'usage 1 only', 'a digest of 31 bytes'],
  'does not': [
    '2 0 0, the root not sent',
    '2 1 0, the root not sent',
    'usage 2, a certificate for the domain of the mail',
    'a CNAME record, records at the original name',
    'a CNAME record into an unsigned zone, records at the original name',
  ],
}

function impossible(): string | false {
  const missing = packagesMissing('dns') || packagesMissing('mail')
  if (missing !== false) return missing
  const { status } = spawnSync('unshare', [...ISOLATED, 'ip', 'link', 'set', 'lo', 'up'])
  return status === 0 ? false : 'a network of its own takes root and iproute2'
}

describe('DANE beside Postfix and Exim', { skip: impossible() }, () => {
  let opinions: readonly Opinions[] = []
  before(async () => {
    // There is no npm in a network of its own.
    await installedPackage()
    const printed = await runToEnd('unshare', [...ISOLATED, process.execPath, CHILD], { timeout: 120_000 })
    opinions = JSON.parse(printed) as readonly Opinions[]
  })
  const delivers = (sender: Sender, { delivery }: Opinions): boolean => delivery[sender].is === 'delivered'
  const differing = (sender: Sender, how: boolean): readonly string[] =>
    opinions
      .filter((each) => delivers(sender, each) === how && delivers('haraka', each) !== how)
      .map(({ what }) => what)

  it("each partner is judged as by Postfix' client, and its mail is delivered where it is verified", () => {
    assert.deepEqual(
      opinions.filter(({ ours, postfix }) => ours !== postfix),
      [],
    )
    assert.deepEqual(
      opinions.filter((each) => delivers('haraka', each) !== (each.ours === 'verified')),
      [],
    )
  })

  it('Postfix delivers the same, and has the rest wait as we do', () => {
    assert.deepEqual(
      opinions.filter(({ delivery: { haraka, postfix } }) => haraka.is !== postfix.is),
      [],
    )
  })

  it('Exim delivers the same, but for what is explained', () => {
    assert.deepEqual(differing('exim', true), EXIM_ALONE.delivers)
    assert.deepEqual(differing('exim', false), EXIM_ALONE['does not'])
  })

  it('among them are partners of each kind', () => {
    const kinds = new Set(opinions.map(({ ours }) => ours))
    assert.ok(opinions.length >= 43, String(opinions.length))
    assert.deepEqual([...kinds].sort(), ['failed', 'insecure', 'none', 'refused', 'unusable', 'verified'])
  })

  it('the table of README.md is what came of it', () => {
    const readme = readFileSync(join(repositoryRoot(), 'test', 'README.md'), 'utf8')
    const [, section = ''] = readme.split('## DANE beside Postfix and Exim\n')
    const rows = section
      .split(/\n## /)[0]
      ?.split('\n')
      .filter((line) => / (verified|refused|none|insecure|unusable|failed) +\|/.test(line))
      .map((line) => line.split('|').slice(1, -1))
      .map((cells) => cells.map((cell) => cell.trim()))
    const ran = opinions.map(({ what, postfix, delivery }) => [
      what,
      delivery.haraka.is,
      postfix,
      delivery.postfix.is,
      delivery.exim.is,
    ])
    assert.deepEqual(rows, ran, `the table is\n${ran.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`)
  })
})
