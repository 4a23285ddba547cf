/** Which TLSA records count, and the digest of those that do. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { TlsaRecord } from '../../../../plugins/enforce-tls/dns/answer.js'
import { formatTlsa, tlsaSet } from '../../../../plugins/enforce-tls/published/dane/tlsa-set.js'
import { daneVerdict } from '../../../../plugins/enforce-tls/published/dane/verdict.js'
import { issue, tlsa, type Issued } from '../../../support/chains.js'

const record = (usage: number, selector: number, matchingType: number, bytes: number): TlsaRecord => ({
  usage,
  selector,
  matchingType,
  data: Buffer.alloc(bytes, 0xab),
})

describe('a TLSA record', () => {
  const ROWS: readonly (readonly [TlsaRecord, RegExp | null])[] = [
    [record(3, 1, 1, 32), null],
    [record(3, 0, 2, 64), null],
    [record(2, 0, 1, 32), null],
    [record(0, 1, 1, 32), /^mail servers do not use certificate usage 0/],
    [record(1, 1, 1, 32), /^mail servers do not use certificate usage 1/],
    [record(4, 1, 1, 32), /^certificate usage 4 is unknown/],
    [record(255, 1, 1, 32), /^certificate usage 255 is unknown/],
    [record(3, 2, 1, 32), /^selector 2 is unknown/],
    [record(3, 1, 3, 32), /^matching type 3 is unknown/],
    [record(3, 1, 1, 31), /^its digest has 31 bytes instead of 32/],
    [record(3, 1, 1, 64), /^its digest has 64 bytes instead of 32/],
    [record(3, 1, 2, 32), /^its digest has 32 bytes instead of 64/],
    [record(3, 1, 1, 0), /^its digest has 0 bytes/],
    [record(2, 0, 0, 500), /^it holds no certificate/],
    [record(2, 1, 0, 90), /^it holds no public key/],
    [record(3, 0, 0, 0), /^it holds no certificate/],
  ]
  for (const [tested, ignored] of ROWS) {
    it(`${formatTlsa(tested)} of ${tested.data.length} bytes ${ignored ? 'does not count' : 'counts'}`, () => {
      const set = tlsaSet('mx.example', [tested])
      assert.equal(set.usable.length, ignored ? 0 : 1)
      if (ignored) assert.match(set.all[0]?.ignored ?? '', ignored)
    })
  }

  it('with a certificate and bytes behind it does not count', async () => {
    const whole = tlsa(3, 0, 0, await issue({ name: 'x' }))
    assert.equal(tlsaSet('mx.example', [whole]).usable.length, 1)
    assert.equal(
      tlsaSet('mx.example', [{ ...whole, data: Buffer.concat([whole.data, Buffer.alloc(1)]) }]).usable.length,
      0,
    )
  })
})

describe('the digest of a set', () => {
  let [one, two]: Issued[] = []
  before(async () => {
    ;[one, two] = [await issue({ name: 'One' }), await issue({ name: 'Two' })]
  })
  const digest = (records: readonly TlsaRecord[], base = 'mx.example') => tlsaSet(base, records).digest

  it('does not depend on the order, nor on what does not count', () => {
    assert.ok(one && two)
    const [a, b] = [tlsa(3, 1, 1, one), tlsa(3, 1, 1, two)]
    assert.equal(digest([a, b]), digest([b, a]))
    assert.equal(digest([a]), digest([record(1, 1, 1, 32), a]))
  })

  it('is another for other records, and another base domain', () => {
    assert.ok(one && two)
    const [a, b] = [tlsa(3, 1, 1, one), tlsa(3, 1, 1, two)]
    const sets = [
      digest([a]),
      digest([b]),
      digest([a, b]),
      digest([]),
      digest([a], 'mx2.example'),
      digest([{ ...a, usage: 2 }]),
    ]
    assert.equal(new Set(sets).size, sets.length)
  })
})

it('a set without a record that counts vouches for nobody, and says why', async () => {
  const leaf = await issue({ name: 'Leaf', ca: false, names: ['mx.example'] })
  const set = tlsaSet('mx.example', [tlsa(1, 1, 1, leaf)])
  const verdict = daneVerdict(set, {
    chain: [leaf.node],
    names: ['mx.example'],
    chainError: '',
    now: Date.now(),
  })
  assert.equal(verdict.by, null)
  assert.match(
    verdict.why,
    /^has no TLSA record that can be used: 1 1 1 .*: mail servers do not use certificate usage 1/,
  )
})
