/** Reports on TLS to partners that ask for them: once, by mail and HTTPS, through a kill and a server that fails. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { entry } from '../support/evidence-entries.js'
import { selfSigned } from '../support/certificates.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { parseMime } from '../support/mime.js'
import { PolicyServer } from '../support/policy-server.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { fileStoreConfig, writeRules } from '../support/rules.js'
import { ScriptedResolver } from '../support/scripted-resolver.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'
import { until } from '../support/until.js'
import { toRecord } from '../../plugins/enforce-tls/observe/delivery-log/entry.js'
import type { TlsRptReport } from '../../plugins/enforce-tls/report/tls-rpt-format.js'

const DAY = 86_400_000
const LEASE = 'enforce-tls:tls-rpt-turn'

/** The server that takes reports over HTTPS; its certificate is trusted by nobody. */
async function startCollector(status: (path: string) => number | 'never' = () => 201) {
  const posts: { path: string; type: string | undefined; body: Buffer }[] = []
  const take = async (response: ServerResponse, request: IncomingMessage): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const path = request.url ?? ''
    posts.push({ path, type: request.headers['content-type'], body: Buffer.concat(chunks) })
    const code = status(path)
    if (code === 'never') return
    response.statusCode = code
    // Whoever follows this would be seen at the other page.
    if (code === 302) response.setHeader('Location', `https://reports.bank.example:${server.port}/elsewhere`)
    response.end()
  }
  const certificate = await selfSigned({ dnsNames: ['other.example'] })
  const server = await PolicyServer.start(certificate, (response, request) => void take(response, request))
  return {
    server,
    posts,
    url: (path: string) => `https://reports.bank.example:${server.port}${path}`,
    paths: () => posts.map(({ path }) => path).sort(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** A DNS server in which bank.example asks for reports; it publishes nothing else. */
function startZone(rua: readonly string[]): Promise<ScriptedResolver> {
  return ScriptedResolver.start((asked) => {
    const { name, type } = asked
    const records: Record<string, readonly object[]> = {
      'TXT _smtp._tls.bank.example': [{ data: `v=TLSRPTv1; rua=${rua.join(',')}` }],
      'MX bank.example': [{ data: { preference: 10, exchange: 'mx.bank.example' } }],
      'A mx.bank.example': [{ data: '192.0.2.25' }],
      'A reports.bank.example': [{ data: '127.0.0.1' }],
    }
    const found = records[`${type} ${name.toLowerCase()}`] ?? []
    asked.reply({ answers: found.map((data) => ({ type, name, ttl: 60, ...data }) as never) })
  })
}

const settings = (dns: ScriptedResolver) => `
[dns]
resolver=127.0.0.1:${dns.address.port}
[tls_rpt]
enabled=true
organization=Acme Ltd
contact=tls-reports@acme.example
private_addresses=true
`

/** The same sessions on both days that may be due by now; reports of one of them are sent. */
function sessions() {
  return [1, 2].flatMap((days) => {
    const at = new Date(Date.now() - days * DAY).toISOString()
    const attempt = { kind: 'attempt', at, mx: 'mx.bank.example', address: '192.0.2.25:25' } as const
    return [
      entry({ ...attempt, result: 'secured', protocol: 'TLSv1.3' }),
      entry({ ...attempt, result: 'failed', class: 'starttls-not-supported' }),
      entry({ ...attempt, domain: 'silent.example', result: 'secured', protocol: 'TLSv1.3' }),
    ]
  })
}

async function startStore(): Promise<RedisServer> {
  const redis = await startRedis()
  // Whatever is sent must have TLS, and a certificate that is trusted.
  await writeRules(redis, { '*': [{ to: ['*'], action: { level: 'verify' } }] })
  for (const one of sessions())
    await redis.cli('XADD', 'enforce-tls:deliveries', '*', ...Object.entries(toRecord(one)).flat())
  return redis
}

/** A node whose mail to the domain's operators goes to a server without TLS. */
const startNode = (redis: RedisServer, dns: ScriptedResolver, inbox: SmtpPeer): Promise<Haraka> => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return startHaraka({
    plugins: ['test-relay', 'test-routes', 'enforce-tls', 'dkim'],
    config: {
      'enforce-tls.ini': `[redis]\nport=${redis.port}\n${settings(dns)}`,
      'dkim.ini': '[sign]\nenabled=true\n',
      'dkim/acme.example/private': privateKey.export({ type: 'pkcs8', format: 'pem' }),
      'dkim/acme.example/selector': 'test\n',
    },
    routes: { '*': [inbox.route()] },
  })
}

function checkReport(report: TlsRptReport): void {
  assert.equal(report['organization-name'], 'Acme Ltd')
  assert.equal(report['contact-info'], 'tls-reports@acme.example')
  assert.match(report['report-id'], /^\d{4}-\d\d-\d\d_bank\.example@acme\.example$/)
  const [{ policy, summary, 'failure-details': details }, ...others] = report.policies
  assert.deepEqual(others, [])
  assert.deepEqual(policy, { 'policy-type': 'no-policy-found', 'policy-domain': 'bank.example' })
  assert.deepEqual(summary, { 'total-successful-session-count': 1, 'total-failure-session-count': 1 })
  assert.equal(details[0]?.['result-type'], 'starttls-not-supported')
}

const untilPosted = (collector: { readonly posts: readonly unknown[] }, count: number) =>
  until(() => collector.posts.length >= count, { what: () => `${count} posts`, timeout: 20_000 })

describe('reports on TLS', () => {
  it('of two nodes go out once, by mail that no rule is about and by HTTPS', async () => {
    await using redis = await startStore()
    await using inbox = await startPeer({ starttls: false })
    await using collector = await startCollector()
    await using dns = await startZone(['mailto:tls@bank.example', collector.url('/v1')])
    await using one = await startNode(redis, dns, inbox)
    await using two = await startNode(redis, dns, inbox)
    await untilPosted(collector, 1)
    const [message] = await inbox.waitForMessages(1)

    assert.equal(message?.from, '')
    const { type, parameters, headers, parts } = parseMime(message.data)
    assert.deepEqual([type, parameters['report-type']], ['multipart/report', 'tlsrpt'])
    assert.equal(headers['from'], 'tls-reports@acme.example')
    assert.equal(headers['to'], 'tls@bank.example')
    assert.equal(headers['tls-report-domain'], 'bank.example')
    assert.equal(headers['tls-report-submitter'], 'acme.example')
    assert.match(
      headers['subject'] ?? '',
      /^Report Domain: bank\.example Submitter: acme\.example Report-ID: <\S+@acme\.example>$/,
    )
    assert.match(headers['dkim-signature'] ?? '', /\bd=acme\.example\b/)
    const [, attachment] = parts
    assert.equal(attachment?.type, 'application/tlsrpt+gzip')
    assert.match(
      attachment.headers['content-disposition'] ?? '',
      /^attachment; ?filename="acme\.example!bank\.example!\d+!\d+\.json\.gz"$/,
    )
    const [, base64 = ''] = /Content-Transfer-Encoding: base64[^]*?\r\n\r\n([^-]+)/.exec(message.data) ?? []
    checkReport(JSON.parse(gunzipSync(Buffer.from(base64, 'base64')).toString()) as TlsRptReport)

    const [post] = collector.posts
    assert.equal(post?.type, 'application/tlsrpt+gzip')
    checkReport(JSON.parse(gunzipSync(post.body).toString()) as TlsRptReport)

    // Whoever looks once more, finds all of it sent.
    const [key = ''] = (await redis.cli('--scan', '--pattern', 'enforce-tls:tls-rpt:*')).split('\n')
    assert.ok(Number(await redis.cli('PTTL', key)) > 0)
    await until(async () => (await redis.cli('HDEL', key, '*')) === '1', { what: () => 'the day to be done' })
    for (const node of [one, two]) await node.restart()
    await until(async () => (await redis.cli('HEXISTS', key, '*')) === '1', {
      what: () => 'the day to be done',
    })
    for (const node of [one, two]) await node.waitForEmptyQueue()
    assert.deepEqual([collector.posts.length, inbox.messages.length], [1, 1])
    const log = `${one.log}${two.log}`
    assert.equal([...log.matchAll(/TLS reports of \S+: 2 sent/g)].length, 1)
    assert.doesNotMatch(log, /\b(?:attempt|outcome) uuid=/)
  })

  it('go on after a kill where they were, and are tried again where a server fails', async () => {
    let status: number | 'never' = 'never'
    await using redis = await startStore()
    await using inbox = await startPeer()
    await using collector = await startCollector((path) => (path === '/second' ? status : 200))
    await using dns = await startZone([collector.url('/first'), collector.url('/second')])
    await using haraka = await startNode(redis, dns, inbox)
    await untilPosted(collector, 2)
    assert.deepEqual(collector.paths(), ['/first', '/second'])
    await haraka.kill9()
    // As when its time is over.
    assert.equal(await redis.cli('DEL', LEASE), '1')

    // Redirects are not followed.
    status = 302
    await haraka.start()
    await haraka.waitForLog(
      /TLS report of \S+ for bank\.example \S+\/second not sent yet: answers with status 302/,
    )
    await haraka.waitForLog(/TLS reports of \S+: 0 sent, 1 to be tried again/)
    assert.deepEqual(collector.paths(), ['/first', '/second', '/second'])
    await haraka.stop()

    status = 200
    const [key = ''] = (await redis.cli('--scan', '--pattern', 'enforce-tls:tls-rpt:*')).split('\n')
    // As when the next try is due.
    assert.equal(await redis.cli('HDEL', key, '+'), '1')
    await haraka.start()
    await haraka.waitForLog(/TLS reports of \S+: 1 sent/)
    assert.deepEqual(collector.paths(), ['/first', '/second', '/second', '/second'])
    assert.deepEqual([...(await redis.cli('HKEYS', key)).split('\n')].includes('*'), true)
  })

  it('are made with a rules file too', async () => {
    await using inbox = await startPeer()
    await using dns = await startZone(['mailto:tls@bank.example'])
    const lines = sessions().map((one) => JSON.stringify(toRecord(one)))
    await using haraka = await startHaraka({
      config: {
        ...fileStoreConfig({ '*': [{ to: ['bank.example'] }] }, settings(dns)),
        'enforce-tls.rules.json.deliveries.jsonl': `${lines.join('\n')}\n`,
      },
      routes: { '*': [inbox.route()] },
    })
    await inbox.waitForMessages(1)
    await haraka.waitForLog(/TLS reports of \S+: 1 sent/)
    await haraka.restart()
    await haraka.waitForEmptyQueue()
    assert.equal(inbox.messages.length, 1)
  })
})
