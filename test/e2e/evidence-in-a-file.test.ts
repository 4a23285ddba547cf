import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import type { DeliveryReport } from '../../plugins/enforce-tls/report/delivery-report.js'
import { enforceTls } from '../cli/enforce-tls.js'
import { startHaraka, startHarakaInVain } from '../support/haraka.js'
import { fileStoreConfig } from '../support/rules.js'
import { startPeer } from '../support/smtp-peer.js'

async function reportOf(folder: string): Promise<DeliveryReport> {
  const ran = await enforceTls(['report', '--json', '--config', folder])
  assert.equal(ran.code, 0, ran.stderr)
  return JSON.parse(ran.stdout) as DeliveryReport
}

it('workers write one delivery log beside the rules file', async () => {
  await using bank = await startPeer()
  await using haraka = await startHaraka({
    nodes: 2,
    config: fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] }),
    routes: { 'bank.example': [bank.route()] },
  })
  for (let number = 0; number < 6; number++)
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  await haraka.waitForEmptyQueue()
  await haraka.until(
    async () => (await reportOf(haraka.folder)).enforced.messages === 6,
    'a report on all messages',
  )
  const { enforced, versions } = await reportOf(haraka.folder)
  assert.deepEqual(enforced, {
    ...{ messages: 6, delivered: 6, rerouted: 0, bounced: 0, kept: 0, waiting: 0 },
    ...{ requiretls: 0, released: 0, other: 0, asUsual: 0, freed: 0 },
    ...{ waived: 0, waivedClear: 0, waivedTls: 0 },
  })
  assert.deepEqual(versions, [{ version: 'TLSv1.3', messages: 6, share: 1 }])
})

it('what waits is written when Haraka shuts down gracefully', async () => {
  await using bank = await startPeer()
  await using haraka = await startHaraka({
    config: {
      ...fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] }),
      'smtp.ini': '[main]\nlisten=127.0.0.1:0\nnodes=0\nforce_shutdown_timeout=5\ngraceful_shutdown=true\n',
    },
    routes: { 'bank.example': [bank.route()] },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  await haraka.waitForLog(/\[enforce-tls\] outcome /)
  await haraka.stop()
  assert.equal((await reportOf(haraka.folder)).enforced.delivered, 1)
})

it('what is older than max_age is dropped with the next entries', async () => {
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString()
  const log = 'enforce-tls.rules.json.deliveries.jsonl'
  const older = 'enforce-tls.rules.json.deliveries.older.jsonl'
  await using bank = await startPeer()
  await using haraka = await startHaraka({
    config: {
      ...fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] }, '[evidence]\nmax_age=2h\n'),
      [log]: `${JSON.stringify({ id: 'past', at: hoursAgo(3) })}\n${JSON.stringify({ id: 'recent', at: hoursAgo(1) })}\n`,
    },
    routes: { 'bank.example': [bank.route()] },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  const kept = () =>
    [older, log]
      .map((name) => join(haraka.folder, 'config', name))
      .map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : ''))
      .join('')
  await haraka.until(
    () => kept().includes('"delivered"') && !kept().includes('"past"'),
    'the old entry to go',
  )
  assert.match(kept(), /"recent"/)
})

it('with stream=false there are log lines and no delivery log', async () => {
  await using bank = await startPeer()
  await using haraka = await startHaraka({
    config: fileStoreConfig({ 'acme.example': [{ to: ['bank.example'] }] }, '[evidence]\nstream=false\n'),
    routes: { 'bank.example': [bank.route()] },
  })
  await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
  await haraka.waitForLog(/\[enforce-tls\] outcome .* result=delivered /)
  await haraka.stop()
  const ran = await enforceTls(['report', '--config', haraka.folder])
  assert.match(
    ran.stdout,
    /has no entries for that\.\nIt is switched off \(\[evidence\] stream=false in enforce-tls\.ini\)/,
  )
  assert.equal((await reportOf(haraka.folder)).firstEntry, null)
})

for (const [line, problem] of [
  ['stream=perhaps', '[evidence] stream=perhaps: expected true or false'],
  ['max_entries=10', '[evidence] max_entries=10: expected a whole number from 1000 to 10000000'],
  ['max=10', '[evidence] unknown key max; allowed keys: stream, max_entries, max_age, addresses'],
] as const) {
  it(`refuses to start with ${line}`, async () => {
    const { log } = await startHarakaInVain({
      config: fileStoreConfig({}, `[evidence]\n${line}\n`),
    })
    assert.ok(log.includes(`enforce-tls.ini: ${problem}`), log)
  })
}
