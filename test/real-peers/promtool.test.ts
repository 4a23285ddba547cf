/** Metrics, example alerts and dashboard as Prometheus itself reads them. Skipped where promtool can't be had. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { tlsFailure } from '../../plugins/enforce-tls/delivery/outcome.js'
import { Metrics } from '../../plugins/enforce-tls/observe/metrics/metrics.js'
import { COUNTED_STATES, type RuleCounts } from '../../plugins/enforce-tls/observe/metrics/rule-states.js'
import type { Requirement } from '../../plugins/enforce-tls/rules/requirement.js'
import { repositoryRoot } from '../support/repository.js'
import { TemporaryFolder } from '../support/temporary-folder.js'

const NOT_HERE = 3
const install = spawnSync('sh', [join(repositoryRoot(), 'test', 'install-promtool.sh')], { encoding: 'utf8' })
const skip = install.status === NOT_HERE && install.stderr.trim()
const ALERTS = join(repositoryRoot(), 'config', 'enforce-tls.alerts.yml')

const folder = new TemporaryFolder('promtool')
after(() => folder[Symbol.asyncDispose]())

/** Runs promtool, which has to find nothing wrong; gives what it says. */
function promtool(args: readonly string[], input = ''): string {
  assert.equal(install.status, 0, install.stderr)
  const { status, stdout, stderr } = spawnSync(install.stdout.trim(), args, {
    encoding: 'utf8',
    input,
    cwd: folder.path,
  })
  assert.equal(status, 0, `${stdout}${stderr}`)
  return `${stdout}${stderr}`
}

describe('promtool', { skip }, () => {
  it('finds nothing to say about the metrics', async () => {
    // A remark on a name or a missing text is no error, but is said.
    assert.equal(promtool(['check', 'metrics'], await everyMetric()), '')
  })

  it('reads the example alerts, and they sound when they should and only then', () => {
    promtool(['check', 'rules', ALERTS])
    const rules = readFileSync(ALERTS, 'utf8')
    const silent = rules.replace(/\n {8}annotations:\n(?: {10}.*\n?)+/g, '\n')
    assert.doesNotMatch(silent, /annotations/)
    writeFileSync(join(folder.path, 'enforce-tls.alerts.yml'), silent)
    copyFileSync(join(repositoryRoot(), 'test', 'real-peers', 'alerts.yml'), join(folder.path, 'test.yml'))
    promtool(['test', 'rules', 'test.yml'])
  })

  it('reads every query of the dashboard', () => {
    const file = join(repositoryRoot(), 'config', 'enforce-tls.grafana.json')
    const { panels } = JSON.parse(readFileSync(file, 'utf8')) as {
      panels: { targets?: { expr: string }[] }[]
    }
    const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    assert.ok(queries.length > 10)
    const rules = queries.map((expr, index) => ({
      record: `query:${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m'),
    }))
    // JSON is YAML.
    writeFileSync(join(folder.path, 'queries.yml'), JSON.stringify({ groups: [{ name: 'queries', rules }] }))
    promtool(['check', 'rules', 'queries.yml'])
  })
})

/** The text of all metrics, each with a sample. */
function everyMetric(): Promise<string> {
  const metrics = new Metrics({
    storeAvailable: () => true,
    storeGone: () => false,
    storeUnremembered: () => false,
    storeAtRisk: () => false,
    trusts: () => [],
    idleConnections: () => 1,
    cache: () => ({ hits: 3, misses: 2, reads: 2, failedReads: 1, owners: 1, subscribed: true }),
    rules: () => Object.fromEntries(COUNTED_STATES.map((state) => [state, 1])) as RuleCounts,
    evidenceDropped: () => 1,
    evidenceAvailable: () => true,
  })
  const requirement: Requirement = {
    level: 'encrypt',
    trusted: false,
    namesHost: false,
    namesAnyOf: [],
    fingerprintsAnyOf: [],
    encrypted: true,
    published: [],
    decidedBy: [],
  }
  const about = { at: 0, uuid: '', sender: '', domain: 'bank.example', recipients: [], requirement }
  const [host, to, source] = ['mx.bank.example', '192.0.2.25:25', undefined]
  const session = {
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    certificate: undefined,
    resumed: false,
    reused: false,
    handshakeTime: 12,
  }
  const refused = tlsFailure('starttls-refused', '')
  metrics.observe({ kind: 'attempt', ...about, host, to, source, session, failure: null })
  metrics.observe({ kind: 'attempt', ...about, host, to, source, session: null, failure: refused })
  return metrics.registry.metrics()
}
