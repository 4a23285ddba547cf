import assert from 'node:assert/strict'
import { it } from 'node:test'
import { logPairs } from '../support/evidence.js'
import { startHaraka } from '../support/haraka.js'
import { metricsUrl } from '../support/metrics-url.js'
import { fileStoreConfig } from '../support/rules.js'
import { scrape, valueOf } from '../support/scrape.js'
import { startPeer } from '../support/smtp-peer.js'

it('log and metrics say that a connection was reused, and count no handshake for it', async () => {
  await using bank = await startPeer()
  await using haraka = await startHaraka({
    config: {
      ...fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] }, '[tls]\nconnection_idle=60s\n'),
      'http.ini': 'listen=127.0.0.1:0\n',
    },
    routes: { '*': [bank.route()] },
  })
  const url = await metricsUrl(haraka)
  assert.equal(valueOf(await scrape(url), 'enforce_tls_reused_connections_total', {}), 0)
  for (let sent = 1; sent <= 3; sent++) {
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
    await bank.waitForMessages(sent)
    await haraka.waitForEmptyQueue()
  }
  const scraped = await scrape(url)
  assert.equal(valueOf(scraped, 'enforce_tls_reused_connections_total', {}), 2)
  assert.equal(valueOf(scraped, 'enforce_tls_handshake_duration_seconds_count', { resumed: 'false' }), 1)
  assert.equal(valueOf(scraped, 'enforce_tls_idle_connections', {}), 1)
  assert.equal(
    valueOf(scraped, 'enforce_tls_attempts_total', {
      level: 'encrypt',
      result: 'fulfilled',
      tls_version: 'TLSv1.3',
    }),
    3,
  )
  for (const kind of ['attempt', 'outcome']) {
    const lines = logPairs(haraka.log).filter((line) => line['kind'] === kind)
    assert.deepEqual(
      lines.map(({ reused }) => reused),
      [undefined, 'true', 'true'],
    )
    assert.deepEqual(new Set(lines.map(({ fingerprint }) => fingerprint)).size, 1)
  }
})
