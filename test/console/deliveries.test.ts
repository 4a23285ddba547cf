/** What the console says of deliveries: failures by domain, and what a rule has seen. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { toRecord } from '../../plugins/enforce-tls/observe/delivery-log/entry.js'
import type { DeliveryLogEntry } from '../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { entry } from '../support/evidence-entries.js'
import { storedRule } from '../support/rules.js'
import { startConsole, type ConsoleServer } from './console-server.js'

const HOUR = 3_600_000
const ago = (milliseconds: number) => new Date(Date.now() - milliseconds).toISOString()

const failed = (wanted: Partial<DeliveryLogEntry> = {}) =>
  entry({ at: ago(HOUR), result: 'bounced', class: 'starttls-refused', ...wanted })

interface Domain {
  readonly domain: string
  readonly failures24h: number | null
}

interface Switched {
  readonly reports: {
    readonly reported: { readonly messages: number; readonly wouldBounce: number }
    readonly partners: readonly object[]
  } | null
}

async function prepared(evidence = 'true'): Promise<ConsoleServer> {
  const server = await startConsole({ evidence: { stream: evidence } })
  for (const domain of ['acme.example', 'other.example'])
    await server.store.writeService(domain, null, '{"enabled":true}')
  const value = JSON.stringify({ ...storedRule({ to: ['bank.example'], enabled: false }), mode: 'report' })
  await server.store.writeRules('acme.example', [{ id: 'r1', expected: null, value }])
  await server.store.writeRules('bob@acme.example', [{ id: 'b1', expected: null, value }])
  return server
}

describe('what the console says of deliveries', () => {
  let server: ConsoleServer
  before(async () => {
    server = await prepared()
    const reported = { kind: 'report', at: ago(9 * 24 * HOUR) } as const
    const entries = [
      failed(),
      failed({ result: 'kept', rules: [{ owner: '*', id: 'all' }] }),
      failed({ from: 'other.example' }),
      // None of these is a message that TLS failed for within a day.
      failed({ at: ago(25 * HOUR) }),
      failed({ result: 'deferred' }),
      failed({ kind: 'attempt', result: 'failed' }),
      entry({ at: ago(HOUR), result: 'bounced', status: '5.1.1' }),
      entry({ at: ago(HOUR) }),
      entry({ ...reported, result: 'would-bounce' }),
      entry({ ...reported, result: 'would-deliver' }),
      entry({ ...reported, result: 'would-bounce', rules: [{ owner: 'other.example', id: 'r1' }] }),
    ].map(toRecord)
    // Written twice, as after a lost answer.
    await server.deliveries.append([...entries, ...entries.slice(0, 1)], 1000)
  })
  after(() => server[Symbol.asyncDispose]())

  it('is how many messages TLS failed for in a day, of the domains that one may see', async () => {
    const seen = async (name: 'acme' | 'admin') => {
      const { body } = await (await server.signedIn(name)).get<Domain[]>('domains')
      return Object.fromEntries(body.map(({ domain, failures24h }) => [domain, failures24h]))
    }
    assert.deepEqual(await seen('admin'), { '*': 1, 'acme.example': 2, 'other.example': 1 })
    assert.deepEqual(await seen('acme'), { 'acme.example': 2 })
  })

  it('is also said of a single domain, with its senders that have rules', async () => {
    const client = await server.signedIn('acme')
    const { body } = await client.get<Domain & { senders: object[] }>('domains/acme.example')
    assert.equal(body.failures24h, 2)
    assert.deepEqual(body.senders, [{ owner: 'bob@acme.example', rules: 1 }])
    assert.equal((await client.get('domains/other.example')).status, 404)
  })

  it('is what a rule saw in mode report, when it is switched on', async () => {
    const client = await server.signedIn('acme')
    const post = (enabled: boolean) =>
      client.post<Switched>('owners/acme.example/rules/r1/enabled', { enabled })
    const { body } = await post(true)
    assert.deepEqual(body.reports, {
      owner: 'acme.example',
      id: 'r1',
      level: 'encrypt',
      reported: {
        messages: 2,
        wouldBounce: 1,
        wouldWait: 0,
        wouldDeliver: 1,
        wouldDeliverAsUsual: 0,
        unknown: 0,
      },
      partners: [{ domain: 'bank.example', wouldBounce: 1, wouldWait: 0 }],
      otherLevels: 0,
      enforced: {
        ...{ messages: 6, delivered: 1, rerouted: 0, bounced: 4, kept: 0, waiting: 1 },
        ...{ requiretls: 0, released: 0, other: 0, asUsual: 0, freed: 0 },
        ...{ waived: 0, waivedClear: 0, waivedTls: 0 },
      },
    })
    assert.equal((await post(false)).body.reports, null)
  })

  it('is nothing where deliveries are not recorded', async () => {
    await using silent = await prepared('false')
    const client = await silent.signedIn('acme')
    const { body } = await client.get<Domain[]>('domains')
    assert.deepEqual(
      body.map(({ failures24h }) => failures24h),
      [null],
    )
    const switched = await client.post<Switched>('owners/acme.example/rules/r1/enabled', { enabled: true })
    assert.equal(switched.body.reports, null)
  })
})
