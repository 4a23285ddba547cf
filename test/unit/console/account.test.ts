import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  isValidToken,
  newToken,
  parseRights,
  parseToken,
  parseUser,
  parseUserName,
  readToken,
  type Rights,
} from '../../../plugins/enforce-tls/console/auth/account.js'
import { mayChange, maySee } from '../../../plugins/enforce-tls/console/auth/permission.js'

describe('rights', () => {
  const OWNERS = [
    '*',
    'acme.example',
    'bob@acme.example',
    'sub.acme.example',
    'notacme.example',
    'acme.example@other.example',
  ]
  const ROWS: readonly (readonly [rights: Rights, sees: readonly boolean[], changes: readonly boolean[]])[] =
    [
      [
        { role: 'admin', domains: [] },
        [true, true, true, true, true, true],
        [true, true, true, true, true, true],
      ],
      [
        { role: 'viewer', domains: [] },
        [true, true, true, true, true, true],
        [false, false, false, false, false, false],
      ],
      [
        { role: 'viewer', domains: ['acme.example'] },
        [false, true, true, false, false, false],
        [false, false, false, false, false, false],
      ],
      [
        { role: 'domain-admin', domains: ['acme.example'] },
        [false, true, true, false, false, false],
        [false, true, true, false, false, false],
      ],
      [
        { role: 'domain-admin', domains: [] },
        [false, false, false, false, false, false],
        [false, false, false, false, false, false],
      ],
    ]
  for (const [rights, sees, changes] of ROWS) {
    it(`of ${rights.role} ${rights.domains.join(' ')}`, () => {
      assert.deepEqual(
        OWNERS.map((owner) => maySee(rights, owner)),
        sees,
      )
      assert.deepEqual(
        OWNERS.map((owner) => mayChange(rights, owner)),
        changes,
      )
    })
  }

  it('are read in one spelling, or refused with words', () => {
    assert.deepEqual(parseRights('viewer', ['ACME.example', 'bücher.example', 'acme.example']), {
      rights: { role: 'viewer', domains: ['acme.example', 'xn--bcher-kva.example'] },
    })
    for (const [role, domains] of [
      ['owner', []],
      ['admin', ['a.example']],
      ['domain-admin', []],
      ['viewer', ['*']],
    ] as const)
      assert.ok('problem' in parseRights(role, domains), role)
  })
})

describe('an account', () => {
  it('is none where anything of it is missing or odd', () => {
    const user = { role: 'admin', domains: [], password: 'x', changedAt: 'x' }
    assert.ok(parseUser(JSON.stringify(user)))
    for (const change of [{ role: 'root' }, { domains: '*' }, { password: null }, { changedAt: undefined }])
      assert.equal(parseUser(JSON.stringify({ ...user, ...change })), null)
    for (const json of [null, '', '{', '[]', 'null', '7']) assert.equal(parseUser(json), null)
  })

  it('has a name that can be read aloud', () => {
    assert.deepEqual(parseUserName('Ann@HelpDesk'), { name: 'ann@helpdesk' })
    for (const name of ['', ' ann', 'a b', 'a|b', '__proto__', 'ann\n', 'änn', 'x'.repeat(101)])
      assert.ok('problem' in parseUserName(name), name)
  })

  it('that is a token holds until it ends, with its own secret only', () => {
    const { id, text, hash } = newToken()
    const read = readToken(text)
    assert.equal(read?.id, id)
    const kept = { name: 'x', role: 'viewer', domains: [], hash, createdAt: '2026-01-01T00:00:00Z' }
    const token = parseToken(JSON.stringify({ ...kept, expiresAt: '2026-02-01T00:00:00Z' }))
    assert.ok(token && read)
    const end = Date.parse('2026-02-01T00:00:00Z')
    assert.deepEqual(
      [
        isValidToken(token, read.secret, end - 1),
        isValidToken(token, read.secret, end),
        isValidToken(token, readToken(newToken().text)?.secret ?? '', end - 1),
        isValidToken({ ...token, expiresAt: 'never' }, read.secret, end - 1),
        isValidToken({ ...token, hash: '' }, read.secret, end - 1),
      ],
      [true, false, false, false, false],
    )
    for (const other of ['', text.slice(1), `${text}x`, text.toUpperCase()])
      assert.equal(readToken(other), null)
  })
})
