/** A store that Haraka takes no rules from: nothing that the console answers reads as if there were none. */
import assert from 'node:assert/strict'
import { readFileSync, truncateSync } from 'node:fs'
import { it } from 'node:test'
import { parseMarker } from '../../plugins/enforce-tls/store/marker.js'
import { startRedis } from '../support/redis-server.js'
import { withoutStartTls } from './checked-partner.js'
import type { Client, Failure } from './client.js'
import { startConsole, USERS, type ConsoleServer } from './console-server.js'

const RULE = {
  name: 'To the bank',
  enabled: true,
  criteria: { to: { matchesAny: ['bank.example'] } },
  actions: { relayWithTls: { level: 'encrypt' } },
}
const MESSAGE = { from: 'ann@acme.example', to: 'cfo@bank.example' }
/** All that answers of rules. */
const READS = [
  'domains',
  'domains/acme.example',
  'owners/acme.example/rules',
  'rules',
  'rules?text=bank',
  'groups',
  'groups/banks',
  'group-uses',
  'search?q=bank',
  'partners/bank.example',
]
const UNKNOWN = /^Haraka takes no rules from this store: .*\. So what is in force is unknown here: /

interface StoreState {
  readonly problem: string | null
  readonly warnings: readonly string[]
}

/** A console whose Haraka has seen its rules. */
async function withRules(redis?: string): Promise<ConsoleServer> {
  const server = await startConsole(redis === undefined ? {} : { redis })
  const admin = await server.signedIn('admin')
  await admin.put('domains/acme.example', { enabled: true })
  await admin.put('groups/banks', { patterns: ['bank.example'] })
  assert.equal((await admin.post('owners/acme.example/rules', { rule: RULE })).status, 201)
  const marker = parseMarker((await server.store.identity()).marker ?? '')
  assert.ok(!('problem' in marker))
  server.seen = { place: server.store.description, id: marker.id, since: new Date().toISOString() }
  for (const path of READS) assert.equal((await admin.get(path)).status, 200, path)
  assert.equal((await admin.get<StoreState>('store')).body.problem, null)
  return server
}

async function assertUnknown(client: Client, says: RegExp): Promise<void> {
  for (const path of READS) {
    const { status, body } = await client.get<Failure>(path)
    assert.deepEqual([path, status, body.error.code], [path, 503, 'store-gone'])
    assert.match(body.error.message, says)
  }
  const impact = await client.post<Failure>('impact', { domain: 'acme.example', enabled: false })
  assert.deepEqual([impact.status, impact.body.error.code], [503, 'store-gone'])
  const { body } = await client.post<{ certain: boolean; notTaken: string }>('explain', MESSAGE)
  assert.equal(body.certain, false)
  assert.match(body.notTaken, says)
  const tried = await client.post<{ outcome: string; sentence: string }>('try-out', MESSAGE)
  assert.equal(tried.body.outcome, 'unknown')
  assert.match(tried.body.sentence, /^Unknown: Haraka takes no rules from this store\./)
  assert.match((await client.get<StoreState>('store')).body.problem ?? '', says)
}

it('a Redis that has lost its rules', async () => {
  await using redis = await startRedis()
  await using server = await withRules(redis.url)
  server.checkPartner = withoutStartTls
  await redis.cli('FLUSHALL')
  for (const name of ['admin', 'acme'] as const) await server.addUser(name, USERS[name])
  const admin = await server.signedIn('admin')
  await assertUnknown(admin, UNKNOWN)
  const { status, body } = await admin.delete<Failure>('owners/acme.example/rules/gone', '"x"')
  assert.deepEqual([status, body.error.code], [503, 'store-gone'], 'what is not found may be in force')
  const acme = await server.signedIn('acme')
  await assertUnknown(acme, /^Haraka takes no rules from its store now\. .* Ask an administrator\.$/)
})

it('a replica that may be out of date', async () => {
  await using server = await withRules()
  server.checkPartner = withoutStartTls
  const healthy = await server.store.health()
  server.store.health = () => Promise.resolve({ ...healthy, replica: true, behind: 'redis is cut off' })
  await assertUnknown(await server.signedIn('admin'), UNKNOWN)
  server.store.health = () => Promise.resolve({ ...healthy, evicts: 'redis removes any key' })
  const { body } = await (await server.signedIn('admin')).get<StoreState>('store')
  assert.deepEqual(body, { problem: null, warnings: ['redis removes any key'] })
  assert.deepEqual((await (await server.signedIn('acme')).get<StoreState>('store')).body.warnings, [])
})

it('a rules file that is cut off', async () => {
  await using server = await withRules()
  const admin = await server.signedIn('admin')
  truncateSync(server.rulesFile, readFileSync(server.rulesFile).length / 2)
  for (const path of READS) {
    const { status, body } = await admin.get<Failure>(path)
    assert.deepEqual([path, status], [path, 503])
    assert.match(body.error.message, UNKNOWN)
  }
  assert.match((await admin.get<StoreState>('store')).body.problem ?? '', UNKNOWN)
})
