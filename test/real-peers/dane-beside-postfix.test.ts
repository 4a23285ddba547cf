/** Postfix's own client and we are of the same opinion about partners of every kind. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { packagesMissing } from '../support/debian-package.js'
import type { Opinions } from '../support/dane-beside-postfix-child.js'
import { runToEnd } from '../support/watched-process.js'

const ISOLATED = ['--net', '--mount']
const CHILD = join(__dirname, '..', 'support', 'dane-beside-postfix-child.js')

function impossible(): string | false {
  const missing = packagesMissing('dns') || packagesMissing('mail')
  if (missing !== false) return missing
  const { status } = spawnSync('unshare', [...ISOLATED, 'ip', 'link', 'set', 'lo', 'up'])
  return status === 0 ? false : 'a network of its own takes root and iproute2'
}

describe('DANE beside Postfix', { skip: impossible() }, () => {
  let opinions: readonly Opinions[] = []
  before(async () => {
    const printed = await runToEnd('unshare', [...ISOLATED, process.execPath, CHILD], { timeout: 120_000 })
    opinions = JSON.parse(printed) as readonly Opinions[]
  })

  it('each partner is judged the same', () => {
    const differing = opinions.filter(({ ours, postfix }) => ours !== postfix)
    assert.deepEqual(differing, [])
  })

  it('among them are partners of each kind', () => {
    const kinds = new Set(opinions.map(({ ours }) => ours))
    assert.ok(opinions.length >= 43, String(opinions.length))
    assert.deepEqual([...kinds].sort(), ['failed', 'insecure', 'none', 'refused', 'unusable', 'verified'])
  })
})
