/** Commands beside broken entries, as somebody may leave them with redis-cli: what they do, and what they say of them. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { storedRule } from '../support/rules.js'
import { inProcess } from './enforce-tls.js'

const RULES = 'enforce-tls:rules:acme.example'
const rule = (more: object = {}) => JSON.stringify({ ...storedRule({ to: ['bank.example'] }), ...more })
const CLINIC = { criteria: { to: { matchesAny: ['group:clin'] } } }
const ASK = ['explain', '--from', 'ann@acme.example', '--to', 'cfo@bank.example']

describe('beside broken entries', () => {
  let redis: RedisServer
  before(async () => {
    redis = await startRedis()
  })
  after(() => redis.close())
  beforeEach(async () => {
    await redis.cli('FLUSHALL')
    await redis.cli('HSET', 'enforce-tls:domains', 'acme.example', '{"enabled":true}')
    await redis.cli('HSET', RULES, 'good', rule(), 'low', rule({ position: 3 }))
  })

  const run = (...args: readonly string[]) => inProcess([...args, '--redis', redis.url])

  const CHANGES: readonly (readonly string[])[] = [
    ['rule', 'create', 'acme.example', 'New', '--to', 'new.example', '--enable'],
    ['rule', 'enable', 'acme.example', 'good'],
    ['rule', 'disable', 'acme.example', 'good'],
    ['rule', 'edit', 'acme.example', 'good', '--name', 'Other'],
    ['rule', 'move', 'acme.example', 'good', '--bottom'],
    ['rule', 'delete', 'acme.example', 'good', '--yes'],
  ]
  for (const change of CHANGES)
    it(`${change.slice(0, 2).join(' ')} is done, and says what is broken and what that means`, async () => {
      await redis.cli('HSET', RULES, 'bad', '{"name":')
      await redis.cli('HSET', RULES, 'off', rule({ enabled: false, colour: 'red' }))
      const { code, stderr } = await run(...change)
      assert.equal(code, 0, stderr)
      assert.match(
        stderr,
        /^enforce-tls: warning: an entry of acme\.example is not valid, while its valid rules are in force: key enforce-tls:rules:acme\.example, field bad: is not JSON.*where Haraka has read none, mail of acme\.example waits$/m,
      )
      assert.match(stderr, /field off: field colour: is unknown.*; it counts as off, as it says$/m)
    })

  it('a list in order is changed without a word of that', async () => {
    for (const change of CHANGES) assert.equal((await run(...change)).stderr, '')
  })

  it('a rule that is moved never changes sides with a broken one', async () => {
    await redis.cli('HSET', RULES, 'mid', rule({ position: 2, colour: 'red' }))
    await run('rule', 'move', 'acme.example', 'good', '--bottom')
    const { stdout } = await run('rule', 'list', 'acme.example', '--json')
    assert.deepEqual(
      (JSON.parse(stdout) as { id: string; rule: { position: number } }[]).map(
        ({ id, rule: { position } }) => [id, position],
      ),
      [
        ['low', 1],
        ['good', 3],
      ],
    )
  })

  it('explain says what is in force and what is unknown', async () => {
    await redis.cli('HSET', RULES, 'bad', '{"name":')
    const { code, stdout } = await run(...ASK)
    assert.equal(code, 1)
    assert.match(stdout, /^ {4}1\. good \(Enforced TLS\): matched -> decides /m)
    assert.match(stdout, /^ {4}not valid \(unknown\): redis .*field bad: is not JSON/m)
    assert.match(
      stdout,
      /^Unknown: the message waits until these entries are valid, or deleted\.\n {2}redis .*field bad:/m,
    )
    const { stdout: json } = await run(...ASK, '--json')
    const { waits, certain, owners } = JSON.parse(json) as {
      waits: boolean
      certain: boolean
      owners: { problems: { field: string; effect: string }[] }[]
    }
    assert.deepEqual([waits, certain], [true, false])
    assert.deepEqual(
      owners[1]?.problems.map(({ field, effect }) => [field, effect]),
      [['bad', 'waits']],
    )
  })

  it('explain goes on beside a broken entry that is off', async () => {
    await redis.cli('HSET', RULES, 'bad', '{"enabled":false,')
    const { code, stdout } = await run(...ASK)
    assert.equal(code, 0)
    assert.match(stdout, /^ {4}not valid \(off, as it says\): /m)
    assert.match(stdout, /^Required: level encrypt/m)
  })

  for (const key of ['rules:acme.example', 'rules:ann@acme.example', 'domains', 'groups'])
    it(`explain goes on where ${key} is something else`, async () => {
      await redis.cli(
        'HSET',
        'enforce-tls:rules:*',
        'all',
        rule({ criteria: { to: { matchesAny: ['group:banks'] } } }),
      )
      await redis.cli('HSET', 'enforce-tls:groups', 'banks', '["bank.example"]')
      await redis.cli('DEL', `enforce-tls:${key}`)
      await redis.cli('SET', `enforce-tls:${key}`, 'text')
      const { code, stdout } = await run(...ASK)
      assert.equal(code, 1)
      assert.match(stdout, /Unknown: the message waits/)
      assert.match(stdout, new RegExp(`key enforce-tls:${key.replace('*', '\\*')} is not a hash`))
      if (key !== 'groups') assert.match(stdout, /\. all \(Enforced TLS\): matched -> decides/)
    })

  it('status lists every one, and goes on past keys that it can not read', async () => {
    await redis.cli('HSET', RULES, 'bad', '{"name":', 'worse', '[]')
    for (const key of ['rules:bob@acme.example', 'rules:carl@acme.example', 'domains', 'groups']) {
      await redis.cli('DEL', `enforce-tls:${key}`)
      await redis.cli('SET', `enforce-tls:${key}`, 'text')
    }
    const { code, stdout, stderr } = await run('status')
    assert.equal(code, 1)
    assert.match(stdout, /^ *problems +6$/m)
    for (const said of [
      /key enforce-tls:rules:bob@acme\.example is not a hash/,
      /key enforce-tls:rules:carl@acme\.example is not a hash/,
      /key enforce-tls:domains is not a hash/,
      /key enforce-tls:groups is not a hash/,
      /field bad: is not JSON/,
      /field worse: /,
    ])
      assert.match(stderr, said)
    assert.equal((await run('status', '--fix', '--yes')).code, 1)
    assert.deepEqual((await redis.cli('HKEYS', RULES)).split('\n').sort(), ['bad', 'good', 'low', 'worse'])
  })

  it('status --fix says of each entry why it could not be removed, and goes on', async () => {
    await redis.cli('HSET', RULES, 'a', '{"enabled":false,', 'b', '{"enabled":false,')
    await redis.cli('SET', 'enforce-tls:history', 'text')
    const { code, stdout, stderr } = await run('status', '--fix', '--yes')
    assert.equal(code, 1)
    assert.equal(
      stdout.match(/^ {2}not removed: .*history is not a stream, so nothing was written/gm)?.length,
      2,
    )
    for (const field of ['a', 'b']) assert.match(stderr, new RegExp(`field ${field}: is not JSON`))
  })

  const KEPT: readonly (readonly [
    what: string,
    entry: readonly [key: string, field: string, value: string],
    said: RegExp,
  ])[] = [
    [
      'a group that a rule needs',
      ['groups', 'clin', '["x"'],
      /field clin: .*; 1 rule needs it; write it anew/,
    ],
    ['a rule whose group is gone', ['rules:acme.example', 'x', rule(CLINIC)], /names a group that/],
    [
      'a rule that may be in force',
      ['rules:acme.example', 'x', '{"name":'],
      /it no longer requires TLS for mail of acme\.example[^]*enforce-tls rule edit acme\.example x --editor[^]*enforce-tls rule delete acme\.example x --yes/,
    ],
    [
      'a rule that is on',
      ['rules:acme.example', 'x', rule({ colour: 'red' })],
      /rule delete acme\.example x/,
    ],
    [
      'a service that may be on',
      ['domains', 'acme.example', '{"enabled"'],
      /the rules of acme\.example and of its senders are inactive[^]*enforce-tls domain enable acme\.example/,
    ],
  ]
  for (const [what, [key, field, value], said] of KEPT)
    it(`status --fix --yes does not remove ${what}, and names the way out`, async () => {
      if (key === 'groups') await redis.cli('HSET', RULES, 'x', rule(CLINIC))
      await redis.cli('HSET', `enforce-tls:${key}`, field, value)
      const { code, stdout, stderr } = await run('status', '--fix', '--yes')
      assert.equal(code, 1)
      assert.match(stdout + stderr, said)
      assert.equal(await redis.cli('HGET', `enforce-tls:${key}`, field), value)
      assert.equal(await redis.cli('HEXISTS', RULES, 'x'), key === 'domains' ? '0' : '1')
    })

  it('status --fix --yes says of a broken group that it is unknown whether rules need it', async () => {
    await redis.cli('HSET', 'enforce-tls:groups', 'clin', '["x"')
    await redis.cli('SET', 'enforce-tls:rules:wrong.example', 'text')
    const { stdout, stderr } = await run('status', '--fix', '--yes')
    assert.match(stdout + stderr, /field clin: .*; whether rules need it is unknown/)
    assert.equal(await redis.cli('HGET', 'enforce-tls:groups', 'clin'), '["x"')
  })

  it('status --fix asks about what may be in force even with --yes, and says what removing it means', async () => {
    await redis.cli(
      'HSET',
      RULES,
      'x',
      rule({ colour: 'red' }),
      'off',
      rule({ enabled: false, colour: 'red' }),
    )
    const { code, stdout, stderr } = await inProcess(['status', '--fix', '--yes', '--redis', redis.url], {
      answer: 'y\n',
    })
    assert.equal(code, 0, stderr)
    assert.equal(stderr.match(/Remove it\?/g)?.length, 1)
    assert.match(stdout, /removed: it no longer requires TLS for mail of acme\.example/)
    assert.equal(await redis.cli('HLEN', RULES), '2')
  })

  for (const args of [
    ['group', 'list'],
    ['group', 'show', 'clin'],
    ['status'],
    ASK,
    ['rule', 'create', 'acme.example', 'New', '--to', 'group:clin'],
  ])
    it(`${args.slice(0, 2).join(' ')} says how to mend a broken group`, async () => {
      await redis.cli('HSET', RULES, 'x', rule(CLINIC))
      await redis.cli('HSET', 'enforce-tls:groups', 'clin', '["x"', 'banks', '["bank.example"]')
      const { stdout, stderr } = await run(...args)
      assert.match(stdout + stderr, /write it anew with: enforce-tls group set clin <pattern>\.\.\./)
      if (args[1] === 'list') assert.match(stdout, /banks/)
    })

  it('a group that does not exist is not among what rule create expects', async () => {
    const { stderr } = await run('rule', 'create', 'acme.example', 'New', '--to', 'group:banks')
    assert.match(stderr, /group set banks <pattern>/)
    assert.doesNotMatch(stderr, /expected/)
  })

  it('lists of domains, groups and partners show the rest', async () => {
    await redis.cli('HSET', 'enforce-tls:groups', 'banks', '["bank.example"]')
    await redis.cli('SET', 'enforce-tls:rules:bob@acme.example', 'text')
    for (const [args, shows] of [
      [['domain', 'list'], /acme\.example/],
      [['group', 'list'], /banks/],
      [['group', 'show', 'banks'], /bank\.example/],
      [['check', '--rules'], /bank\.example/],
    ] as const) {
      const { stdout, stderr } = await run(...args)
      assert.match(stdout, shows, args.join(' '))
      assert.match(stdout + stderr, /key enforce-tls:rules:bob@acme\.example is not a hash/, args.join(' '))
    }
    const { code, stderr } = await run('group', 'delete', 'banks', '--yes')
    assert.equal(code, 1)
    assert.match(
      stderr,
      /group banks is not deleted, because it is unknown whether rules need it: .*bob@acme/,
    )
  })
})
