/** Passwords in files of their own. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { SettingsError } from '../../../plugins/enforce-tls/settings/error.js'
import { secretsIn } from '../../../plugins/enforce-tls/settings/secret-file.js'
import { toSettings } from '../../../plugins/enforce-tls/settings/schema.js'
import { TemporaryFolder } from '../../support/temporary-folder.js'

describe('a password in a file', () => {
  const { path: folder } = new TemporaryFolder('secrets')
  const read = (file: string): string => secretsIn(folder)(file, '[redis] password_file')

  it('is its only line, as it stands there', () => {
    writeFileSync(join(folder, 'a'), ' #s3cret=; \r\n')
    writeFileSync(join(folder, 'b'), 's3cret')
    assert.deepEqual([read('a'), read(join(folder, 'b'))], [' #s3cret=; ', 's3cret'])
  })

  it('is that of Redis, in place of one in an ini file', () => {
    const { redis } = toSettings(
      { redis: { password_file: 'b' } },
      { server: { host: 'redis.example' }, opts: { password: 'other' } },
      { redis: read, gateways: read },
    )
    assert.equal(redis.password, 's3cret')
  })

  it('is refused with words, at once, where it is anything else', () => {
    writeFileSync(join(folder, 'empty'), '\n')
    writeFileSync(join(folder, 'lines'), 's3cret\nmore\n')
    writeFileSync(join(folder, 'large'), 's3cret'.repeat(1000))
    mkdirSync(join(folder, 'folder'))
    execFileSync('mkfifo', [join(folder, 'fifo')])
    for (const [file, words] of [
      ['missing', /file missing cannot be read \(ENOENT\)/],
      ['empty', /does not have the password as its only line/],
      ['lines', /does not have the password as its only line/],
      ['large', /is no file with a password alone/],
      ['folder', /is no file with a password alone/],
      ['fifo', /is no file with a password alone/],
      ['/dev/zero', /is no file with a password alone/],
    ] as const)
      assert.throws(
        () => read(file),
        (error: unknown) => {
          assert.ok(error instanceof SettingsError)
          assert.match(error.message, /^enforce-tls\.ini: \[redis\] password_file: /)
          assert.match(error.message, words)
          assert.doesNotMatch(error.message, /s3cret/)
          return true
        },
      )
  })
})
