/** TXT records of `_mta-sts.<domain>`: which set of them says that there is a policy. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readStsRecords } from '../../../../plugins/enforce-tls/published/mta-sts/record.js'

const VALID: readonly [title: string, texts: readonly string[], id: string][] = [
  ['as in RFC 8461', ['v=STSv1; id=20160831085700Z;'], '20160831085700Z'],
  ['without a semicolon at the end', ['v=STSv1; id=1'], '1'],
  ['without blanks', ['v=STSv1;id=a1'], 'a1'],
  ['with blanks and tabs', ['v=STSv1 ;\tid=a1 ; '], 'a1'],
  ['with fields that nobody knows', ['v=STSv1; x-y.z_1=a:b; id=a1; other=1'], 'a1'],
  ['with the id twice: the first counts', ['v=STSv1; id=a1; id=b2'], 'a1'],
  ['with an id of 32 characters', [`v=STSv1; id=${'a'.repeat(32)}`], 'a'.repeat(32)],
  ['beside records about other things', ['v=spf1 -all', 'v=STSv1; id=a1', 'v=TLSRPTv1; rua=x'], 'a1'],
  ['beside one of another version', ['v=STSv2; id=b2', 'v=STSv1; id=a1'], 'a1'],
]

const INVALID: readonly [title: string, texts: readonly string[], why: RegExp][] = [
  ['twice', ['v=STSv1; id=a1', 'v=STSv1; id=b2'], /has 2 TXT records .*only one is allowed/],
  ['twice the same', ['v=STSv1; id=a1', 'v=STSv1; id=a1'], /has 2 TXT records/],
  ['twice, one of them without an id', ['v=STSv1; id=a1', 'v=STSv1; x=y'], /has 2 TXT records/],
  ['without an id', ['v=STSv1; x=y;'], /without an id/],
  ['with nothing but the version', ['v=STSv1;'], /cannot be read/],
  ['with an empty id', ['v=STSv1; id='], /cannot be read: " id="/],
  ['with an id of 33 characters', [`v=STSv1; id=${'a'.repeat(33)}`], /not 1 to 32 letters and digits/],
  ['with a hyphen in the id', ['v=STSv1; id=2016-08'], /not 1 to 32 letters and digits: "2016-08"/],
  ['with an invalid id before a valid one', ['v=STSv1; id=a-1; id=a1'], /not 1 to 32/],
  ['with an Id', ['v=STSv1; Id=a1'], /without an id/],
  ['with an empty field', ['v=STSv1;; id=a1'], /cannot be read/],
  ['in lower case', ['v=stsv1; id=a1'], /does not begin with "v=STSv1;": "v=stsv1; id=a1"/],
  ['with a blank in front', [' v=STSv1; id=a1'], /does not begin with/],
  ['with commas', ['v=STSv1, id=a1'], /does not begin with/],
]

describe('a TXT record of MTA-STS', () => {
  for (const [title, texts, id] of VALID)
    it(`counts ${title}`, () => assert.deepEqual(readStsRecords(texts), { kind: 'record', id }))

  for (const [title, texts, why] of INVALID)
    it(`is invalid ${title}`, () => {
      const read = readStsRecords(texts)
      assert.equal(read.kind, 'invalid')
      assert.match(read.why, why)
    })

  it('is not there where no record is about it', () => {
    for (const texts of [[], ['v=spf1 -all'], ['']]) assert.deepEqual(readStsRecords(texts), { kind: 'none' })
  })

  it('that is full of blanks is read in no time', () => {
    const began = performance.now()
    assert.equal(readStsRecords([`v=STSv1; ${' '.repeat(60_000)}x`]).kind, 'invalid')
    assert.ok(performance.now() - began < 500)
  })
})
