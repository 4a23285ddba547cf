/** In which language a real Haraka writes a bounce: as the message says, over a kill -9 too, else as the settings say. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startHaraka } from '../support/haraka.js'
import { parseBounce } from '../support/mail.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

const LATER = '454 4.7.0 TLS not available due to temporary reason'
const message = { from: 'ann@acme.example', subject: 'Patientenakte' }

it('a bounce is in the language of the message, with English below, and else in that of the settings', async () => {
  await using slow = await startPeer({ on: { STARTTLS: LATER } })
  await using bank = await startPeer({ starttls: false })
  await using acme = await startPeer()
  await using haraka = await startHaraka({
    config: fileStoreConfig(
      { 'acme.example': [{ to: ['bank.example', 'slow.example'], name: 'Zahlungen' }] },
      '[failure]\nlanguage=nl\n',
    ),
    routes: {
      'bank.example': [bank.route({ name: 'mx.bank.example' })],
      'slow.example': [slow.route({ name: 'mx.slow.example' })],
      'acme.example': [acme.route()],
    },
    outbound: { temp_fail_intervals: '5s' },
  })
  await haraka.send({ ...message, to: 'cfo@slow.example', headers: { 'Content-Language': 'de-AT' } })
  await haraka.waitForLog(/Temp failing/)
  await haraka.kill9()
  await haraka.start()
  await acme.waitForMessages(1, 30_000)
  const german = acme.messages[0]?.data ?? ''
  assert.match(german, /^Content-Language: de, en\r$/m)
  const { headers, text, html, recipients } = parseBounce(german)
  assert.equal(
    headers['subject'],
    'Nicht gesendet: slow.example kann Ihre Nachricht nicht verschlüsselt empfangen',
  )
  assert.match(
    text.replace(/\s+/g, ' '),
    /^English text below\. Ihre Nachricht an cfo@slow\.example wurde nicht gesendet, weil .* Die Regel „Zahlungen“ von acme\.example verlangt .* -{60} Your message to cfo@slow\.example was not sent, because/,
  )
  assert.match(html ?? '', /<html lang="de">[^]*Ihre Nachricht[^]*<div lang="en">[^]*Your message/)
  assert.match(recipients[0]?.['diagnostic-code'] ?? '', /^smtp; 454 4\.7\.0 TLS not available/)
  assert.doesNotMatch(german, /Patientenakte/)

  await haraka.send({ ...message, to: 'cfo@bank.example', headers: { 'Accept-Language': 'ja, fr;q=0.2' } })
  await acme.waitForMessages(2, 30_000)
  assert.match(parseBounce(acme.messages[1]?.data ?? '').headers['subject'] ?? '', /^Non envoyé/)
  await haraka.send({ ...message, to: 'cfo@bank.example', headers: { 'Content-Language': 'xx; "' } })
  await acme.waitForMessages(3, 30_000)
  assert.match(parseBounce(acme.messages[2]?.data ?? '').headers['subject'] ?? '', /^Niet verzonden: bank/)
})
