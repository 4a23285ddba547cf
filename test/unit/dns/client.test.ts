/** Several resolvers, their failures, whether they validate, what is kept and for how long. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import type { Answer } from '../../../plugins/enforce-tls/dns/answer.js'
import { DnsClient } from '../../../plugins/enforce-tls/dns/client.js'
import { formatResolver, type Resolver } from '../../../plugins/enforce-tls/dns/resolver-list.js'
import { ScriptedResolver, soa, type Asked } from '../../support/scripted-resolver.js'

const NAME = 'mx.bank.example'
const LIMITS = { tryTimeout: 150, timeout: 500 }
const answering =
  (address = '192.0.2.1', ttl = 300) =>
  (q: Asked): void =>
    q.reply({ answers: [{ type: 'A', name: q.name, ttl, data: address }] })
const silent = (): undefined => undefined

/** An address on which nobody listens. */
async function nobody(): Promise<Resolver> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return { address: '127.0.0.1', port }
}

const why = (answer: Answer): string => (answer.kind === 'failed' ? answer.why : `kind ${answer.kind}`)

describe('several resolvers', () => {
  it('the next one is asked where one fails, refuses, stays silent or is not there', async () => {
    const scripts = [(q: Asked) => q.reply({ rcode: 2 }), (q: Asked) => q.reply({ rcode: 5 }), silent]
    for (const script of scripts) {
      await using bad = await ScriptedResolver.start(script)
      await using good = await ScriptedResolver.start(answering())
      const dns = new DnsClient([await nobody(), bad.address, good.address], LIMITS)
      assert.equal((await dns.ask(NAME, 'A')).kind, 'found')
    }
  })

  it('one that stays silent is asked again, and after the others from then on', async () => {
    await using quiet = await ScriptedResolver.start((q) => quiet.questions().length > 2 && answering()(q))
    await using alone = await ScriptedResolver.start(answering('192.0.2.2'))
    const answer = await new DnsClient([quiet.address], LIMITS).ask(NAME, 'A')
    assert.equal(answer.kind, 'found')
    assert.equal(quiet.questions().length, 3)

    await using dead = await ScriptedResolver.start(silent)
    const dns = new DnsClient([dead.address, alone.address], LIMITS)
    await dns.ask('a.example', 'A')
    await dns.ask('b.example', 'A')
    assert.deepEqual(dead.questions(), ['A a.example'])
  })

  it('where all fail, each is named with its reason, and the time is bounded', async () => {
    await using servfail = await ScriptedResolver.start((q) => q.reply({ rcode: 2 }))
    await using dead = await ScriptedResolver.start(silent)
    const gone = await nobody()
    const started = performance.now()
    const answer = await new DnsClient([servfail.address, dead.address, gone], LIMITS).ask(NAME, 'A')
    const took = performance.now() - started
    const named = (resolver: Resolver, reason: string) => `${formatResolver(resolver)} ${reason}`
    assert.equal(
      why(answer),
      `the DNS look-up of A ${NAME} failed: ${named(servfail.address, 'answers SERVFAIL')}; ${named(dead.address, 'does not answer')}; ${named(gone, 'cannot be reached (ECONNREFUSED)')}`,
    )
    assert.ok(took >= 400 && took < 5000, `took ${took} ms`)
    assert.deepEqual(servfail.questions(), [`A ${NAME}`], 'a resolver that has answered is not asked again')
  })

  it('without any, every look-up fails with the way out', async () => {
    assert.match(why(await new DnsClient([]).ask(NAME, 'A')), /set \[dns\] resolver/)
    const validation = await new DnsClient([]).validation()
    assert.deepEqual(
      validation.map(({ validates, why: reason }) => [validates, reason.includes('set [dns] resolver')]),
      [[false, true]],
    )
  })
})

describe('a resolver that does not validate', () => {
  it('is not listened to, whatever it says, and the reason is given', async () => {
    await using resolver = await ScriptedResolver.start(answering())
    resolver.validates = false
    const dns = new DnsClient([resolver.address], LIMITS)
    const sentence = 'does not validate DNSSEC: it does not mark its answer about the root zone as authentic'
    assert.equal(
      why(await dns.ask(NAME, 'A')),
      `the DNS look-up of A ${NAME} failed: ${formatResolver(resolver.address)} ${sentence}`,
    )
    assert.deepEqual(resolver.questions(), [])
    assert.deepEqual(await dns.validation(), [
      { resolver: formatResolver(resolver.address), validates: false, why: sentence },
    ])
  })

  it('does not get around one that found an answer bogus', async () => {
    await using validating = await ScriptedResolver.start((q) => q.reply({ rcode: 2 }))
    await using trusting = await ScriptedResolver.start((q) =>
      q.reply({ ad: false, authorities: [soa('bank.example')] }),
    )
    trusting.validates = false
    const answer = await new DnsClient([validating.address, trusting.address], LIMITS).ask(NAME, 'TLSA')
    assert.match(why(answer), /answers SERVFAIL; .* does not validate DNSSEC/)
  })

  it('is believed again once it validates, and no longer than a minute after that', async () => {
    let now = 0
    await using resolver = await ScriptedResolver.start(answering())
    resolver.validates = false
    const dns = new DnsClient([resolver.address], { ...LIMITS, now: () => now })
    assert.equal((await dns.ask('a.example', 'A')).kind, 'failed')
    resolver.validates = true
    assert.equal((await dns.ask('b.example', 'A')).kind, 'found')
    resolver.validates = false
    now += 59_000
    assert.equal((await dns.ask('c.example', 'A')).kind, 'found')
    now += 1000
    assert.equal((await dns.ask('d.example', 'A')).kind, 'failed')
  })

  it('has no say in what is insecure from the second on in which it stops', async () => {
    let now = 0
    await using resolver = await ScriptedResolver.start((q) =>
      q.reply({ ad: false, authorities: [soa('bank.example')] }),
    )
    const dns = new DnsClient([resolver.address], { ...LIMITS, now: () => now })
    assert.equal((await dns.ask('a.example', 'MX')).kind, 'none')
    assert.equal(resolver.asked.length, 2)
    resolver.validates = false
    now = 1000
    assert.match(why(await dns.ask('b.example', 'MX')), /does not validate DNSSEC/)
  })

  it('is unknown where it stays silent', async () => {
    await using resolver = await ScriptedResolver.start(answering())
    resolver.validates = 'silent'
    const dns = new DnsClient([resolver.address], LIMITS)
    const [validation] = await dns.validation()
    assert.deepEqual([validation?.validates, validation?.why], ['unknown', 'does not answer'])
    assert.match(why(await dns.ask(NAME, 'A')), /does not answer/)
  })

  it('is told from one that cannot look up the root zone', async () => {
    await using resolver = await ScriptedResolver.start(answering())
    resolver.validates = 'failing'
    const [validation] = await new DnsClient([resolver.address], LIMITS).validation()
    assert.deepEqual(
      [validation?.validates, validation?.why],
      [false, 'cannot validate DNSSEC: it answers SERVFAIL for the root zone'],
    )
  })
})

describe('what was answered', () => {
  it('is kept for its TTL, and what is left of it is told', async () => {
    let now = 0
    await using resolver = await ScriptedResolver.start(answering('192.0.2.1', 50))
    const dns = new DnsClient([resolver.address], { ...LIMITS, now: () => now })
    await dns.ask(NAME, 'A')
    now = 30_000
    const kept = await dns.ask('MX.bank.example.', 'A')
    assert.equal(kept.kind === 'found' && kept.ttl, 20)
    assert.equal(resolver.questions().length, 1)
    now = 50_000
    await dns.ask(NAME, 'A')
    assert.equal(resolver.questions().length, 2)
  })

  it('is kept by type, too; that there is none as well; without a TTL nothing is', async () => {
    await using resolver = await ScriptedResolver.start((q) =>
      q.type === 'A'
        ? answering('192.0.2.1', 0)(q)
        : q.reply({ rcode: 3, authorities: [soa('bank.example', 60)] }),
    )
    const dns = new DnsClient([resolver.address], LIMITS)
    for (const type of ['A', 'A', 'MX', 'MX', 'TLSA'] as const) await dns.ask(NAME, type)
    assert.deepEqual(
      resolver.questions(),
      ['A', 'A', 'MX', 'TLSA'].map((type) => `${type} ${NAME}`),
    )
  })

  it('a failure is kept for a second', async () => {
    let now = 0
    let rcode = 2
    await using resolver = await ScriptedResolver.start((q) =>
      rcode === 0 ? answering()(q) : q.reply({ rcode }),
    )
    const dns = new DnsClient([resolver.address], { ...LIMITS, now: () => now })
    await dns.ask(NAME, 'A')
    rcode = 0
    now = 999
    assert.equal((await dns.ask(NAME, 'A')).kind, 'failed')
    now = 1000
    assert.equal((await dns.ask(NAME, 'A')).kind, 'found')
  })

  it('is asked for once by all who want to know at the same time', async () => {
    await using resolver = await ScriptedResolver.start((q) => setImmediate(answering('192.0.2.1', 0), q))
    const dns = new DnsClient([resolver.address], LIMITS)
    const answers = await Promise.all(Array.from({ length: 200 }, () => dns.ask(NAME, 'A')))
    assert.ok(answers.every(({ kind }) => kind === 'found'))
    assert.deepEqual(resolver.questions(), [`A ${NAME}`])
    assert.equal(resolver.asked.length, 2, 'the root zone once')
    await dns.ask(NAME, 'A')
    assert.equal(resolver.questions().length, 2)
  })

  it('takes bounded room: the answers of long ago go first', async () => {
    const records = Array.from({ length: 100 }, (_, i) => `192.0.2.${i}`)
    await using resolver = await ScriptedResolver.start((q) =>
      q.reply({ answers: records.map((data) => ({ type: 'A', name: q.name, ttl: 300, data })) }),
    )
    const dns = new DnsClient([resolver.address], { tryTimeout: 2000, timeout: 5000 })
    for (let i = 0; i < 501; i++) await dns.ask(`mx${i}.example`, 'A')
    await dns.ask('mx500.example', 'A')
    assert.equal(resolver.questions().length, 501)
    await dns.ask('mx0.example', 'A')
    assert.equal(resolver.questions().length, 502)
  })
})
