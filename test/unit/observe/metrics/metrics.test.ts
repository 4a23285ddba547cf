import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { DeliveryEvent } from '../../../../plugins/enforce-tls/delivery/delivery-events.js'
import { Metrics } from '../../../../plugins/enforce-tls/observe/metrics/metrics.js'
import { atHost, daneDemand } from '../../../support/held.js'

const SOURCES = {
  storeAvailable: () => true,
  storeGone: () => false,
  storeUnremembered: () => false,
  storeAtRisk: () => false,
  cache: () => null,
  rules: () => null,
  trusts: () => [],
  idleConnections: () => 0,
  evidenceDropped: () => 0,
  evidenceAvailable: () => null,
}
const about = {
  at: 1,
  uuid: 'u',
  sender: '',
  domain: 'bank.example',
  recipients: [],
  host: 'mx.bank.example',
  to: '192.0.2.1:25',
  session: null,
  failure: null,
}

/** The samples that are not zero. */
async function counted(metrics: Metrics): Promise<string[]> {
  const text = await metrics.registry.metrics()
  return text.split('\n').filter((line) => /^enforce_tls_(attempts|outcomes|reports)_.* [1-9]/.test(line))
}

it('deliveries where nothing is required are counted apart from those over TLS', async () => {
  const metrics = new Metrics(SOURCES)
  const free = atHost({ level: 'dane', otherwise: 'none' }, { nothing: 'has no TLSA records' })
  const events: readonly DeliveryEvent[] = [
    { kind: 'attempt', ...about, source: undefined, requirement: free },
    { kind: 'outcome', ...about, requirement: free, result: 'delivered-as-usual', status: null },
    { kind: 'report', ...about, requirement: free, result: 'would-deliver-as-usual' },
    {
      kind: 'report',
      ...about,
      requirement: atHost({ level: 'dane' }, { dane: daneDemand() }),
      result: 'would-wait',
    },
  ]
  for (const event of events) metrics.observe(event)
  assert.deepEqual(await counted(metrics), [
    'enforce_tls_attempts_total{level="dane",result="as-usual",tls_version="none"} 1',
    'enforce_tls_outcomes_total{level="dane",result="delivered-as-usual"} 1',
    'enforce_tls_reports_total{level="dane",result="would-wait"} 1',
    'enforce_tls_reports_total{level="dane",result="would-deliver-as-usual"} 1',
  ])
})

it('every level and result has its series from the beginning', async () => {
  const text = await new Metrics(SOURCES).registry.metrics()
  const has = (name: string, level: string, result: string) =>
    text.includes(`enforce_tls_${name}{level="${level}",result="${result}"} 0`)
  for (const level of ['dane', 'mta-sts', 'published']) {
    for (const result of ['delivered', 'delivered-as-usual', 'deferred', 'bounced', 'kept'])
      assert.ok(has('outcomes_total', level, result), `${level} ${result}`)
    for (const result of ['would-bounce', 'would-wait', 'would-deliver', 'would-deliver-as-usual', 'unknown'])
      assert.ok(has('reports_total', level, result), `${level} ${result}`)
  }
  assert.ok(has('reports_total', 'verify', 'would-wait'))
  assert.ok(!has('outcomes_total', 'verify', 'delivered-as-usual'), 'what cannot be')
})
