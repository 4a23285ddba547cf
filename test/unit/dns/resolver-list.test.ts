import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  formatResolver,
  loopbackResolvers,
  parseResolvers,
  resolversFor,
  type Resolver,
} from '../../../plugins/enforce-tls/dns/resolver-list.js'
import { TemporaryFolder } from '../../support/temporary-folder.js'

describe('a list of resolvers', () => {
  const rows: readonly (readonly [list: string, resolvers: readonly string[] | null])[] = [
    ['127.0.0.1', ['127.0.0.1:53']],
    ['127.0.0.1:5353', ['127.0.0.1:5353']],
    [' 127.0.0.1, 192.0.2.53:54 ::1', ['127.0.0.1:53', '192.0.2.53:54', '[::1]:53']],
    ['[::1]:5353,[2001:db8::53]', ['[::1]:5353', '[2001:db8::53]:53']],
    ['', []],
    ['localhost', null],
    ['127.0.0.1:', null],
    ['127.0.0.1:0', null],
    ['127.0.0.1:65536', null],
    ['127.0.0.1:53:53', null],
    ['[127.0.0.1]:53', null],
    ['::1:53x', null],
    ['127.0.0.1; 127.0.0.2', null],
  ]
  for (const [list, expected] of rows) {
    it(`${JSON.stringify(list)} ${expected ? `is ${expected.join(' and ')}` : 'is refused'}`, () => {
      const parsed = parseResolvers(list)
      if ('problem' in parsed) {
        assert.equal(expected, null, parsed.problem)
        assert.match(
          parsed.problem,
          /is not the address of a resolver: write an IP address, .* \[::1\]:5353$/,
        )
      } else assert.deepEqual(parsed.map(formatResolver), expected)
    })
  }
})

it('of resolv.conf only loopback resolvers are taken', () => {
  const text = `# made by hand
nameserver 192.0.2.53
nameserver 127.0.0.53
  nameserver\t::1
nameserver fe80::1%eth0
nameserver 127.1.example
#nameserver 127.0.0.1
options trust-ad
`
  assert.deepEqual(loopbackResolvers(text).map(formatResolver), ['127.0.0.53:53', '[::1]:53'])
  assert.deepEqual(loopbackResolvers(''), [])
})

it('the setting comes first, then resolv.conf, then nobody', async () => {
  await using folder = new TemporaryFolder('resolv-conf')
  const file = join(folder.path, 'resolv.conf')
  const names = (...set: readonly Resolver[]) => resolversFor(set, file).map(formatResolver)
  assert.deepEqual(names(), [])
  writeFileSync(file, 'nameserver 127.0.0.1\n')
  assert.deepEqual(names(), ['127.0.0.1:53'])
  assert.deepEqual(names({ address: '192.0.2.53', port: 53 }), ['192.0.2.53:53'])
})
