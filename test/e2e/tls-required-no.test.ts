/** Messages that say `TLS-Required: No` (RFC 8689 section 4.2.2) and servers at which TLS fails, in whatever way. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { inProcess } from '../cli/enforce-tls.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { cut, silence, tlsAlert } from '../support/peer-steps.js'
import { fileStoreConfig } from '../support/rules.js'
import type { PeerBehaviour } from '../support/peer-behaviour.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'

/** Servers by the domain before `.example`, and how the message gets there. */
const SERVERS: Readonly<Record<string, readonly [PeerBehaviour, got: 'over TLS' | 'in the clear']>> = {
  good: [{}, 'over TLS'],
  none: [{ starttls: false }, 'in the clear'],
  refuses: [{ on: { STARTTLS: '454 4.7.0 TLS not available' } }, 'in the clear'],
  unknown: [{ on: { STARTTLS: '502 5.5.1 what' } }, 'in the clear'],
  alert: [{ on: { handshake: tlsAlert(40) } }, 'in the clear'],
  cut: [{ on: { handshake: cut } }, 'in the clear'],
  silent: [{ on: { handshake: silence } }, 'in the clear'],
  'cut-inside': [{ onSecure: { EHLO: cut } }, 'in the clear'],
  smuggles: [{ on: { STARTTLS: '220 go\r\nHTTP/1.1 400 nope\r\n' } }, 'in the clear'],
  'smuggles-a-reply': [{ on: { STARTTLS: '220 go\r\n250 fine' } }, 'in the clear'],
  babbles: [{ on: { STARTTLS: 'HTTP/1.1 400 nope' } }, 'in the clear'],
  'babbles-inside': [{ onSecure: { EHLO: 'HTTP/1.1 400 nope' } }, 'in the clear'],
  'refuses-inside': [{ onSecure: { EHLO: '421 4.3.0 not over TLS' } }, 'in the clear'],
  'of-old-inside': [{ onSecure: { EHLO: '502 5.5.1 what' } }, 'over TLS'],
}

describe('a message with TLS-Required: No', () => {
  const peers: Record<string, SmtpPeer> = {}
  let haraka: Haraka
  let mailbox: SmtpPeer

  before(async () => {
    for (const [name, [behaviour]] of Object.entries(SERVERS)) peers[name] = await startPeer(behaviour)
    // RFC 8689 section 8.4: whoever wants TLS takes nothing without.
    peers['strict'] = await startPeer({
      starttls: false,
      on: { MAIL: '530 5.7.0 Must issue STARTTLS first' },
    })
    for (const name of ['forced', 'repaired'])
      peers[name] = await startPeer({ on: { STARTTLS: '554 5.7.3 no', RCPT: '450 4.2.0 later' } })
    mailbox = await startPeer()
    haraka = await startHaraka({
      plugins: ['test-relay', 'test-routes', 'enforce-tls'],
      outbound: { connect_timeout: '2', temp_fail_intervals: '5s,1h*9' },
      config: {
        'tls.ini': '[outbound]\nforce_tls_hosts[]=forced.example\n',
        ...fileStoreConfig(
          {
            '*': [
              { to: ['alert.example'], action: { level: 'dane', otherwise: 'none' } },
              { to: ['ruled.example'], action: { level: 'encrypt' } },
            ],
          },
          '[requiretls]\nhonour_no=true\n',
        ),
      },
      routes: {
        ...Object.fromEntries(
          Object.entries(peers).map(([name, peer]) => [`${name}.example`, [peer.route()]]),
        ),
        'ruled.example': [peers['strict'].route()],
        'acme.example': [mailbox.route()],
      },
    })
  })
  after(async () => {
    for (const each of [haraka, mailbox, ...Object.values(peers)]) await each.close()
  })

  const send = (name: string, headers: Readonly<Record<string, string>> = { 'TLS-Required': 'No' }) =>
    haraka.send({ from: 'ann@acme.example', to: `cfo@${name}.example`, headers })

  it('goes over TLS where that works, and in the clear where it fails', async () => {
    for (const name of Object.keys(SERVERS)) assert.equal((await send(name)).code, 250)
    for (const [name, [, got]] of Object.entries(SERVERS)) {
      const [message] = (await peers[name]?.waitForMessages()) ?? []
      assert.equal(message?.tls ? 'over TLS' : 'in the clear', got, name)
    }
    await haraka.waitForEmptyQueue()
    for (const [name, [, got]] of Object.entries(SERVERS)) assert.equal(peers[name]?.messages.length, 1, got)
  })

  it('does so only once TLS has failed at this very attempt', async () => {
    await send('repaired')
    const peer = peers['repaired']
    await peer?.waitForConnections(2)
    await peer?.behave({})
    const [message] = (await peer?.waitForMessages()) ?? []
    assert.ok(message?.tls)
    assert.equal(peer?.connections.length, 3)
    await haraka.waitForEmptyQueue()
  })

  it('comes back from a server that takes nothing without TLS', async () => {
    await send('strict')
    const [bounce] = await mailbox.waitForMessages()
    assert.equal(parseBounce(bounce?.data ?? '').recipients[0]?.['status'], '5.7.0')
  })

  it('is no word against a rule; and without it, nothing changes', async () => {
    await send('ruled')
    const bounce = (await mailbox.waitForMessages(2)).at(-1)
    assert.match(parseBounce(bounce?.data ?? '').recipients[0]?.['status'] ?? '', /^5\.7\./)
    assert.ok(!peers['strict']?.connections.at(-1)?.verbs('clear').includes('MAIL'))
    const ignored = "does not count, because more is required than what the recipient's domain publishes"
    await haraka.waitForLog(new RegExp(`TLS-Required: No in the header of the message ${ignored}`))
    const trace = async (...more: readonly string[]): Promise<string> => {
      const args = ['trace', '--to', 'cfo@ruled.example', ...more, '--config', haraka.folder]
      return (await inProcess(args)).stdout.replace(/\s+/g, ' ')
    }
    await haraka.until(async () => (await trace()).includes('Bounced'), 'the outcome in the delivery log')
    for (const said of [await trace(), await trace('--statement')])
      assert.match(said, new RegExp(`TLS-Required No, in its header: that ${ignored}`))
    const { length } = peers['cut']?.messages ?? []
    await send('cut', {})
    await haraka.until(() => haraka.queueFiles().length === 1, 'the message to wait')
    assert.equal(peers['cut']?.messages.length, length)
  })

  it('goes nowhere without TLS that tls.ini forces; it waits, and the log blames nobody else', async () => {
    await send('forced')
    await haraka.until(() => /Tried all MXs/.test(haraka.log), 'the message to wait')
    assert.ok(!peers['forced']?.connections.some((connection) => connection.verbs('clear').includes('MAIL')))
    assert.doesNotMatch(haraka.log, /programming error|tried again without.*forced/)
    assert.match(haraka.log, /Ongoing connection failed to .*TLS failed: STARTTLS is refused/)
  })
})
