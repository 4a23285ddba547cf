/** Files with the hashes of passwords and tokens, and sessions: nobody else can read a byte of them at any time. */
import assert from 'node:assert/strict'
import { chmodSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { FileAccountStore } from '../../plugins/enforce-tls/console/auth/file-account-store.js'
import { TemporaryFolder } from '../support/temporary-folder.js'

/** So long that writing it takes many turns of the event loop. */
const LONG = JSON.stringify({ hash: 'x'.repeat(8_000_000) })
const LATER = Date.now() + 60_000

describe('a file with secrets', () => {
  let umask: number
  before(() => (umask = process.umask(0)))
  after(() => process.umask(umask))

  it('is for its owner only from the first byte, and so is what it is made of', async () => {
    await using folder = new TemporaryFolder('secrets')
    const accounts = new FileAccountStore(path.join(folder.path, 'rules.json'))
    const seen = new Map<string, Set<string>>()
    let looking = true
    const look = (): void => {
      if (!looking) return
      for (const name of readdirSync(folder.path)) {
        const found = statSync(path.join(folder.path, name), { throwIfNoEntry: false })
        if (!found?.isFile()) continue
        const kind = name.endsWith('.tmp') ? 'temporary' : name
        seen.set(kind, (seen.get(kind) ?? new Set()).add((found.mode & 0o777).toString(8)))
      }
      setImmediate(look)
    }
    look()
    await accounts.write('users', 'ann', null, LONG)
    await accounts.write('tokens', 't1', null, LONG)
    const session = { user: 'ann', key: 'k', value: LONG, createdAt: 0, expiresAt: LATER, endsAt: LATER }
    await accounts.createSession(session)
    await accounts.renewSession('k', LONG, LATER)
    looking = false
    assert.deepEqual([...seen].map(([name, modes]) => [name, [...modes]]).sort(), [
      ['rules.json.sessions.json', ['600']],
      ['rules.json.users.json', ['600']],
      ['temporary', ['600']],
    ])
    await accounts.close()
  })

  it('that is there keeps what its operator lets a group do, and nothing of what others could', async () => {
    await using folder = new TemporaryFolder('secrets')
    const accounts = new FileAccountStore(path.join(folder.path, 'rules.json'))
    const file = path.join(folder.path, 'rules.json.users.json')
    await accounts.write('users', 'ann', null, '{}')
    chmodSync(file, 0o644)
    await accounts.write('users', 'bob', null, '{}')
    assert.equal(statSync(file).mode & 0o777, 0o640)
    await accounts.close()
  })
})
