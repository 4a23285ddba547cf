/** One mail for the postmaster when TLS to a partner begins to fail, and one when it works again. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { parseMime } from '../support/mime.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { fileStoreConfig, writeRules } from '../support/rules.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'
import { until } from '../support/until.js'

/** A partner that changes has been restarted: no connection of before is open any more. */
const ALERT = '[alert]\nto=postmaster@ops.example\ndelay=300ms\ninterval=1s\n[tls]\nconnection_reuse=false\n'
const PARTNERS = 'enforce-tls:partners'

interface Peers {
  readonly bank: SmtpPeer
  /** Where bounces arrive. */
  readonly acme: SmtpPeer
  /** Where alerts arrive. */
  readonly ops: SmtpPeer
}

const routesTo = ({ bank, acme, ops }: Peers) => ({
  'bank.example': [bank.route()],
  'acme.example': [acme.route()],
  'ops.example': [ops.route()],
})

async function startRules(): Promise<RedisServer> {
  const redis = await startRedis()
  await writeRules(redis, { 'acme.example': [{ to: ['bank.example'], name: 'Enforced TLS to First Bank' }] })
  return redis
}

const startNode = (redis: RedisServer, peers: Peers) =>
  startHaraka({
    config: { 'enforce-tls.ini': `[redis]\nport=${redis.port}\ncommand_timeout=500ms\n${ALERT}` },
    routes: routesTo(peers),
  })

const send = (haraka: Haraka) => haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })

/** Waits until what was seen of the bank is written down. */
const untilKnown = (redis: RedisServer, what: RegExp) =>
  until(async () => what.test(await redis.cli('HVALS', PARTNERS)), {
    what: () => `the partner book to say ${String(what)}`,
    timeout: 10_000,
  })

/** The parts of an alert. */
function alertOf(raw: string | undefined) {
  const { type, headers, parts } = parseMime(raw ?? '')
  assert.equal(type, 'multipart/alternative')
  const [text, html] = parts.map(({ content }) => content)
  return { headers, text: (text ?? '').replace(/\s+/g, ' '), html: html ?? '' }
}

describe('alerts', () => {
  it('of two nodes are one mail when a partner begins to fail, and one when TLS works again', async () => {
    await using redis = await startRules()
    await using bank = await startPeer()
    await using acme = await startPeer()
    await using ops = await startPeer({ starttls: false })
    const peers = { bank, acme, ops }
    await using one = await startNode(redis, peers)
    await using two = await startNode(redis, peers)
    await send(one)
    await bank.waitForMessages(1)
    await untilKnown(redis, /"trouble":null/)

    await bank.behave({ starttls: false })
    for (const node of [one, two, one]) await send(node)
    await acme.waitForMessages(3)
    const [raw] = await ops.waitForMessages(1)
    const { headers, text, html } = alertOf(raw?.data)
    assert.equal(raw?.from, '')
    assert.equal(headers['to'], 'postmaster@ops.example')
    assert.equal(headers['from'], 'MAILER-DAEMON@mta.test.example')
    assert.equal(headers['subject'], 'TLS fails: bank.example')
    assert.equal(headers['auto-submitted'], 'auto-generated')
    assert.match(headers['message-id'] ?? '', /^<[\w-]+@mta\.test\.example>$/)
    for (const part of [
      /TLS USED TO WORK AND NOW FAILS bank\.example \(encrypt\)/,
      /last seen working at \d{4}-\d\d-\d\d \d\d:\d\d UTC/,
      /mx\.peer\.example does not offer STARTTLS \(starttls-not-supported\)/,
      /Required by "Enforced TLS to First Bank" of acme\.example/,
      /enforce-tls check bank\.example --level encrypt/,
      /mail system of mta\.test\.example, at most once in 1 second/,
    ])
      assert.match(text, part)
    assert.match(html, /<h2[^>]*>bank\.example \(encrypt\)<\/h2>/)

    // It goes on for longer than the least time between two mails, and nobody is told again.
    for (let n = 0; n < 2; n++) {
      await send(n % 2 ? one : two)
      await acme.waitForMessages(4 + n)
      const seen = n + 4
      await untilKnown(redis, new RegExp(`"failures":${seen},"bounced":${seen}\\b`))
    }
    await until(async () => (await redis.cli('EXISTS', 'enforce-tls:alert-turn')) === '0', {
      what: () => 'the turn to end',
      timeout: 10_000,
    })
    assert.equal(ops.messages.length, 1)

    await bank.behave({})
    await send(two)
    const messages = await ops.waitForMessages(2)
    const recovered = alertOf(messages[1]?.data)
    assert.equal(recovered.headers['subject'], 'TLS works again: bank.example')
    assert.match(recovered.text, /TLS WORKS AGAIN bank\.example/)
    assert.match(recovered.text, /5 deliveries failed, 5 bounced/)
    await untilKnown(redis, /"trouble":null/)
    assert.equal(ops.messages.length, 2)
  })

  it('wait while Redis hangs, and hold up nothing', async () => {
    await using redis = await startRules()
    await using bank = await startPeer()
    await using acme = await startPeer()
    await using ops = await startPeer({ starttls: false })
    await using haraka = await startNode(redis, { bank, acme, ops })
    await send(haraka)
    await untilKnown(redis, /"trouble":null/)
    await bank.behave({ starttls: false })
    redis.pause()
    await send(haraka)
    await acme.waitForMessages(1)
    await haraka.waitForLog(/alerts cannot be sent now, trying again: .*did not answer within 500 ms/)
    assert.equal(ops.messages.length, 0)
    redis.resume()
    const [raw] = await ops.waitForMessages(1)
    assert.match(alertOf(raw?.data).text, /One delivery failed/)
    await haraka.waitForLog(/alerts work again/)
  })

  it('are made with a rules file too, and not of a partner that never had TLS', async () => {
    await using bank = await startPeer()
    await using acme = await startPeer()
    await using ops = await startPeer()
    await using other = await startPeer({ starttls: false })
    await using haraka = await startHaraka({
      config: fileStoreConfig({ '*': [{ to: ['bank.example', 'other.example'] }] }, ALERT),
      routes: { ...routesTo({ bank, acme, ops }), 'other.example': [other.route()] },
    })
    await haraka.send({ from: 'ann@acme.example', to: 'x@other.example' })
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
    await bank.waitForMessages(1)
    await bank.behave({ on: { STARTTLS: '454 later' } })
    await haraka.send({ from: 'ann@acme.example', to: 'cfo@bank.example' })
    await haraka.waitForLog(/result=deferred/)
    await bank.behave({ on: { STARTTLS: '554 never' } })
    await haraka.send({ from: 'bob@acme.example', to: 'cfo@bank.example' })
    const [raw] = await ops.waitForMessages(1)
    const { headers, text } = alertOf(raw?.data)
    assert.equal(headers['subject'], 'TLS fails: bank.example')
    assert.match(text, /One delivery failed/)
    assert.match(text, /starttls-refused/)
  })
})
