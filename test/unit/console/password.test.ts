import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  hashPassword,
  isPassword,
  passwordProblem,
  TooBusy,
  unknownHash,
} from '../../../plugins/enforce-tls/console/auth/password.js'

/** RFC 7914 section 12, the second test vector: N=1024, r=8, p=16, 64 bytes. */
const VECTOR =
  '$scrypt$ln=10,r=8,p=16$TmFDbA$' +
  Buffer.from(
    'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
    'hex',
  )
    .toString('base64')
    .replace(/=+$/, '')

describe('a password', () => {
  it('fits its hash and no other does', async () => {
    const hash = await hashPassword('correct horse')
    assert.match(hash, /^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    assert.notEqual(hash, await hashPassword('correct horse'))
    assert.deepEqual(
      [await isPassword('correct horse', hash), await isPassword('correct hors', hash)],
      [true, false],
    )
  })

  it('fits a hash of other parameters, as RFC 7914 has it', async () => {
    assert.equal(await isPassword('password', VECTOR), true)
    assert.equal(await isPassword('Password', VECTOR), false)
  })

  it('is the same however its letters are composed', async () => {
    assert.ok(await isPassword('Cafe\u0301 au lait', await hashPassword('Caf\u00e9 au lait')))
  })

  it('fits nothing that is no hash', async () => {
    for (const kept of [
      '',
      'correct horse',
      '$scrypt$',
      '$2b$10$abc',
      VECTOR.replace('scrypt', 'bcrypt'),
      unknownHash(),
    ])
      assert.equal(await isPassword('correct horse', kept), false, kept)
    assert.equal(await isPassword('x'.repeat(2000), VECTOR), false)
  })

  it('is looked at one at a time, and not without end', async () => {
    const all = Array.from({ length: 60 }, () => isPassword('password', VECTOR))
    const results = await Promise.allSettled(all)
    const busy = results.filter((result) => result.status === 'rejected')
    assert.equal(busy.length, 10)
    assert.ok(busy.every(({ reason }) => reason instanceof TooBusy))
    assert.equal(await isPassword('password', VECTOR), true)
  })

  it('that is new is long enough, and not too long', () => {
    assert.equal(passwordProblem('twelve chars'), null)
    assert.match(passwordProblem('eleven char') ?? '', /has 11 characters; use at least 12/)
    assert.match(passwordProblem('😀'.repeat(11)) ?? '', /has 11 characters/)
    assert.match(passwordProblem('x'.repeat(1025)) ?? '', /is longer than 1024/)
  })
})
