import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { OwnedRule } from '../../plugins/enforce-tls/rules/rule-list.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { enforceTls, inProcess } from './enforce-tls.js'

const RULE = {
  name: 'Enforced TLS to First Bank',
  direction: 'outgoing',
  enabled: true,
  position: 2,
  criteria: { to: { matchesAny: ['bank.example'] } },
  actions: { relayWithTls: { level: 'encrypt' } },
}

describe('on a Redis', () => {
  let redis: RedisServer
  before(async () => {
    redis = await startRedis()
  })
  after(() => redis.close())

  /** Runs a command that must succeed, and gives its data. */
  async function data<T>(...args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await inProcess([...args, '--redis', redis.url, '--json'])
    assert.deepEqual([code, stderr], [0, ''])
    return JSON.parse(stdout) as T
  }

  it('a rule goes its whole way, and stands in the documented keys', async () => {
    await data('domain', 'enable', 'ACME.example')
    const created = await data<OwnedRule>('rule', 'create', 'acme.example', 'Bank', '--to', 'BANK.example')
    const stored = async () =>
      JSON.parse(await redis.cli('HGET', 'enforce-tls:rules:acme.example', created.id)) as unknown
    assert.equal(await redis.cli('HGET', 'enforce-tls:domains', 'acme.example'), '{"enabled":true}')
    assert.deepEqual(await stored(), created.rule)
    const enabled = await data<OwnedRule>('rule', 'enable', 'acme.example', created.id, '--no-check')
    assert.deepEqual(await stored(), enabled.rule)
    assert.deepEqual(await data('rule', 'list', 'acme.example'), [enabled])
    assert.deepEqual(await data('domain', 'list'), [{ domain: 'acme.example', enabled: true, rules: 1 }])
    assert.deepEqual(await data('rule', 'delete', 'acme.example', created.id, '--yes'), enabled)
    assert.equal(await redis.cli('EXISTS', 'enforce-tls:rules:acme.example'), '0')
  })

  it('--prefix chooses other keys, and is repeated in the commands that are printed', async () => {
    const other = ['--redis', redis.url, '--prefix', 'other:']
    assert.equal((await enforceTls(['domain', 'enable', 'b.example', ...other])).code, 0)
    assert.equal(await redis.cli('HGET', 'other:domains', 'b.example'), '{"enabled":true}')
    const { stdout } = await enforceTls(['rule', 'create', 'b.example', 'Bank', '--to', '*', ...other])
    assert.ok(stdout.endsWith(` --redis ${redis.url} --prefix other:\n`), stdout)
  })

  it('is found by ENFORCE_TLS_REDIS, whose password is shown nowhere', async () => {
    const env = { ENFORCE_TLS_REDIS: redis.url.replace('://', '://:secret@') }
    await redis.cli('CONFIG', 'SET', 'requirepass', 'secret')
    try {
      assert.equal((await inProcess(['domain', 'enable', 'env.example'], { env })).code, 0)
      const list = await inProcess(['domain', 'list', '--json'], { env })
      assert.match(list.stdout, /"env\.example"/)
      const users = await inProcess(['user', 'list'], { env })
      assert.deepEqual([users.code, users.stdout], [0, 'There are no users.\n'])
      // What is printed is for somebody who has the variable.
      const { stderr } = await inProcess(
        ['rule', 'create', 'off.example', 'x', '--to', '*', '--prefix', 'p:'],
        { env },
      )
      assert.match(stderr, /\n {2}enforce-tls domain enable off\.example --prefix p:\n$/)
      assert.doesNotMatch(stderr + list.stderr + users.stderr, /secret/)
      const words = await inProcess(['__complete', '--', 'rule', 'list', 'env'], { env })
      assert.equal(words.stdout, 'env.example\n')
    } finally {
      await redis.cli('-a', 'secret', 'CONFIG', 'SET', 'requirepass', '')
    }
  })

  it('is not that of ENFORCE_TLS_REDIS where an option says otherwise', async () => {
    const env = { ENFORCE_TLS_REDIS: 'redis://127.0.0.1:9' }
    assert.equal((await inProcess(['domain', 'list', '--redis', redis.url], { env })).code, 0)
    assert.equal((await inProcess(['domain', 'list', '--file', '/none.json'], { env })).code, 0)
    const bad = await inProcess(['domain', 'list'], { env: { ENFORCE_TLS_REDIS: 'http://:secret@x' } })
    assert.equal(bad.code, 2)
    assert.match(bad.stderr, /ENFORCE_TLS_REDIS: the URL of the Redis does not begin with redis:/)
    assert.doesNotMatch(bad.stderr, /secret/)
  })

  it('switching keeps the fields of a service that others put there', async () => {
    await redis.cli('HSET', 'enforce-tls:domains', 'c.example', '{"enabled":true,"contact":"bob"}')
    await data('domain', 'disable', 'c.example')
    assert.equal(
      await redis.cli('HGET', 'enforce-tls:domains', 'c.example'),
      '{"enabled":false,"contact":"bob"}',
    )
  })

  it('many who switch one rule at the same time all get their turn', async () => {
    await redis.cli('HSET', 'enforce-tls:rules:*', 'shared', JSON.stringify(RULE))
    const words = ['enable', 'disable', 'enable', 'disable', 'enable', 'disable']
    const codes = await Promise.all(
      words.map(async (word) => (await inProcess(['rule', word, '*', 'shared', '--redis', redis.url])).code),
    )
    assert.deepEqual(codes, [0, 0, 0, 0, 0, 0])
    await redis.cli('DEL', 'enforce-tls:rules:*')
  })

  describe('with entries that are not valid', () => {
    const owner = 'broken.example'
    const key = `enforce-tls:rules:${owner}`
    const run = (...args: readonly string[]) => inProcess([...args, '--redis', redis.url])
    before(async () => {
      await redis.cli('HSET', 'enforce-tls:domains', owner, '{"enabled":true}')
      await redis.cli('HSET', key, 'good', JSON.stringify(RULE))
      await redis.cli('HSET', key, 'text', 'not json \u001b[2J\u009b2J')
      await redis.cli(
        'HSET',
        key,
        'level',
        JSON.stringify({ ...RULE, actions: { relayWithTls: { level: 'x' } } }),
      )
    })

    it('list shows the valid ones, then each of the others with its place and problem', async () => {
      const { code, stdout, stderr } = await run('rule', 'list', owner)
      assert.equal(code, 1)
      assert.match(stdout, /│ 2 │ on │ Enforced TLS to First Bank │ bank\.example │ encrypt │ good │/)
      assert.match(stderr, /^enforce-tls: key enforce-tls:rules:broken\.example, field text: is not JSON: /m)
      assert.match(
        stderr,
        /, field level: field actions\.relayWithTls\.level: "x" is not one of none, encrypt/,
      )
      assert.match(
        stderr,
        /until it is valid, its last valid version stays in force; where Haraka has read none, mail of broken\.example waits/,
      )
      assert.equal(stderr.trimEnd().split('\n').length, 2)
    })

    it('list --json prints the valid ones only, and fails', async () => {
      const { code, stdout } = await run('rule', 'list', owner, '--json')
      assert.equal(code, 1)
      assert.deepEqual(JSON.parse(stdout), [{ owner, id: 'good', rule: RULE }])
    })

    it('show and enable refuse them with the place', async () => {
      for (const command of ['show', 'enable']) {
        const { code, stderr } = await run('rule', command, owner, 'level')
        assert.equal(code, 1)
        assert.match(
          stderr,
          /key enforce-tls:rules:broken\.example, field level: field actions\.relayWithTls\.level/,
        )
      }
    })

    it('create puts a new rule behind the valid ones', async () => {
      const { code, stdout } = await run('rule', 'create', owner, 'Next', '--to', '*', '--json')
      assert.equal(code, 0)
      const { id, rule } = JSON.parse(stdout) as OwnedRule
      assert.equal(rule.position, 3)
      await redis.cli('HDEL', key, id)
    })

    it('delete removes them', async () => {
      await redis.cli('HSET', key, 'gone', '[]')
      const { code, stdout } = await run('rule', 'delete', owner, 'gone', '--yes')
      assert.deepEqual([code, stdout], [0, 'Deleted rule gone of broken.example (it is not valid).\n'])
      assert.equal(await redis.cli('HEXISTS', key, 'gone'), '0')
    })

    it('nothing that they hold reaches the terminal as a control character', async () => {
      await redis.cli('HSET', key, '\u001b[2J', '\u001b[2J')
      for (const args of [
        ['rule', 'list', owner],
        ['rule', 'show', owner, 'text'],
        ['rule', 'show', owner, '?'],
      ]) {
        const { stdout, stderr } = await run(...args)
        assert.doesNotMatch(stdout + stderr, /[^\P{Cc}\n]|\p{Cf}/u)
      }
      await redis.cli('HDEL', key, '\u001b[2J')
    })

    it('a service that is none is shown, refused, and repaired by enable', async () => {
      await redis.cli('HSET', 'enforce-tls:domains', 'odd.example', 'yes')
      const place =
        /key enforce-tls:domains, field odd\.example: is not JSON: .*; expected: \{ "enabled": true \}/
      for (const args of [
        ['domain', 'list'],
        ['rule', 'list', 'odd.example'],
        ['rule', 'create', 'bob@odd.example', 'Bank', '--to', '*'],
      ]) {
        const { code, stderr } = await run(...args)
        assert.equal(code, 1)
        assert.match(stderr, place)
      }
      assert.equal((await run('domain', 'enable', 'odd.example')).code, 0)
      assert.equal(await redis.cli('HGET', 'enforce-tls:domains', 'odd.example'), '{"enabled":true}')
    })

    it('names that are never looked up are told', async () => {
      await redis.cli('HSET', 'enforce-tls:rules:UPPER.example', 'a', JSON.stringify(RULE))
      await redis.cli('HSET', 'enforce-tls:domains', 'Odd.example', '{"enabled":true}')
      const { code, stdout, stderr } = await run('domain', 'list')
      assert.equal(code, 1)
      assert.match(stdout, /│ broken\.example +│ on +│ 3 +│/)
      assert.match(stderr, /owner "UPPER\.example" is never looked up; expected: upper\.example/)
      assert.match(stderr, /field Odd\.example: is never looked up; expected: odd\.example/)
      await redis.cli('DEL', 'enforce-tls:rules:UPPER.example')
      await redis.cli('HDEL', 'enforce-tls:domains', 'Odd.example')
    })

    it('a key of another kind is told, and nothing is written', async () => {
      await redis.cli('SET', 'enforce-tls:rules:bob@broken.example', 'text')
      const { code, stderr } = await run('rule', 'create', 'bob@broken.example', 'Bank', '--to', '*')
      assert.equal(code, 1)
      assert.match(
        stderr,
        /^enforce-tls: redis redis:\S+ .*key enforce-tls:rules:bob@broken\.example is not a hash/,
      )
      await redis.cli('DEL', 'enforce-tls:rules:bob@broken.example')
    })
  })
})

describe('a Redis that is not there', () => {
  it('is told with its address but without its password, and the command ends', async () => {
    const started = Date.now()
    const { code, stdout, stderr } = await enforceTls([
      'rule',
      'list',
      '*',
      '--redis',
      'redis://:secret@127.0.0.1:1',
    ])
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(
      stderr,
      /^enforce-tls: redis redis:\/\/127\.0\.0\.1:1 \(prefix enforce-tls:\) refuses connections/,
    )
    assert.doesNotMatch(stderr, /secret/)
    assert.ok(Date.now() - started < 10_000)
  })

  it('does not hide that the input is bad', async () => {
    const args = ['rule', 'create', '*', 'Bank', '--to', 'bank..example', '--redis', 'redis://127.0.0.1:1']
    assert.match((await inProcess(args)).stderr, /--to "bank\.\.example" has an empty label/)
  })

  it('that stopped answering ends the command, too', async (t) => {
    const redis = await startRedis()
    t.after(() => redis.close())
    redis.pause()
    const { code, stderr } = await enforceTls(['domain', 'enable', 'acme.example', '--redis', redis.url])
    assert.equal(code, 1)
    assert.match(stderr, /did not accept a connection within 2000 ms/)
  })
})
