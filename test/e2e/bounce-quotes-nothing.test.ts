/** What a server says after MAIL may quote the message; a minimal bounce, which may travel in the clear, does not. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import type { PeerBehaviour } from '../support/peer-behaviour.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

const SECRET = 'Diagnosis of Jane'

interface Row {
  readonly domain: string
  readonly behaviour: PeerBehaviour
  /** `null` where the text may stay. */
  readonly diagnostic: RegExp
  readonly stays?: true
}

const ROWS: readonly Row[] = [
  {
    domain: 'mail',
    behaviour: { onSecure: { MAIL: `550 5.7.1 ${SECRET}` } },
    diagnostic: /^smtp; 550 5\.7\.1$/,
  },
  {
    domain: 'rcpt',
    behaviour: { onSecure: { RCPT: `550 5.1.1 ${SECRET}` } },
    diagnostic: /^smtp; 550 5\.1\.1$/,
  },
  {
    domain: 'rcpt-later',
    behaviour: { onSecure: { RCPT: `450 4.2.0 ${SECRET}` } },
    diagnostic: /^smtp; 450 4\.2\.0$/,
  },
  { domain: 'data', behaviour: { onSecure: { DATA: `554 ${SECRET}` } }, diagnostic: /^smtp; 554$/ },
  {
    domain: 'dot',
    behaviour: { onSecure: { message: [`554-5.6.0 ${SECRET}`, `554 5.6.0 ${SECRET}`] } },
    diagnostic: /^smtp; 554 5\.6\.0$/,
  },
  {
    domain: 'dot-later',
    behaviour: { onSecure: { message: `451 4.7.1 ${SECRET}` } },
    diagnostic: /^smtp; 451 4\.7\.1$/,
  },
  { domain: 'odd', behaviour: { onSecure: { message: '354 ' + SECRET } }, diagnostic: /^smtp; 354$/ },
  {
    domain: 'gibberish',
    behaviour: { onSecure: { message: SECRET } },
    diagnostic: /^x-haraka; the session with the receiving server failed/,
  },
  {
    domain: 'lmtp',
    behaviour: { lmtp: true, onSecure: { message: `550 5.2.0 ${SECRET}` } },
    diagnostic: /^smtp; 550 5\.2\.0$/,
  },
  {
    domain: 'greeting',
    behaviour: { on: { connect: `554 5.7.1 ${SECRET}` } },
    diagnostic: /^smtp; 554 5\.7\.1 Diagnosis of Jane$/,
    stays: true,
  },
]

for (const content of ['minimal', 'full'] as const)
  it(`a ${content} bounce ${content === 'full' ? 'gives' : 'leaves out'} what servers say after MAIL`, async () => {
    const peers = await Promise.all(ROWS.map(({ behaviour }) => startPeer(behaviour)))
    await using mailbox = await startPeer()
    await using haraka = await startHaraka({
      config: fileStoreConfig(
        { 'acme.example': [{ to: ROWS.map(({ domain }) => `${domain}.example`) }] },
        `[failure]\nbounce_content=${content}\n`,
      ),
      routes: {
        ...Object.fromEntries(
          ROWS.map(({ domain }, index) => [`${domain}.example`, [peers[index]?.route() ?? { priority: 0 }]]),
        ),
        'acme.example': [mailbox.route()],
      },
      outbound: { temp_fail_intervals: 'none' },
    })
    for (const { domain } of ROWS)
      await haraka.send({
        from: 'ann@acme.example',
        to: `x@${domain}.example`,
        subject: SECRET,
        text: SECRET,
      })
    await mailbox.waitForMessages(ROWS.length, 30_000)
    for (const { domain, diagnostic, stays } of ROWS) {
      const [raw] = mailbox.messages.filter(({ data }) => data.includes(`rfc822; x@${domain}.example`))
      assert.ok(raw, domain)
      const { recipients, text, html } = parseBounce(raw.data)
      const spoken = [recipients[0]?.['diagnostic-code'], text.replace(/\s+/g, ' '), html].join('\n')
      if (content === 'full') {
        assert.match(spoken, /Diagnosis of Jane/, domain)
        continue
      }
      assert.match(recipients[0]?.['diagnostic-code'] ?? '', diagnostic, domain)
      if (stays) continue
      assert.equal(raw.data.includes('Diagnosis'), false, raw.data)
      assert.match(spoken, /its text is left out, because this notice may travel without encryption/)
    }
    for (const peer of peers) await peer.close()
  })
