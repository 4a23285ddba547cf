/** Two messages share a connection only where nothing differs that matters: mail to a, to b, and to a again. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fingerprints, makeAuthority } from '../support/certificates.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import type { PeerBehaviour } from '../support/peer-behaviour.js'
import { rulesDocument, storedRule } from '../support/rules.js'
import { startPeer, type PeerOptions, type Route, type SmtpPeer } from '../support/smtp-peer.js'
import { TemporaryFolder } from '../support/temporary-folder.js'

type Action = Readonly<Record<string, unknown>>
type Host = Partial<Route> & Record<string, unknown>

interface Pair {
  readonly name: string
  readonly connections: 1 | 2
  /** Whose mail goes over each. @default a b a, or a a and b */
  readonly orders?: readonly string[]
  /** Of the rules for a and b. @default level encrypt for both */
  readonly actions?: (fingerprint: string) => readonly [Action, Action]
  /** What the hosts of a and b have besides place and name. */
  readonly hosts?: readonly [Host, Host]
  /** Local parts of the sender and the recipient, for b. */
  readonly sender?: string
  readonly recipient?: string
  /** What the rule for b has besides. `null`: there is no rule. */
  readonly ruleOfB?: object | null
  readonly peer?: PeerOptions
  /** What EHLO says on each connection. */
  readonly greets?: readonly string[]
}

const AUTH: PeerBehaviour = {
  onSecure: { EHLO: ['250-hello', '250 AUTH PLAIN'], AUTH: '235 2.7.0 welcome' },
}
const user = (name: string) => ({ auth_user: name, auth_pass: 'secret' })

const sockets = new TemporaryFolder('sockets')
const at = (level: string) => ({ level })

const PAIRS: readonly Pair[] = [
  { name: 'nothing but the domain', connections: 1 },
  { name: 'nothing, over LMTP', connections: 1, peer: { lmtp: true } },
  { name: 'nothing, over a unix socket', connections: 1, peer: { path: path.join(sockets.path, 'smtp') } },
  {
    name: 'nothing, over LMTP and a unix socket',
    connections: 1,
    peer: { path: path.join(sockets.path, 'lmtp'), lmtp: true },
  },
  { name: 'nothing, over IPv6', connections: 1, peer: { host: '::1' } },
  { name: 'nothing, at level verify', connections: 1, actions: () => [at('verify'), at('verify')] },
  {
    name: 'nothing, with the same pins',
    connections: 1,
    actions: (pin) => [
      { level: 'fingerprint', fingerprints: [pin] },
      { level: 'fingerprint', fingerprints: [pin] },
    ],
  },
  { name: 'nothing, with the same login', connections: 1, hosts: [user('ann'), user('ann')], peer: AUTH },
  { name: 'the name of the host', connections: 2, hosts: [{}, { from_dns: 'mx2.shared.example' }] },
  { name: 'the level', connections: 2, actions: () => [at('encrypt'), at('verify')] },
  { name: 'the names at level secure', connections: 2, actions: () => [at('secure'), at('secure')] },
  {
    name: 'the pins',
    connections: 2,
    actions: (pin) => [
      { level: 'fingerprint', fingerprints: [pin] },
      { level: 'fingerprint', fingerprints: [pin, '00'.repeat(32)] },
    ],
  },
  {
    name: 'the minimum version',
    connections: 2,
    actions: () => [at('encrypt'), { level: 'encrypt', minVersion: 'TLSv1.3' }],
  },
  { name: 'the local address', connections: 2, hosts: [{ bind: '127.0.0.1' }, { bind: '127.0.0.2' }] },
  { name: 'the local address, in a note', connections: 2, sender: 'ip' },
  {
    name: 'the name in EHLO',
    connections: 2,
    hosts: [{ bind_helo: 'one.test.example' }, { bind_helo: 'two.test.example' }],
    greets: ['one.test.example', 'two.test.example'],
  },
  {
    name: 'the name in EHLO, in a note',
    connections: 2,
    sender: 'helo',
    greets: ['mta.test.example', 'noted.test.example'],
  },
  { name: 'the login', connections: 2, hosts: [user('ann'), user('bob')], peer: AUTH },
  { name: 'whether there is a login', connections: 2, hosts: [{}, user('bob')], peer: AUTH },
  // Which reply to EHLO it was does not matter to the one after it.
  { name: 'that an address needs SMTPUTF8', connections: 2, recipient: 'jürgen', orders: ['a', 'b a'] },
  { name: 'that no rule covers it', connections: 2, ruleOfB: null },
  { name: 'that a rule only reports', connections: 2, ruleOfB: { mode: 'report' } },
]

/** Notes as other plugins set them, by the sender. */
const NOTES = `
exports.hook_data_post = (next, connection) => {
  const { notes, mail_from } = connection.transaction
  if (mail_from.user === 'helo') notes.outbound_helo = 'noted.test.example'
  if (mail_from.user === 'ip') notes.outbound_ip = '127.0.0.2'
  next()
}
`

describe('two messages that differ in', async () => {
  const authority = await makeAuthority('Test CA')
  const names = PAIRS.flatMap((_pair, n) => [domainOf('a', n), domainOf('b', n)])
  const certificate = await authority.issue({ dnsNames: ['mx.shared.example', ...names] })
  const { certificate: pin } = fingerprints(certificate.cert)
  const peers: SmtpPeer[] = []
  let haraka: Haraka | undefined

  before(async () => {
    for (const { peer } of PAIRS) peers.push(await startPeer({ ...peer, tls: certificate }))
    const rules = PAIRS.flatMap(({ actions, ruleOfB = {} }, n) => {
      const [a, b] = actions?.(pin) ?? [at('encrypt'), at('encrypt')]
      const ofB = ruleOfB && { ...storedRule({ to: [domainOf('b', n)], action: b }), ...ruleOfB }
      return [storedRule({ to: [domainOf('a', n)], action: a }), ...(ofB ? [ofB] : [])]
    })
    const document = rulesDocument({ 'acme.example': [] })
    haraka = await startHaraka({
      config: {
        'enforce-tls.ini': '[store]\ntype=file\n[tls]\nca=test-ca.pem\nconnection_idle=30s\n',
        'enforce-tls.rules.json': {
          ...document,
          rules: { 'acme.example': Object.fromEntries(rules.map((rule, n) => [`r${n}`, rule])) },
        },
        'test-ca.pem': authority.cert,
      },
      extraPlugins: { 'test-notes': NOTES },
      routes: Object.fromEntries(
        PAIRS.flatMap(({ hosts = [{}, {}] }, n) => {
          const route = peers[n]?.route({ name: 'mx.shared.example' }) ?? { priority: 0 }
          return [
            [domainOf('a', n), [{ ...route, ...hosts[0] }]],
            [domainOf('b', n), [{ ...route, ...hosts[1] }]],
          ]
        }),
      ),
    })
    for (const which of ['a', 'b', 'a'] as const) {
      for (const [n, { sender = 'ann', recipient = 'x' }] of PAIRS.entries())
        await haraka.send({
          from: `${which === 'b' ? sender : 'ann'}@acme.example`,
          to: `${which === 'b' ? recipient : 'x'}@${domainOf(which, n)}`,
        })
      await haraka.waitForEmptyQueue(30_000)
    }
  })
  after(async () => {
    await haraka?.close()
    for (const peer of peers) await peer.close()
    sockets.close()
  })

  for (const [n, { name, connections, greets, ruleOfB, orders }] of PAIRS.entries())
    it(`${name}: ${connections === 1 ? 'share a connection' : 'never do'}`, () => {
      const peer = peers[n]
      const shared = peer?.connections.map(({ messages }) =>
        messages.map(({ to }) => to[0]?.replace(/.*@(.).*/, '$1')).join(' '),
      )
      assert.deepEqual(shared, orders ?? (connections === 1 ? ['a b a'] : ['a a', 'b']), peer?.transcript())
      if (ruleOfB === undefined) assert.deepEqual(peer?.cleartextAfterEhlo(), [])
      if (!greets) return
      const said = peer?.connections.map(({ commands }) => commands[0]?.line.trim())
      assert.deepEqual(
        said,
        greets.map((greet) => `EHLO ${greet}`),
      )
    })

  it('are all delivered at once', () => {
    assert.doesNotMatch(haraka?.log ?? '', /Temp failing|result=failed|\[CRIT\]/)
  })
})

function domainOf(which: 'a' | 'b', index: number): string {
  return `${which}${index + 1}.example`
}
