import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { metricsUrl } from '../support/metrics-url.js'
import { repositoryRoot } from '../support/repository.js'
import { fileStoreConfig } from '../support/rules.js'
import { scrape, valueOf, type Scrape } from '../support/scrape.js'
import { startPeer } from '../support/smtp-peer.js'

const RULES = { 'acme.example': [{ to: ['bank.example', 'clinic.example'] }] }
/** A port is free again when asked for; Haraka names the one it got. */
const HTTP = { 'http.ini': 'listen=127.0.0.1:0\n' }
/** Says in the log which process took a message, and which a scrape. */
const WHO = `
exports.hook_queue_outbound = (next) => {
  process.stdout.write('test-who queued ' + process.pid + '\\n')
  next()
}
exports.register = function () {
  this.register_hook('init_http', 'watch', -200)
}
exports.watch = (next, server) => {
  server.http.app.use((request, response, go) => {
    process.stdout.write('test-who scraped ' + process.pid + '\\n')
    go()
  })
  next()
}
`

describe('metrics', () => {
  it('are told to allowed networks alone, and name what dashboard and alerts use', async () => {
    await using haraka = await startHaraka({
      config: { ...fileStoreConfig(RULES), ...HTTP },
    })
    const url = await metricsUrl(haraka)
    const counted = 'enforce_tls_rules{state="on"}'
    await haraka.until(async () => (await scrape(url)).has(counted), 'the rules to be counted')
    assert.equal((await scrape(url)).get(counted), 1)
    // A rules file is asked at each decision; the example alert is not for it.
    assert.equal((await scrape(url)).get('enforce_tls_cache_stale{}'), 0)
    const scraped = [...(await scrape(url)).keys()].map((key) => key.replace(/[{].*/, ''))
    for (const file of ['enforce-tls.grafana.json', 'enforce-tls.alerts.yml']) {
      const text = readFileSync(join(repositoryRoot(), 'config', file), 'utf8')
      const used = new Set(text.match(/enforce_tls_\w+/g))
      assert.ok(used.size > 3)
      // Those without a sample before the first attempt.
      const later =
        /^enforce_tls_(attempts_total|handshake_duration_seconds_\w+|store_available|trust_expires_\w+)$/
      for (const name of used) assert.ok(later.test(name) || scraped.includes(name), `${file}: ${name}`)
    }

    haraka.writeConfig({ 'enforce-tls.ini': '[store]\ntype=file\n[metrics]\nallow[]=192.0.2.0/24\n' })
    await haraka.waitForLog(/enforce-tls\.ini was read again/)
    const refused = await fetch(url)
    assert.equal(refused.status, 403)
    assert.match(await refused.text(), /127\.0\.0\.1 may not read metrics: see \[metrics\] allow\[\]/)

    haraka.writeConfig({ 'enforce-tls.ini': '[store]\ntype=file\n[metrics]\nenabled=false\n' })
    await haraka.until(async () => (await fetch(url)).status === 404, 'metrics to be switched off')
    // Each edit once, however many events the file makes of it; and what it changed.
    await haraka.waitForLog(/read again; changed: .*\[metrics\] enabled/)
    assert.deepEqual(
      [...haraka.log.matchAll(/enforce-tls\.ini was read again; (.*)/g)].map(([, what]) => what),
      ['changed: [metrics] allow', 'changed: [metrics] enabled, [metrics] allow'],
    )
  })

  it('are the same for every scrape, whichever worker is asked, also when one has ended', async () => {
    await using bank = await startPeer()
    await using clinic = await startPeer({ starttls: false })
    await using acme = await startPeer()
    await using haraka = await startHaraka({
      nodes: 2,
      extraPlugins: { 'test-who': WHO },
      config: { ...fileStoreConfig(RULES), ...HTTP },
      routes: {
        'bank.example': [bank.route()],
        'clinic.example': [clinic.route()],
        '*': [acme.route()],
      },
    })
    for (let number = 0; number < 12; number++) {
      await haraka.send({ from: 'ann@acme.example', to: `x${number}@bank.example` })
      await haraka.send({ from: 'ann@acme.example', to: `x${number}@clinic.example` })
      await haraka.send({ from: 'ann@acme.example', to: `x${number}@florist.example` })
    }
    await bank.waitForMessages(12)
    await acme.waitForMessages(24)
    await haraka.waitForEmptyQueue()
    const delivered = (scraped: Scrape) =>
      valueOf(scraped, 'enforce_tls_outcomes_total', { level: 'encrypt', result: 'delivered' })
    for (const who of ['queued', 'scraped'])
      assert.equal(await processesThat(who, haraka, await metricsUrl(haraka)), 2)
    const url = await metricsUrl(haraka)
    for (let time = 0; time < 6; time++) {
      const scraped = await scrape(url)
      assert.equal(delivered(scraped), 12)
      const bounced = { level: 'encrypt', result: 'bounced' }
      assert.equal(valueOf(scraped, 'enforce_tls_outcomes_total', bounced), 12)
      assert.equal(
        valueOf(scraped, 'enforce_tls_attempts_total', {
          level: 'encrypt',
          result: 'starttls-not-supported',
          tls_version: 'none',
        }),
        12,
      )
      const handshakes = ['true', 'false'].map((resumed) =>
        valueOf(scraped, 'enforce_tls_handshake_duration_seconds_count', { resumed }),
      )
      assert.equal(
        handshakes.reduce((sum, count) => sum + count),
        12 - valueOf(scraped, 'enforce_tls_reused_connections_total', {}),
      )
      assert.equal(valueOf(scraped, 'enforce_tls_decisions_total', { result: 'not-required' }), 24)
    }
    const [first] = haraka.pids.workers
    process.kill(first ?? 0, 'SIGKILL')
    await haraka.until(() => haraka.pids.workers.length === 3, 'a worker in place of the one that was killed')
    await haraka.send({ from: 'ann@acme.example', to: 'last@bank.example' })
    await bank.waitForMessages(13)
    await haraka.waitForEmptyQueue()
    for (let time = 0; time < 4; time++) assert.equal(delivered(await scrape(url)), 13)
  })
})

/** How many processes have done that; scrapes until two have where it is about scrapes. */
async function processesThat(did: string, haraka: Haraka, url: string): Promise<number> {
  const processes = () =>
    new Set(
      [...haraka.log.matchAll(/^test-who (\w+) (\d+)$/gm)].flatMap(([, what, pid]) =>
        what === did ? [pid] : [],
      ),
    )
  await haraka.until(async () => {
    if (did === 'scraped') await scrape(url)
    return processes().size >= 2
  }, `two processes that have ${did}`)
  return processes().size
}
