/** Ways into Haraka's outbound queue and out of it: whoever puts a message there or says where it goes, the guard is on it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { startHaraka, type Haraka, type HarakaOptions } from '../support/haraka.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'

const RULES = fileStoreConfig({ 'acme.example': [{ to: ['clinic.example'] }] })
const COVERED = { from: 'ann@acme.example', to: 'lab@clinic.example' }

/** Sends a message of its own through Haraka. */
const send = (how: string) => `
exports.register = function () { this.outbound = this.haraka_require('outbound') }
exports.copy = function (next) {
  this.outbound.send_email('<ann@acme.example>', '<lab@clinic.example>', 'From: a\\r\\nSubject: Copy\\r\\n\\r\\nHello\\r\\n', () => next())
}
${how}
`

/** How a message gets into the queue; all partners are without TLS, so covered mail bounces. */
const WAYS_IN: readonly (readonly [
  what: string,
  options: HarakaOptions,
  message?: { readonly to: string },
])[] = [
  [
    'another plugin sends it with outbound.send_email in the hook queue_ok',
    { extraPlugins: { other: send('exports.hook_queue_ok = exports.copy') } },
    { to: 'roses@florist.example' },
  ],
  [
    'another plugin sends it with outbound.send_email in the hook delivered',
    {
      extraPlugins: {
        other: send(
          'exports.hook_delivered = function (next, item) { if (item.todo.domain !== "florist.example") return next(); this.copy(next) }',
        ),
      },
    },
    { to: 'roses@florist.example' },
  ],
  [
    'another plugin puts it there with outbound.send_trans_email in the hook queue',
    {
      plugins: ['local', 'test-routes', 'enforce-tls', 'other'],
      extraPlugins: {
        local: 'exports.hook_rcpt = (next) => next(OK)\n',
        other: `exports.hook_queue = function (next, connection) {
          this.haraka_require('outbound').send_trans_email(connection.transaction, next)
        }`,
      },
    },
  ],
  [
    'another plugin gives it another recipient in pre_send_trans_email',
    {
      extraPlugins: {
        other: `exports.hook_pre_send_trans_email = (next, { transaction }) => {
          if (transaction.rcpt_to[0].host !== 'florist.example') return next()
          const Address = transaction.rcpt_to[0].constructor
          transaction.rcpt_to = [new Address('<lab@clinic.example>')]
          next()
        }`,
      },
    },
    { to: 'roses@florist.example' },
  ],
  [
    'another plugin leaves this one out of the transaction with skip_plugins',
    {
      extraPlugins: {
        other: `exports.hook_data_post = (next, connection) => {
          connection.transaction.notes.skip_plugins.push('enforce-tls')
          next()
        }`,
      },
    },
  ],
  [
    'the plugin relay makes the client one that may relay for this recipient',
    {
      plugins: ['relay', 'test-routes', 'enforce-tls'],
      config: {
        'relay.ini': '[relay]\nacl=false\nforce_routing=false\ndest_domains=true\n',
        'relay_dest_domains.ini': '[domains]\nclinic.example={"action":"accept"}\n',
      },
    },
  ],
]

/** What routes a message, with the config that points to a peer. */
const WAYS_OUT: readonly (readonly [what: string, plugin: string, config: (port: number) => object])[] = [
  [
    'queue/smtp_forward by a section for the domain',
    'queue/smtp_forward',
    (port) => ({
      'smtp_forward.ini': `host=127.0.0.1\nport=1\n[clinic.example]\nhost=127.0.0.1\nport=${port}\n`,
    }),
  ],
  [
    'queue/smtp_forward with a login',
    'queue/smtp_forward',
    (port) => ({
      'smtp_forward.ini': `host=127.0.0.1\nport=1\n[clinic.example]\nhost=127.0.0.1\nport=${port}\nauth_type=plain\nauth_user=u\nauth_pass=secret\nbind=127.0.0.1\n`,
    }),
  ],
  [
    'queue/smtp_bridge',
    'queue/smtp_bridge',
    (port) => ({ 'smtp_bridge.ini': `host=127.0.0.1\nport=${port}\n` }),
  ],
  [
    'relay by force_routing',
    'relay',
    (port) => ({
      'relay.ini': '[relay]\nacl=false\nforce_routing=true\n',
      'relay_dest_domains.ini': `[domains]\nclinic.example={"action":"accept","nexthop":"127.0.0.1:${port}"}\n`,
    }),
  ],
]

async function assertBounced(haraka: Haraka, acme: SmtpPeer, clinic: SmtpPeer): Promise<void> {
  const bounces = () => acme.messages.filter(({ from }) => from === '')
  await haraka.until(() => bounces().length === 1, 'a bounce')
  await haraka.waitForEmptyQueue()
  assert.deepEqual(clinic.cleartextAfterEhlo(), [])
  assert.ok(clinic.connections.length > 0)
  assert.match(String(bounces()[0]?.data), /could not be delivered encrypted|TLS/)
}

describe('a covered message does not leave in the clear, and bounces, when', () => {
  for (const [what, options, message] of WAYS_IN)
    it(what, async () => {
      await using clinic = await startPeer({ starttls: false })
      await using acme = await startPeer()
      await using haraka = await startHaraka({
        ...options,
        config: { ...RULES, ...options.config },
        routes: {
          'clinic.example': [clinic.route()],
          'acme.example': [acme.route()],
          'florist.example': [acme.route()],
        },
      })
      assert.equal((await haraka.send({ ...COVERED, ...message })).code, 250)
      await assertBounced(haraka, acme, clinic)
    })
})

describe('a covered message leaves over TLS or bounces where it is routed by', () => {
  for (const [what, plugin, config] of WAYS_OUT)
    it(what, async () => {
      await using clinic = await startPeer({ starttls: false })
      await using bank = await startPeer()
      await using acme = await startPeer()
      for (const peer of [clinic, bank]) {
        await using haraka = await startHaraka({
          plugins: ['test-relay', 'bounces', plugin, 'test-routes', 'enforce-tls'],
          // A plugin that routes everything would send the bounce to the clinic, too.
          extraPlugins: {
            bounces: `exports.hook_get_mx = (next, item, domain) =>
              domain === 'acme.example' ? next(OK, { exchange: '127.0.0.1', port: ${acme.port} }) : next()`,
          },
          config: { ...RULES, ...config(peer.port) },
        })
        await haraka.send(COVERED)
        if (peer === clinic) await assertBounced(haraka, acme, clinic)
        else assert.ok((await bank.waitForMessages())[0]?.tls)
        await haraka.waitForEmptyQueue()
      }
      assert.deepEqual(bank.cleartextAfterEhlo(), [])
    })

  it('queue/lmtp, for local recipients as well', async () => {
    await using lmtp = await startPeer({ lmtp: true, starttls: false })
    await using acme = await startPeer()
    await using haraka = await startHaraka({
      plugins: ['local', 'queue/lmtp', 'test-routes', 'enforce-tls'],
      extraPlugins: { local: 'exports.hook_rcpt = (next) => next(OK)\n' },
      config: { ...RULES, 'lmtp.ini': `host=127.0.0.1\nport=${lmtp.port}\n` },
      routes: { 'acme.example': [acme.route()] },
    })
    assert.match(
      haraka.log,
      /mail for local recipients that queue\/lmtp takes goes through the outbound queue, so outgoing rules cover it/,
    )
    await haraka.send(COVERED)
    await assertBounced(haraka, acme, lmtp)
  })
})

describe('a covered message that waits does not leave in the clear when somebody pushes it', () => {
  const PUSHES: readonly (readonly [what: string, command: (file: string) => string, code: number])[] = [
    ['with STATUS QUEUE PUSH of the plugin status', (file) => `STATUS QUEUE PUSH ${file}`, 211],
    ['with haraka --qunstick for its domain', () => 'INTERNALCMD flushQueue clinic.example', 250],
    ['with haraka --qunstick for all', () => 'INTERNALCMD flushQueue', 250],
  ]
  for (const [what, command, code] of PUSHES)
    it(what, async () => {
      await using clinic = await startPeer({ on: { STARTTLS: '454 later' } })
      await using haraka = await startHaraka({
        plugins: ['test-relay', 'test-routes', 'status', 'enforce-tls'],
        config: RULES,
        routes: { 'clinic.example': [clinic.route()] },
        outbound: { temp_fail_intervals: '1h*3' },
      })
      await haraka.send(COVERED)
      await haraka.waitForLog(/Temp failing/)
      await clinic.waitForSilence()
      await clinic.behave({ starttls: false })
      const [file = ''] = haraka.queueFiles()
      assert.equal(await told(haraka.port, command(file)), code)
      await clinic.waitForConnections(2)
      await clinic.waitForSilence()
      assert.deepEqual(clinic.cleartextAfterEhlo(), [])
      assert.equal(clinic.received.length, 0)
    })
})

/** Says one line to a Haraka; gives the code of the answer. */
async function told(port: number, line: string): Promise<number> {
  const socket = connect(port, '127.0.0.1')
  const replies = createInterface({ input: socket })[Symbol.asyncIterator]()
  await replies.next()
  socket.write(`${line}\r\n`)
  const { value } = (await replies.next()) as { value: string }
  socket.end()
  await once(socket, 'close')
  return Number.parseInt(value, 10)
}
