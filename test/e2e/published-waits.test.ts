/** What becomes of mail that waits for what partners publish, and of mail beside it: while look-ups hang, over a kill, and when rules, records or policies change. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { issue, tlsa, type Issued } from '../support/chains.js'
import { logPairs } from '../support/evidence.js'
import { lowPortsImpossible } from '../support/low-ports.js'
import { policyFor } from '../support/published-world.js'
import { startScriptedWorld, type Policy, type ScriptedWorld } from '../support/scripted-world.js'
import type { SmtpPeer } from '../support/smtp-peer.js'

const MX = 'mx.bank.example'
const OTHER = 'mx.clinic.example'
const PUBLISHED_RULE = { to: ['bank.example'], action: { level: 'mta-sts' } }
const RULES = { 'acme.example': [PUBLISHED_RULE, { to: ['clinic.example'], action: { level: 'mta-sts' } }] }
const WAITING = /waits for DNS, or for the MTA-STS policy of bank\.example/

/** The server of a policy that does not answer until it is let go on. */
function hanging(): { readonly policy: Policy; readonly asked: () => number; goOn(text: string): void } {
  const waiting: ((text: string) => void)[] = []
  return {
    policy: (response) => {
      waiting.push((text) => {
        response.setHeader('Content-Type', 'text/plain')
        response.setHeader('Content-Length', Buffer.byteLength(text))
        response.end(text)
      })
    },
    asked: () => waiting.length,
    goOn: (text) => {
      for (const answer of waiting.splice(0)) answer(text)
    },
  }
}

const peerOf = ({ peers }: ScriptedWorld, name: string): SmtpPeer => {
  const peer = peers[name]
  assert.ok(peer)
  return peer
}
const send = ({ haraka }: ScriptedWorld, to = 'x@bank.example') =>
  haraka.send({ from: 'ann@acme.example', to, subject: 'Secret' })
/** Classes of the deferrals so far. */
const deferred = ({ haraka }: ScriptedWorld): readonly (string | undefined)[] =>
  logPairs(haraka.log)
    .filter(({ kind, result }) => kind === 'outcome' && result === 'deferred')
    .map((outcome) => outcome['class'])

describe('mail that waits for what is published', { skip: lowPortsImpossible() }, () => {
  it('a message that waits for a slow policy outlives a kill', async () => {
    const slow = hanging()
    await using world = await startScriptedWorld({
      hosts: { [MX]: {} },
      policies: { 'bank.example': slow.policy },
      rules: RULES,
    })
    await send(world)
    await world.haraka.waitForLog(WAITING)
    await world.haraka.kill9()
    assert.equal(world.haraka.queueFiles().length, 1)
    world.setPolicy('bank.example', policyFor(MX))
    await world.haraka.start()
    await peerOf(world, MX).waitForMessages(1)
    await world.haraka.waitForEmptyQueue()
    assert.equal(peerOf(world, MX).messages.length, 1)
  })

  it('a message that waits for a slow policy goes by the rules as they are then', async () => {
    const slow = hanging()
    await using world = await startScriptedWorld({
      hosts: { [MX]: {} },
      policies: { 'bank.example': slow.policy },
      rules: RULES,
    })
    await send(world)
    await world.haraka.waitForLog(WAITING)
    world.writeRules({
      'acme.example': [{ ...PUBLISHED_RULE, action: { level: 'dane', otherwise: 'encrypt' } }],
    })
    // By the new rules from the next message on: once one has gone by them, they are in force.
    await send(world)
    await peerOf(world, MX).waitForMessages(1)
    slow.goOn(policyFor('elsewhere.example'))
    await peerOf(world, MX).waitForMessages(2)
    await world.haraka.waitForEmptyQueue()
    assert.deepEqual(deferred(world), [])
  })

  it('a policy with a new id is fetched before a message fails, one with the same id is not', async () => {
    await using world = await startScriptedWorld({
      hosts: { [MX]: {} },
      policies: { 'bank.example': policyFor('elsewhere.example') },
      rules: RULES,
    })
    await send(world)
    await world.haraka.until(() => deferred(world).length === 1, 'a deferral')
    world.setPolicy('bank.example', policyFor(MX))
    await world.haraka.flushUntil(() => deferred(world).length >= 2, 'another deferral')
    assert.deepEqual(new Set(deferred(world)), new Set(['mx-not-listed']))
    assert.equal(world.fetches('bank.example'), 1)
    world.setPolicy('bank.example', policyFor(MX), '2')
    await world.haraka.flushUntil(() => peerOf(world, MX).messages.length === 1, 'a delivery')
    assert.equal(world.fetches('bank.example'), 2)
    await world.haraka.waitForEmptyQueue()
  })

  it('a policy that is kept outlives its TXT record, its server, and a restart', async () => {
    await using world = await startScriptedWorld({
      hosts: { [MX]: {} },
      policies: { 'bank.example': policyFor('elsewhere.example') },
      rules: RULES,
    })
    await send(world)
    await world.haraka.until(() => deferred(world).length === 1, 'a deferral')
    world.answer('TXT _mta-sts.bank.example', { TXT: [] })
    world.answer('A mta-sts.bank.example', 'fails')
    await world.haraka.restart()
    await world.haraka.flushUntil(() => deferred(world).length >= 2, 'another deferral')
    assert.deepEqual(new Set(deferred(world)), new Set(['mx-not-listed']))
    assert.deepEqual(peerOf(world, MX).connections, [])
  })

  it('the postmaster hears of it when a partner has a new authority behind its old records, and nothing bounces', async () => {
    const root = await issue({ name: 'Root' })
    const [old, changed] = [await issue({ name: 'Old', by: root }), await issue({ name: 'New', by: root })]
    const sends = async (by: Issued) => {
      const leaf = await issue({ name: MX, by, ca: false, names: [MX] })
      return { tls: { key: leaf.keyPem, cert: `${leaf.pem}\n${by.pem}` } }
    }
    await using world = await startScriptedWorld({
      hosts: { [MX]: await sends(old) },
      tlsa: { [MX]: [tlsa(2, 0, 1, old)] },
      rules: { 'acme.example': [{ to: ['bank.example'], action: { level: 'dane' } }] },
      ini: 'connection_reuse=false\n[alert]\nto=postmaster@acme.example\ndelay=300ms\ninterval=1s\n',
    })
    await send(world)
    await peerOf(world, MX).waitForMessages(1)
    await peerOf(world, MX).behave({ ...(await sends(changed)), hostname: MX })
    await send(world)
    const [alert, ...more] = await world.mailbox.waitForMessages(1)
    assert.deepEqual(more, [])
    assert.deepEqual(alert?.to, ['postmaster@acme.example'])
    assert.match(alert.data, /^Subject: .*bank\.example/m)
    assert.deepEqual(deferred(world), ['tlsa-invalid'])
    // The old one again, and the mail goes.
    await peerOf(world, MX).behave({ ...(await sends(old)), hostname: MX })
    await world.haraka.flushUntil(() => peerOf(world, MX).messages.length === 2, 'a delivery')
  })

  it('a rule "none" above helps at once where DNS fails', async () => {
    await using world = await startScriptedWorld({
      hosts: { [MX]: { starttls: false } },
      rules: { 'acme.example': [{ to: ['bank.example'], action: { level: 'dane' } }] },
      haraka: {
        // Haraka's own resolver knows nothing of the test's domains.
        extraPlugins: { 'test-named': NAMED_PLUGIN },
        config: { 'named-host': 'unknown' },
      },
    })
    world.answer(`A ${MX}`, 'fails')
    world.haraka.writeConfig({ 'named-host': addressOf(world) })
    await send(world)
    await world.haraka.until(() => deferred(world).length === 1, 'a deferral')
    assert.deepEqual(deferred(world), ['dnssec-invalid'])
    const [attempt] = logPairs(world.haraka.log).filter(({ kind }) => kind === 'attempt')
    assert.match(
      attempt?.['detail'] ?? '',
      /the DNS look-up of A mx\.bank\.example failed: \S+ answers SERVFAIL/,
    )
    assert.deepEqual(peerOf(world, MX).connections, [])
    world.writeRules({
      'acme.example': [
        { id: 'exempt', to: ['bank.example'], action: { level: 'none' } },
        { to: ['bank.example'], action: { level: 'dane' } },
      ],
    })
    await world.haraka.flushUntil(() => peerOf(world, MX).messages.length === 1, 'a delivery')
    await world.haraka.waitForEmptyQueue()
  })

  it('mail to a domain whose policy hangs does not delay mail to others, and is not lost', async () => {
    const [COUNT, TURNS] = [200, 4]
    const slow = hanging()
    await using world = await startScriptedWorld({
      hosts: { [MX]: {}, [OTHER]: {} },
      policies: { 'bank.example': slow.policy, 'clinic.example': policyFor(OTHER) },
      rules: RULES,
      haraka: { outbound: { temp_fail_intervals: '1h*99', concurrency_max: TURNS } },
    })
    const to = Array.from({ length: COUNT }, (_, index) => `x${index}@bank.example`)
    for (const each of to) await send(world, each)
    await world.haraka.waitForLog(WAITING)
    const since = performance.now()
    await send(world, 'x@clinic.example')
    await peerOf(world, OTHER).waitForMessages(1, 60_000)
    const took = performance.now() - since
    assert.ok(took < 10_000, `${Math.round(took)} ms`)
    await world.haraka.until(
      () => (world.haraka.log.match(new RegExp(WAITING, 'g'))?.length ?? 0) === COUNT,
      'all to wait',
      60_000,
    )
    assert.equal(slow.asked(), 1)
    slow.goOn(policyFor(MX))
    await peerOf(world, MX).waitForMessages(COUNT, 60_000)
    await world.haraka.waitForEmptyQueue(60_000)
    assert.deepEqual(
      peerOf(world, MX)
        .messages.flatMap((message) => message.to)
        .sort(),
      [...to].sort(),
    )
  })

  for (const [what, validates, sentence] of [
    [
      'does not validate',
      false,
      /does not validate DNSSEC: it does not mark its answer about the root zone as authentic/,
    ],
    ['is silent', 'silent', /does not answer/],
    ['fails', 'failing', /answers SERVFAIL/],
  ] as const)
    it(`mail waits with a sentence where the resolver ${what}, and goes when it is mended`, async () => {
      await using world = await startScriptedWorld({
        hosts: { [MX]: {} },
        policies: { 'bank.example': policyFor(MX) },
        rules: RULES,
        validates,
      })
      await send(world)
      await world.haraka.until(() => deferred(world).length === 1, 'a deferral', 60_000)
      assert.deepEqual(deferred(world), ['resolver-unavailable'])
      const [outcome] = logPairs(world.haraka.log).filter(({ kind }) => kind === 'outcome')
      assert.match(outcome?.['detail'] ?? '', sentence)
      assert.deepEqual(peerOf(world, MX).connections, [])
      world.resolver.validates = true
      await world.haraka.flushUntil(() => peerOf(world, MX).messages.length === 1, 'a delivery')
    })
})

/** Names the one server there is by its address and its name, as a plugin of an operator's may. */
const NAMED_PLUGIN = `
exports.hook_get_mx = function (next, hmail, domain) {
  if (domain !== 'bank.example') return next()
  next(OK, { exchange: this.config.get('named-host'), from_dns: '${MX}', port: 25, priority: 0 })
}
`

function addressOf(world: ScriptedWorld): string {
  const { exchange = '' } = peerOf(world, MX).route()
  return exchange
}
