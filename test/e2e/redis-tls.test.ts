import assert from 'node:assert/strict'
import { it } from 'node:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeAuthority } from '../support/certificates.js'
import { startHaraka } from '../support/haraka.js'
import { startRedis } from '../support/redis-server.js'
import { startTraffic, TRAFFIC_RULES } from '../support/redis-traffic.js'
import { writeRules } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'
import { TemporaryFolder } from '../support/temporary-folder.js'

it('Haraka and the command speak TLS to Redis, with the authority that is set', async () => {
  const authority = await makeAuthority('Company')
  const own = await authority.issue({ ipAddresses: ['127.0.0.1'] })
  await using redis = await startRedis({ tls: { ca: authority.cert, ...own, clientCertificates: true } })
  await using folder = new TemporaryFolder('tls')
  const client = await authority.issue({ commonName: 'haraka' })
  for (const [name, content] of [
    ['ca', authority.cert],
    ['cert', client.cert],
    ['key', client.key],
  ] as const)
    writeFileSync(join(folder.path, name), content)
  await writeRules(redis, TRAFFIC_RULES)
  const files = ['ca', 'cert', 'key'].map((name) => `tls_${name}=${join(folder.path, name)}\n`).join('')
  await using traffic = await startTraffic(`port=${redis.port}\ntls=true\n${files}`)
  await traffic.assertFlows()
  await traffic.assertFloristForbidden()
  await traffic.stop()
  traffic.assertOneOutcomeEach()
})

it('a Redis whose certificate is not trusted is not spoken to, the log says so, and mail waits', async () => {
  const authority = await makeAuthority('Company')
  const own = await authority.issue({ ipAddresses: ['127.0.0.1'] })
  await using redis = await startRedis({ tls: { ca: authority.cert, ...own } })
  await using folder = new TemporaryFolder('tls')
  await using bank = await startPeer()
  const other = join(folder.path, 'other.pem')
  writeFileSync(other, (await makeAuthority('Other')).cert)
  const ini = (ca: string) => `[main]\ndefer_seconds=1\n[redis]\nport=${redis.port}\ntls=true\ntls_ca=${ca}\n`
  await using haraka = await startHaraka({
    config: { 'enforce-tls.ini': ini(other) },
    routes: { 'bank.example': [bank.route()] },
  })
  await haraka.waitForLog(
    /rule store is unavailable: redis rediss:\/\/127\.0\.0\.1:\d+ \(prefix enforce-tls:\) has a certificate that is not trusted \(\w+\); set tls_ca, or/,
  )
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  await haraka.waitForLog(/the message waits 1 s: .*certificate that is not trusted/)
  assert.equal(bank.connections.length, 0)

  writeFileSync(join(haraka.folder, 'config', 'ca.pem'), authority.cert)
  haraka.writeConfig({ 'enforce-tls.ini': ini('ca.pem') })
  await haraka.restart()
  await bank.waitForMessages()
  await haraka.waitForEmptyQueue()
  assert.equal(bank.messages.length, 1)
})
