/** What cannot be had while the store does not answer is named, and nothing else. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { formatUnavailable } from '../../../plugins/enforce-tls/console/problem.js'

it('says what is unavailable', () => {
  for (const [path, what] of [
    ['/session', 'Signing in is'],
    ['/invitation', 'Signing in is'],
    ['/sessions', 'Accounts are'],
    ['/users/ann', 'Accounts are'],
    ['/report-file', 'The delivery log is'],
    ['/messages/A.1', 'The delivery log is'],
    ['/history', 'The history is'],
    ['/waiting-nodes', 'The list of waiting mail is'],
    ['/owners/acme.example/rules', 'Rules are'],
  ] as const)
    assert.equal(
      formatUnavailable(path),
      `${what} unavailable at the moment. Try again later, or ask an administrator.`,
      path,
    )
})
