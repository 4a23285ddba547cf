import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { networkOf } from '../../../plugins/enforce-tls/console/auth/sign-in.js'

describe('where a try comes from', () => {
  const ROWS: readonly (readonly [address: string, network: string])[] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:0201', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    // What a proxy may tell.
    ['unknown', 'unknown'],
    ['', 'unknown'],
    ['192.0.2.1:4711', 'unknown'],
    ['x'.repeat(100_000), 'unknown'],
  ]
  for (const [address, network] of ROWS)
    it(`${address.slice(0, 30)} is ${network}`, () => assert.equal(networkOf(address), network))
})
