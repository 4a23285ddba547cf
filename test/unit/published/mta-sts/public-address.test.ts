/** Which addresses are public; the neighbours of each range beside it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isPublic } from '../../../../plugins/enforce-tls/published/mta-sts/public-address.js'

const NOT_PUBLIC =
  '0.0.0.0 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.255 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:7f00:1 64:ff9b::7f00:1 100::1 2001::1 2001:1ff::1 2001:db8::1 2002:7f00:1::1 3fff:fff::1 4000::1 fc00::1 fd12:3456::1 fe80::1 fec0::1 ff02::1'
const PUBLIC =
  '1.1.1.1 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1 172.15.255.255 172.32.0.1 192.167.255.255 192.169.0.1 198.17.255.255 198.20.0.1 223.255.255.255 2001:200::1 2001:db7::1 2001:db9::1 2003::1 2606:4700::1111 2a00:1450::1 3ffe::1'

describe('an address', () => {
  for (const address of NOT_PUBLIC.split(' '))
    it(`${address} is not public`, () => assert.equal(isPublic(address), false))
  for (const address of PUBLIC.split(' '))
    it(`${address} is public`, () => assert.equal(isPublic(address), true))
})
