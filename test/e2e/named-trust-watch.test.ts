/** What is to be mended of named trusts: in the log, by mail, in metrics; and changes of the settings without a restart. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { enforceTls } from '../cli/enforce-tls.js'
import { makeAuthority } from '../support/certificates.js'
import { startHaraka } from '../support/haraka.js'
import { metricsUrl } from '../support/metrics-url.js'
import { parseMime } from '../support/mime.js'
import { fileStoreConfig } from '../support/rules.js'
import { scrape } from '../support/scrape.js'
import { startPeer } from '../support/smtp-peer.js'
import { until } from '../support/until.js'
import type { Listed } from '../support/waiting-scene.js'

const MX = 'mx.bank.example'
const RULES = [
  { to: ['bank.example'], name: 'Bank', action: { level: 'verify', trust: 'bank' } },
  { to: ['new.example'], name: 'New', action: { level: 'verify', trust: 'new' } },
]
const ALERT = '[store]\ntype=file\n[alert]\nto=postmaster@ops.example\n[tls]\nconnection_reuse=false\n'
const BANK = '[trust:bank]\nca=ca.pem\ncert=own.pem\nkey=own.key\n'
const NEW = '[trust:new]\nca=ca.pem\n'

it('trusts are watched, and their sections are read again', async () => {
  const ca = await makeAuthority('Bank CA')
  const own = await ca.issue({
    dnsNames: ['mail.acme.example'],
    notAfter: new Date(Date.now() + 10.5 * 86_400_000),
  })
  await using bank = await startPeer({ tls: await ca.issue({ dnsNames: [MX] }) })
  await using ops = await startPeer({ starttls: false })
  await using haraka = await startHaraka({
    config: {
      ...fileStoreConfig({ 'acme.example': RULES }),
      'enforce-tls.ini': ALERT + BANK,
      'http.ini': 'listen=127.0.0.1:0\n',
      'ca.pem': ca.cert,
      'own.pem': own.cert,
      'own.key': own.key,
    },
    routes: { '*': [bank.route({ name: MX })], 'ops.example': [ops.route()] },
    outbound: { temp_fail_intervals: '1h*20' },
  })
  const alerts = () =>
    ops.messages.map(({ data }) => {
      const { headers, parts } = parseMime(data)
      return `${headers['subject'] ?? ''}: ${(parts[0]?.content ?? '').replace(/\s+/g, ' ')}`
    })

  // One that expires soon is said once, in the log and by mail.
  await haraka.waitForLog(/trust bank: the client certificate in cert=own\.pem expires on \S+, in 10 days/)
  await ops.waitForMessages(1)
  assert.match(
    alerts()[0] ?? '',
    /^Soon to be mended: TLS trust bank: .*the client certificate in cert=own\.pem expires on \S+, in 10 days; replace it before/,
  )
  const url = await metricsUrl(haraka)
  const metrics = await scrape(url)
  assert.equal(metrics.get('enforce_tls_trusts{state="usable"}'), 1)
  assert.equal(metrics.get('enforce_tls_trusts{state="unusable"}'), 0)
  const ends = metrics.get('enforce_tls_trust_expires_timestamp_seconds{use="client"}') ?? 0
  assert.ok(Math.abs(ends * 1000 - Date.now() - 10.5 * 86_400_000) < 60_000, String(ends))
  assert.ok(metrics.has('enforce_tls_trust_expires_timestamp_seconds{use="ca"}'))

  // A rule whose trust is not there waits, for as long as it is not there.
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@new.example' })
  await haraka.waitForLog(/domain=new\.example .*trust-unusable/)
  const listed = await until(
    async () => {
      const { stdout } = await enforceTls(['queue', 'list', '--json', '--config', haraka.folder])
      const found = JSON.parse(stdout) as Listed
      return found.total === 1 && stdout
    },
    { what: () => 'the message in the list of what waits', timeout: 20_000 },
  )
  assert.match(listed, /trust-unusable/)
  assert.match(listed, /trust \\"new\\" of rule \\"New\\" of acme\.example cannot be used: does not exist/)
  haraka.writeConfig({ 'enforce-tls.ini': `${ALERT}${BANK}[trust:new]\ncertificate=ca.pem\n` })
  await haraka.waitForLog(
    /\[trust:new\] unknown key certificate; .*the settings before this change stay in force/,
  )
  haraka.writeConfig({ 'enforce-tls.ini': ALERT + BANK + NEW })
  const [first] = await bank.waitForMessages(1)
  assert.deepEqual(first?.acceptedFor, ['cfo@new.example'])

  // One that cannot be used is said too, and no mail comes again for what was said.
  rmSync(join(haraka.folder, 'config', 'own.key'))
  haraka.writeConfig({ 'enforce-tls.ini': `${ALERT}${BANK}${NEW}\n` })
  await haraka.waitForLog(
    /\[ERROR\].*trust bank cannot be used, so mail of its rules waits: key=own\.key does not exist/,
  )
  await ops.waitForMessages(2)
  assert.match(
    alerts()[1] ?? '',
    /^Mail waits: TLS trust bank: .*trust bank cannot be used, so mail of its rules waits: key=own\.key does not exist/,
  )
  await haraka.until(
    async () => (await scrape(url)).get('enforce_tls_trusts{state="unusable"}') === 1,
    'the unusable trust to be counted',
  )
  haraka.writeConfig({ 'own.key': own.key })
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  await bank.waitForMessages(2)
  assert.equal(ops.messages.length, 2)
  assert.doesNotMatch(haraka.log, /PRIVATE KEY/)
})
