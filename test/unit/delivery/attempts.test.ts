import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Attempts } from '../../../plugins/enforce-tls/delivery/attempts.js'

it('a host that Haraka skips, because it is this machine, is not called unreachable', () => {
  const round = new Attempts(() => undefined)
  round.begin({ exchange: '127.0.0.1', from_dns: 'mx.self.example', port: 25 }, () => true)
  round.endCurrent()
  round.begin({ exchange: '192.0.2.1', from_dns: 'mx.other.example', port: 25 })
  round.endCurrent()
  assert.deepEqual(
    round.attempts.map(({ failure }) => failure?.detail),
    ['is this machine itself, which Haraka skips (local_mx_ok=false)', 'could not be reached'],
  )
})
