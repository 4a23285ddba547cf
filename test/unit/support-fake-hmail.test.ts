/** The fake queue item beside Haraka's own: what a guard overrides must be what Haraka calls. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { GUARDED_METHODS } from '../../plugins/enforce-tls/delivery/guarded-item.js'
import { FakeHmail } from '../support/fake-hmail.js'
import { harakaRoot } from '../support/repository.js'

const source = readFileSync(join(harakaRoot(), 'outbound', 'hmail.js'), 'utf8')

describe('the fake queue item', () => {
  for (const method of [...GUARDED_METHODS, 'get_mx', 'temp_fail', 'bounce', 'discard'] as const)
    it(`has ${method} with as many parameters as Haraka's own`, () => {
      const [, parameters] = new RegExp(`^ {4}(?:async )?${method}\\(([^)]*)\\) \\{`, 'm').exec(source) ?? []
      assert.notEqual(parameters, undefined, `Haraka's hmail.js has no ${method}`)
      assert.equal(FakeHmail.prototype[method].length, parameters?.split(',').filter(Boolean).length)
    })
})
