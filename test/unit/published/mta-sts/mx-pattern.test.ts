/** Which MX hosts a policy lists. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { matchingMx } from '../../../../plugins/enforce-tls/published/mta-sts/mx-pattern.js'

const ROWS: readonly [pattern: string, host: string, matches: boolean][] = [
  ['mx.bank.example', 'mx.bank.example', true],
  ['mx.bank.example', 'MX.Bank.Example.', true],
  ['mx.bank.example', 'mx2.bank.example', false],
  ['mx.bank.example', 'mx.notbank.example', false],
  ['mx.bank.example', 'bank.example', false],
  ['bank.example', 'mx.bank.example', false],
  ['*.mx.example', 'a.mx.example', true],
  ['*.mx.example', 'A.MX.EXAMPLE', true],
  ['*.mx.example', 'a.b.mx.example', false],
  ['*.mx.example', 'mx.example', false],
  ['*.mx.example', '.mx.example', false],
  ['*.mx.example', 'a.notmx.example', false],
  ['*.mx.example', '*.mx.example', false],
  ['localhost', 'localhost', true],
  ['192.0.2.1', '192.0.2.1', false],
  ['*.0.2.1', '192.0.2.1', false],
]

describe('an MX pattern', () => {
  for (const [pattern, host, matches] of ROWS)
    it(`${pattern} ${matches ? 'lists' : 'does not list'} ${host}`, () =>
      assert.equal(matchingMx(['other.example', pattern], host), matches ? pattern : null))
})
