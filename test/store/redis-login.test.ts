/** RedisStore and logging in: every way to give a password, and words for what fails without any secret. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { openRedisStore, OWNER, RULE } from './opened-redis-store.js'
import { create, storeError } from './rule-store-contract.js'

describe('RedisStore and its login', () => {
  const PASSWORD = 'S3cret/with:signs@and?more'
  const GUESS = 'Wr0ng/with:signs@and?more'
  let guarded: RedisServer

  before(async () => {
    guarded = await startRedis({ args: ['--requirepass', PASSWORD], credentials: { password: PASSWORD } })
    const permitted = ['+hscan', '+hget', '+scan', '+info', '+client']
    await guarded.cli('ACL', 'SETUSER', 'reader', 'on', `>${PASSWORD}`, '~*', ...permitted)
  })
  after(() => guarded.close())

  for (const [name, login] of [
    ['its own key', () => ({ password: PASSWORD })],
    ['the URL', () => ({ url: guarded.url })],
    ['a user and its own key', () => ({ username: 'reader', password: PASSWORD })],
    [
      'a URL without it and its own key',
      () => ({ url: `redis://127.0.0.1:${guarded.port}`, password: PASSWORD }),
    ],
  ] as const)
    it(`logs in with the password of ${name}`, async () => {
      await using opened = openRedisStore({ port: guarded.port, ...login() })
      assert.equal((await opened.store.readOwner(OWNER)).rules.size, 0)
      assert.match(opened.told.join(), /^available: /)
    })

  for (const [name, login, fits] of [
    ['a wrong password', () => ({ password: GUESS }), /rejects the login; check username and password/],
    [
      'a wrong password in the URL',
      () => ({ url: `redis://:${encodeURIComponent(GUESS)}@127.0.0.1:${guarded.port}` }),
      /rejects the login/,
    ],
    ['an unknown user', () => ({ username: 'nobody', password: GUESS }), /rejects the login/],
    ['no password', () => ({}), /requires a password/],
  ] as const)
    it(`says what to check after ${name}, and never the password`, async () => {
      await using opened = openRedisStore({ port: guarded.port, ...login() })
      const { store, told } = opened
      await assert.rejects(store.readOwner(OWNER), (error) => {
        storeError('STORE_UNAVAILABLE', fits)(error)
        const everything = [
          inspect(error, { depth: 10, showHidden: true }),
          store.description,
          ...told,
        ].join()
        for (const secret of [GUESS, PASSWORD, encodeURIComponent(GUESS), encodeURIComponent(PASSWORD)])
          assert.ok(!everything.includes(secret), everything)
        return true
      })
    })

  it('says what a user may not do, and that nothing can have been changed', async () => {
    await using opened = openRedisStore({ port: guarded.port, username: 'reader', password: PASSWORD })
    await assert.rejects(opened.store.writeRules(OWNER, [create('a', RULE)]), (error) => {
      storeError('STORE_UNAVAILABLE', /does not permit that to this user: NOPERM.*eval.*check the ACL/)(error)
      assert.doesNotMatch((error as Error).message, /may have been made/)
      return true
    })
  })
})
