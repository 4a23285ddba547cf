/**
 * Rules that look at what is published, in mode `report` and where nothing is published: what a real Haraka, with a DNS
 * of its own, writes into log, delivery log, report and metrics.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { DeliveryReport } from '../../plugins/enforce-tls/report/delivery-report.js'
import { enforceTls } from '../cli/enforce-tls.js'
import { issue, tlsa } from '../support/chains.js'
import { logPairs } from '../support/evidence.js'
import { startHaraka } from '../support/haraka.js'
import { metricsUrl } from '../support/metrics-url.js'
import { storedRule } from '../support/rules.js'
import { scrape } from '../support/scrape.js'
import { ScriptedResolver, type Asked } from '../support/scripted-resolver.js'
import { startPeer } from '../support/smtp-peer.js'

const own = issue({ name: 'mx', ca: false })
const another = issue({ name: 'another', ca: false })

/** What DNS says of hosts, by the first label: whose certificate their TLSA records name, or that the look-up fails. */
async function answer(asked: Asked): Promise<void> {
  const { name, type } = asked
  const of = /^_\d+\._tcp\.mx\.(\w+)/.exec(name)?.[1]
  if (type === 'A' && name.startsWith('mx.'))
    asked.reply({ answers: [{ type: 'A', name, ttl: 60, data: '127.0.0.1' }] })
  else if (type === 'TLSA' && (of === 'vouched' || of === 'changed')) {
    const { data: certificate, ...rest } = tlsa(3, 1, 1, await (of === 'vouched' ? own : another))
    asked.reply({ answers: [{ type: 'TLSA', name, ttl: 60, data: { ...rest, certificate } }] })
  } else if (type === 'TLSA' && of === 'broken') asked.reply({ rcode: 2 })
  else asked.reply({})
}

function rule(to: string, otherwise: 'defer' | 'none', position: number): object {
  return storedRule({ to: [to], action: { level: 'dane', otherwise }, position })
}

it('log, report and metrics tell mail held to what is published from mail where nothing is', async () => {
  const { keyPem: key, pem: cert } = await own
  await using resolver = await ScriptedResolver.start((asked) => void answer(asked))
  await using secure = await startPeer({ tls: { key, cert } })
  await using plain = await startPeer({ starttls: false })
  const seen = ['vouched', 'changed', 'broken', 'without', 'free']
  const rules: [string, object][] = [
    ...seen.map((name, index): [string, object] => [
      name,
      { ...rule(`${name}.example`, name === 'free' ? 'none' : 'defer', index + 1), mode: 'report' },
    ]),
    ['unpublished', rule('unpublished.example', 'none', 10)],
    // Beside the one that only reports.
    ['enforced', rule('x@vouched.example', 'none', 11)],
  ]
  await using haraka = await startHaraka({
    config: {
      'enforce-tls.ini': `[store]\ntype=file\n[dns]\nresolver=127.0.0.1:${resolver.address.port}\n`,
      'http.ini': 'listen=127.0.0.1:0\n',
      'enforce-tls.rules.json': {
        domains: { 'acme.example': { enabled: true } },
        groups: {},
        rules: { 'acme.example': Object.fromEntries(rules) as object },
      },
    },
    routes: Object.fromEntries(
      [...seen, 'unpublished'].map((name) => [
        `${name}.example`,
        [(name === 'free' || name === 'unpublished' ? plain : secure).route({ name: `mx.${name}.example` })],
      ]),
    ),
  })
  for (const name of [...seen, 'unpublished'])
    await haraka.send({ from: 'ann@acme.example', to: `y@${name}.example` })
  await haraka.send({ from: 'ann@acme.example', to: 'x@vouched.example' })
  for (const [name, says] of [
    ['vouched', 'would have been delivered: \\S+ accepted the message for y@vouched\\.example over TLS, by'],
    [
      'changed',
      'would have waited: .* over TLS; it has a public key that is not the one of its TLSA record .* \\(tlsa-invalid\\), by',
    ],
    [
      'broken',
      'would have waited: .*; it cannot be authenticated: the DNS look-up of TLSA .* SERVFAIL \\(dnssec-invalid\\), by',
    ],
    ['without', 'would have waited: .*; it has no TLSA records \\(dane-required\\), by'],
    [
      'free',
      'would have been delivered as usual, since TLS would not be required: .* without TLS; it has no TLSA records, by',
    ],
  ] as const)
    await haraka.waitForLog(new RegExp(`enforce-tls: report: ${says} rule ${name} of`))
  await haraka.waitForEmptyQueue()
  assert.doesNotMatch(haraka.log, /report: would have bounced/)
  assert.equal(secure.messages.length + plain.messages.length, 7)

  const lines = () =>
    logPairs(haraka.log).map(({ kind, domain, result, verified, unpublished }) =>
      JSON.stringify([kind, domain, result, verified, unpublished]),
    )
  const nothing = [undefined, 'has no TLSA records']
  for (const expected of [
    ['attempt', 'unpublished.example', 'as-usual', ...nothing],
    ['outcome', 'unpublished.example', 'delivered-as-usual', ...nothing],
    ['outcome', 'vouched.example', 'delivered', 'dane', undefined],
  ])
    // An outcome is logged once its queue file is gone.
    await haraka.until(() => lines().includes(JSON.stringify(expected)), JSON.stringify(expected))

  const counts = await scrape(await metricsUrl(haraka))
  const count = (name: string, result: string) =>
    counts.get(`enforce_tls_${name}{level="dane",result="${result}"}`)
  assert.deepEqual(
    ['delivered', 'delivered-as-usual'].map((result) => count('outcomes_total', result)),
    [1, 1],
  )
  assert.deepEqual(
    ['would-bounce', 'would-wait', 'would-deliver', 'would-deliver-as-usual'].map((result) =>
      count('reports_total', result),
    ),
    [0, 3, 2, 1],
  )

  const reportNow = async (): Promise<DeliveryReport> => {
    const ran = await enforceTls(['report', '--json', '--config', haraka.folder])
    assert.equal(ran.code, 0, ran.stderr)
    return JSON.parse(ran.stdout) as DeliveryReport
  }
  await haraka.until(async () => (await reportNow()).reported.messages === 6, 'all in the delivery log')
  const { enforced, reported, versions } = await reportNow()
  assert.deepEqual([enforced.messages, enforced.delivered, enforced.asUsual], [1, 1, 1])
  assert.deepEqual(
    [reported.wouldBounce, reported.wouldWait, reported.wouldDeliver, reported.wouldDeliverAsUsual],
    [0, 3, 2, 1],
  )
  assert.deepEqual(versions, [{ version: 'TLSv1.3', messages: 1, share: 1 }])
})
