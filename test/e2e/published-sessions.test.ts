/** Connections and TLS sessions serve further messages only under the records and the policy that they were opened under. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { issue, tlsa, type Issued } from '../support/chains.js'
import { logPairs, type Pairs } from '../support/evidence.js'
import { lowPortsImpossible } from '../support/low-ports.js'
import { policyFor } from '../support/published-world.js'
import { startScriptedWorld, type ScriptedOptions, type ScriptedWorld } from '../support/scripted-world.js'
import type { SmtpPeer } from '../support/smtp-peer.js'

const MX = 'mx.bank.example'
const RULES = {
  'acme.example': [{ to: ['.example'], action: { level: 'dane' } }],
  'sts.acme.example': [{ to: ['.example'], action: { level: 'mta-sts' } }],
  'both.acme.example': [{ to: ['.example'], action: { level: 'published' } }],
}
/** How a further message could go on with what is there. */
const WAYS = [
  { way: 'an open connection', ini: 'connection_idle=60s\n' },
  { way: 'a TLS session', ini: 'connection_reuse=false\n' },
] as const

const serverWith = (...chain: readonly Issued[]) => ({
  tls: { key: chain[0]?.keyPem ?? '', cert: chain.map(({ pem }) => pem).join('\n') },
})
const start = (options: Omit<ScriptedOptions, 'rules'>): Promise<ScriptedWorld> =>
  startScriptedWorld({ rules: RULES, ...options })
const peerOf = ({ peers }: ScriptedWorld, name = MX): SmtpPeer => {
  const peer = peers[name]
  assert.ok(peer)
  return peer
}

/** Sends a message, and gives its outcome. */
async function outcomeOf(
  { haraka }: ScriptedWorld,
  { from = 'ann@acme.example', to = 'x@bank.example' } = {},
): Promise<Pairs | undefined> {
  const outcomes = (): readonly Pairs[] => logPairs(haraka.log).filter(({ kind }) => kind === 'outcome')
  const before = outcomes().length
  await haraka.send({ from, to })
  await haraka.until(() => outcomes().length > before, 'an outcome')
  return outcomes()[before]
}

const shown = (outcome: Pairs | undefined): string =>
  [outcome?.['result'], outcome?.['class'] ?? outcome?.['verified']].join(' ')

describe('sessions by what is published', { skip: lowPortsImpossible() }, async () => {
  const root = await issue({ name: 'Root' })
  const other = await issue({ name: 'Other' })
  const leafOf = (name = MX, more: object = {}): Promise<Issued> =>
    issue({ name, by: root, ca: false, names: [name], ...more })

  for (const { way, ini } of WAYS) {
    const isGoneOn = (peer: SmtpPeer): boolean =>
      way === 'a TLS session'
        ? peer.connections.at(-1)?.tls?.resumed === true
        : (peer.connections.at(-1)?.messages.length ?? 0) > 1

    it(`${way} serves the next message under the same records`, async () => {
      const leaf = await leafOf()
      await using world = await start({
        hosts: { [MX]: serverWith(leaf) },
        tlsa: { [MX]: [tlsa(3, 1, 1, leaf)] },
        ini,
      })
      assert.equal(shown(await outcomeOf(world)), 'delivered dane')
      assert.equal(shown(await outcomeOf(world)), 'delivered dane')
      assert.ok(isGoneOn(peerOf(world)), peerOf(world).transcript())
    })

    it(`${way} does not serve it when the records are others by then`, async () => {
      const leaf = await leafOf()
      await using world = await start({
        hosts: { [MX]: serverWith(leaf) },
        tlsa: { [MX]: [tlsa(3, 1, 1, leaf)] },
        ini,
      })
      assert.equal(shown(await outcomeOf(world)), 'delivered dane')
      world.setTlsa(MX, tlsa(3, 1, 1, other))
      assert.equal(shown(await outcomeOf(world)), 'deferred tlsa-invalid')
      // Others that fit are others, too.
      world.setTlsa(MX, tlsa(3, 1, 1, leaf), tlsa(3, 1, 1, other))
      assert.equal(shown(await outcomeOf(world)), 'delivered dane')
      // The one that waited may follow over what the last one opened.
      const [first, second, third] = peerOf(world).connections
      assert.deepEqual([first?.messages.length, second?.messages.length], [1, 0])
      assert.deepEqual(
        [first, second, third].map((each) => each?.tls?.resumed),
        [false, false, false],
      )
    })

    it(`${way} does not serve it when the policy lists the host no longer`, async () => {
      await using world = await start({
        hosts: { [MX]: {} },
        policies: { 'bank.example': policyFor(MX) },
        ini,
      })
      const from = 'ann@sts.acme.example'
      assert.equal(shown(await outcomeOf(world, { from })), 'delivered chain,host-name,mta-sts')
      assert.equal(shown(await outcomeOf(world, { from })), 'delivered chain,host-name,mta-sts')
      assert.ok(isGoneOn(peerOf(world)), peerOf(world).transcript())
      world.setPolicy('bank.example', policyFor('elsewhere.example'), '2')
      assert.equal(shown(await outcomeOf(world, { from })), 'deferred mx-not-listed')
      assert.equal(peerOf(world).messages.length, 2)
    })

    it(`${way} of one domain does not serve another one at the same host`, async () => {
      // The authority vouches for names of the one domain.
      const leaf = await leafOf('bank.example')
      await using world = await start({
        hosts: { [MX]: serverWith(leaf, root) },
        mx: { 'tenant.example': [MX] },
        tlsa: { [MX]: [tlsa(2, 0, 1, root)] },
        policies: { 'bank.example': policyFor(MX), 'tenant.example': policyFor('elsewhere.example') },
        ini,
      })
      assert.equal(shown(await outcomeOf(world)), 'delivered dane')
      const to = 'x@tenant.example'
      assert.equal(shown(await outcomeOf(world, { to })), 'deferred certificate-host-mismatch')
      assert.equal(
        shown(await outcomeOf(world, { to, from: 'ann@both.acme.example' })),
        'deferred mx-not-listed',
      )
      // Its own goes on.
      assert.equal(shown(await outcomeOf(world)), 'delivered dane')
      assert.deepEqual(
        peerOf(world).messages.map((message) => message.to),
        [['x@bank.example'], ['x@bank.example']],
      )
    })

    it(`${way} of a server whose certificate has expired, and is published, serves the next message`, async () => {
      const leaf = await leafOf(MX, { from: -20, until: -1 })
      await using world = await start({
        hosts: { [MX]: serverWith(leaf, root) },
        tlsa: { [MX]: [tlsa(3, 1, 1, leaf)] },
        ini,
      })
      assert.equal(shown(await outcomeOf(world)), 'delivered dane')
      assert.equal(shown(await outcomeOf(world)), 'delivered dane')
      assert.ok(isGoneOn(peerOf(world)), peerOf(world).transcript())
      world.setTlsa(MX, tlsa(2, 0, 1, root))
      assert.equal(shown(await outcomeOf(world)), 'deferred certificate-expired')
    })

    it(`${way} does not serve it when a certificate that dates matter for has expired by then`, async () => {
      await using world = await start({
        hosts: { [MX]: {} },
        tlsa: { [MX]: [tlsa(2, 0, 1, root)] },
        ini,
      })
      const seconds = 5
      const made = Date.now()
      const leaf = await leafOf(MX, { until: seconds / 86_400 })
      await peerOf(world).behave({ hostname: MX, ...serverWith(leaf, root) })
      assert.equal(shown(await outcomeOf(world)), 'delivered dane')
      await world.haraka.until(() => Date.now() > made + (seconds + 1) * 1000, 'the certificate to expire')
      assert.equal(shown(await outcomeOf(world)), 'deferred certificate-expired')
      assert.equal(peerOf(world).messages.length, 1)
    })
  }
})
