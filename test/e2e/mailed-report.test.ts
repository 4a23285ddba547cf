/** The report by mail: once for two nodes, through a kill, after a node was down, from files, and held to the rules. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toRecord } from '../../plugins/enforce-tls/observe/delivery-log/entry.js'
import type { DeliveryLogEntry } from '../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { lastPeriod } from '../../plugins/enforce-tls/report/mailed/schedule.js'
import { settableClock } from '../support/clock.js'
import { entry } from '../support/evidence-entries.js'
import { startHaraka, type Haraka, type HarakaOptions } from '../support/haraka.js'
import { parseMime } from '../support/mime.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { fileStoreConfig, writeRules } from '../support/rules.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'
import { until } from '../support/until.js'

const HOUR = 3_600_000
const REPORT = '[report]\nto[]=compliance@ops.example\nto[]=ciso@ops.example\n'
const RULES = [{ owner: 'acme.example', id: 'r1', name: 'Old name' }]

/** A week of mail: twelve delivered, one bounced, one waiting, one released; and one of the week before. */
function week(): DeliveryLogEntry[] {
  const { since } = lastPeriod('week', new Date())
  const at = (hours: number) => new Date(since.getTime() + hours * HOUR).toISOString()
  const release = { kind: 'release', uuid: 'RELEASED.1', rules: RULES } as const
  return [
    entry({ at: at(-1), result: 'bounced', domain: 'before.example' }),
    ...Array.from({ length: 12 }, (_, n) => entry({ at: at(n * 10), protocol: 'TLSv1.3', rules: RULES })),
    entry({ at: at(3), result: 'bounced', domain: 'clinic.example', rules: RULES }),
    entry({ at: at(4), result: 'deferred', domain: 'clinic.example', rules: RULES }),
    entry({ ...release, at: at(5), result: 'granted', by: 'ann@helpdesk', reason: 'The contract is due' }),
    entry({ ...release, at: at(6), result: 'sent', by: 'ann@helpdesk', reason: 'The contract is due' }),
  ]
}

async function startStore(): Promise<RedisServer> {
  const redis = await startRedis()
  await writeRules(redis, {
    'acme.example': [{ id: 'r1', to: ['bank.example'], name: 'Enforced TLS to First Bank' }],
  })
  for (const one of week().sort((a, b) => (a.at < b.at ? -1 : 1)))
    await redis.cli(
      'XADD',
      'enforce-tls:deliveries',
      `${Date.parse(one.at)}-*`,
      ...Object.entries(toRecord(one)).flat(),
    )
  return redis
}

const startNode = (
  redis: RedisServer,
  inbox: SmtpPeer,
  more: Partial<HarakaOptions> & { settings?: string } = {},
): Promise<Haraka> => {
  const { settings = '', ...options } = more
  return startHaraka({
    ...options,
    config: {
      'enforce-tls.ini': `[redis]\nport=${redis.port}\ncommand_timeout=500ms\n${REPORT}${settings}`,
    },
    routes: { 'ops.example': [inbox.route()] },
  })
}

const FILL =
  "for i=1,tonumber(ARGV[2]) do redis.call('XADD', KEYS[1], '*', 'entry', (ARGV[1]:gsub('ID', i))) end"
const LEASE = 'enforce-tls:report-turn'
const keyOf = () => `enforce-tls:report:${lastPeriod('week', new Date()).name}`
const untilSent = (redis: RedisServer) =>
  until(async () => (await redis.cli('HLEN', keyOf())) !== '0', {
    what: () => 'the report to be noted as sent',
    timeout: 20_000,
  })

describe('a report by mail', () => {
  it('of two nodes comes once, with a summary, the page and the CSV', async () => {
    await using redis = await startStore()
    await using inbox = await startPeer({ starttls: false })
    await using one = await startNode(redis, inbox)
    await using two = await startNode(redis, inbox)
    const [message] = await inbox.waitForMessages(1)
    await untilSent(redis)

    assert.deepEqual(
      [message?.from, message?.to.toSorted()],
      ['', ['ciso@ops.example', 'compliance@ops.example']],
    )
    const { type, headers, parts } = parseMime(message?.data ?? '')
    assert.equal(type, 'multipart/mixed')
    assert.equal(headers['from'], 'MAILER-DAEMON@mta.test.example')
    assert.equal(headers['to'], 'compliance@ops.example, ciso@ops.example')
    assert.equal(headers['auto-submitted'], 'auto-generated')
    assert.match(
      headers['subject'] ?? '',
      /^TLS report, \d+ (?:\w+ (?:\d+ )?)?to \d+ \w+ \d{4}: 15 messages required TLS, none left without it except 1 released$/,
    )
    const [text, page, csv] = parts
    const body = text?.content ?? ''
    for (const line of body.split('\r\n')) assert.ok(line.length <= 78, line)
    for (const said of [
      /^Mail that requires TLS, .* \(UTC\) 15 messages required TLS from .*; 12 left over it, /,
      /Apart from 1 message that ann@helpdesk released, none of them left without TLS, as far as the delivery log shows\./,
      /- 12 sent over TLS/,
      /- 1 released by an administrator: sent without what the rules require/,
      /- 1 not delivered: bounced/,
      /- 1 waiting when last heard of in the period/,
      /- ann@helpdesk released message RELEASED\.1 from acme\.example to bank\.example, sent .* Reason: The contract is due\. It went without what is required by "Enforced TLS to First Bank" of acme\.example/,
      /- clinic\.example: 1 bounced, 1 waiting/,
    ])
      assert.match(body.replace(/\s+/g, ' '), said)
    assert.doesNotMatch(body, /before\.example|\br1\b/)
    assert.equal(page?.type, 'text/html')
    assert.match(page.headers['content-disposition'] ?? '', /filename="tls-report-week-[\d-]+\.html"/)
    assert.match(page.content, /<!doctype html>[^]*Enforced TLS to First Bank[^]*<\/html>/)
    assert.equal(csv?.type, 'text/csv')
    assert.match(csv.content, /^domain,messages,[^]*\r\nbank\.example,13,12,/)

    for (const node of [one, two]) await node.restart()
    for (const node of [one, two]) await node.waitForEmptyQueue()
    assert.equal(inbox.messages.length, 1)
    assert.equal([...`${one.log}${two.log}`.matchAll(/report of week-\S+ queued for/g)].length, 1)
  })

  it('is made by whoever is left where a node is killed meanwhile', async () => {
    await using redis = await startStore()
    await using inbox = await startPeer()
    // Enough to read for seconds.
    const { at } = week()[1] ?? entry()
    const json = JSON.stringify(toRecord(entry({ id: 'ID', uuid: 'ID.1', at, protocol: 'TLSv1.3' })))
    await redis.cli('EVAL', FILL, '1', 'enforce-tls:deliveries', json, '60000')
    await using one = await startNode(redis, inbox)
    await until(async () => (await redis.cli('EXISTS', LEASE)) === '1', {
      what: () => 'the lease',
      timeout: 20_000,
    })
    await one.kill9()
    assert.equal(await redis.cli('HLEN', keyOf()), '0')
    // As when its time is over.
    assert.equal(await redis.cli('DEL', LEASE), '1')
    await using two = await startNode(redis, inbox)
    await untilSent(redis)
    await one.start()
    const [message] = await inbox.waitForMessages(1)
    for (const node of [one, two]) await node.waitForEmptyQueue()
    assert.equal(inbox.messages.length, 1)
    assert.match(parseMime(message?.data ?? '').headers['subject'] ?? '', /: 60015 messages required TLS/)
  })

  it('waits while the store hangs, and comes then', async () => {
    await using redis = await startStore()
    await using inbox = await startPeer()
    redis.pause()
    await using haraka = await startNode(redis, inbox)
    await haraka.waitForLog(/reports by mail cannot be sent now, trying again: .*within 500 ms/)
    assert.equal(inbox.messages.length, 0)
    redis.resume()
    await haraka.restart()
    await inbox.waitForMessages(1)
  })

  it('of a node that was down for weeks is of the last week alone', async () => {
    await using redis = await startStore()
    await using inbox = await startPeer()
    await using clock = settableClock()
    await using haraka = await startNode(redis, inbox, { env: clock.env })
    await inbox.waitForMessages(1)
    await untilSent(redis)
    await haraka.stop()
    clock.set(21 * 24 * HOUR)
    await haraka.start()
    const [, second, ...more] = await inbox.waitForMessages(2)
    await haraka.waitForEmptyQueue()
    assert.deepEqual(more, [])
    const { words } = lastPeriod('week', new Date(Date.now() + 21 * 24 * HOUR))
    assert.match(
      parseMime(second?.data ?? '').headers['subject'] ?? '',
      new RegExp(`^TLS report, ${words}: no entries in the delivery log$`),
    )
  })

  it('of a rules file is of that machine alone, and of one owner where that is asked for', async () => {
    await using inbox = await startPeer()
    const lines = [...week(), entry({ at: week()[1]?.at ?? '', from: 'other.example' })]
    await using haraka = await startHaraka({
      config: {
        ...fileStoreConfig(
          { 'acme.example': [{ to: ['bank.example'], name: 'First Bank' }] },
          `${REPORT}from=reports@acme.example\nowner=acme.example\n`,
        ),
        'enforce-tls.rules.json.deliveries.jsonl': `${lines.map((one) => JSON.stringify(toRecord(one))).join('\n')}\n`,
      },
      routes: { 'ops.example': [inbox.route()] },
    })
    const [message] = await inbox.waitForMessages(1)
    const { headers, parts } = parseMime(message?.data ?? '')
    assert.equal(headers['from'], 'reports@acme.example')
    assert.match(headers['subject'] ?? '', /^TLS report of acme\.example, .*: 15 messages required TLS/)
    const body = (parts[0]?.content ?? '').replace(/\s+/g, ' ')
    assert.match(body, /This is about mail of mta\.test\.example alone/)
    await haraka.restart()
    await haraka.waitForEmptyQueue()
    assert.equal(inbox.messages.length, 1)
  })

  it('is held to the rules, as all mail', async () => {
    await using redis = await startStore()
    await writeRules(redis, { '*': [{ to: ['ops.example'], name: 'Our own operators' }] })
    await using inbox = await startPeer({ starttls: false })
    await using haraka = await startNode(redis, inbox)
    await untilSent(redis)
    await haraka.waitForLog(/outcome uuid=\S+ .*domain=ops\.example .*result=(?:kept|bounced|deferred)/)
    assert.equal(inbox.messages.length, 0)
  })
})
