/**
 * Suggestions on a real Haraka: what its own deliveries came to is observed where no rule covers them, held against the
 * levels, suggested, and made a rule in mode report. With Redis away mail goes on, and only numbers are lost.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parsePair } from '../../plugins/enforce-tls/suggest/record.js'
import { enforceTls } from '../cli/enforce-tls.js'
import { makeAuthority, selfSigned } from '../support/certificates.js'
import { startHaraka, type Haraka } from '../support/haraka.js'
import { startRedis, type RedisServer } from '../support/redis-server.js'
import { fileStoreConfig, storedRule } from '../support/rules.js'
import { startPeer, type SmtpPeer } from '../support/smtp-peer.js'
import { until } from '../support/until.js'

interface Suggested {
  readonly owner: string
  readonly partner: string
  readonly level: string
  readonly deliveries: number
  readonly stricter: { readonly level: string; readonly why: string } | null
  readonly incoming: { readonly overTls: number; readonly inTheClear: number } | null
  readonly sentences: readonly string[]
}

/** Takes mail for everybody; senders of these domains count as authenticated users. */
const TAKE_ALL = `
exports.hook_mail = (next, connection, [sender]) => {
  connection.relaying = ['acme.example', 'off.example'].includes(String(sender.host))
  next()
}
exports.hook_rcpt = (next) => next(OK)
exports.hook_queue = (next) => next(OK, 'taken')
`
const SUGGEST = '[suggest]\nenabled=true\ndeliveries=3\nperiod=1ms\n'

describe('suggestions, with Redis', () => {
  let redis: RedisServer
  let haraka: Haraka
  const peers: SmtpPeer[] = []
  const run = (...words: readonly string[]) => enforceTls([...words, '--config', haraka.folder])
  const suggested = async (): Promise<readonly Suggested[]> => {
    const { stdout, stderr } = await run('suggest', '--json')
    assert.equal(stderr, '')
    return JSON.parse(stdout) as readonly Suggested[]
  }

  before(async () => {
    redis = await startRedis()
    await redis.cli('HSET', 'enforce-tls:domains', 'acme.example', '{"enabled":true}')
    await redis.cli(
      'HSET',
      'enforce-tls:rules:acme.example',
      'r1',
      JSON.stringify(storedRule({ to: ['covered.example'] })),
    )
    const authority = await makeAuthority('Trusted')
    const own = await selfSigned({ dnsNames: ['mta.test.example'] })
    const start = async (...options: Parameters<typeof startPeer>) => {
      const peer = await startPeer(...options)
      peers.push(peer)
      return peer
    }
    const valid = await start({ tls: await authority.issue({ dnsNames: ['mx.valid.example'] }) })
    const hosted = await start({ tls: await authority.issue({ dnsNames: ['mx.hoster.example'] }) })
    const self = await start()
    const plain = await start({ starttls: false })
    haraka = await startHaraka({
      plugins: ['tls', 'test-routes', 'take-all', 'enforce-tls'],
      extraPlugins: { 'take-all': TAKE_ALL },
      config: {
        'enforce-tls.ini': `[redis]\nport=${redis.port}\n[tls]\nca=test-ca.pem\n${SUGGEST}`,
        'test-ca.pem': authority.cert,
        'tls.ini': '',
        'tls_key.pem': own.key,
        'tls_cert.pem': own.cert,
      },
      routes: {
        'valid.example': [valid.route({ name: 'mx.valid.example' })],
        'hosted.example': [hosted.route({ name: 'mx.hoster.example' })],
        'self.example': [self.route({ name: 'mx.self.example' })],
        'plain.example': [plain.route({ name: 'mx.plain.example' })],
        'covered.example': [self.route({ name: 'mx.self.example' })],
      },
    })
  })
  after(async () => {
    await haraka.close()
    for (const peer of peers) await peer.close()
    await redis.close()
  })

  it('are the strictest levels that partners have fulfilled, of mail that no rule covers', async () => {
    for (const partner of ['valid', 'hosted', 'self', 'plain', 'covered'])
      for (let count = 0; count < 3; count++)
        await haraka.send({ from: 'ann@acme.example', to: `secret-name@${partner}.example` })
    for (let count = 0; count < 3; count++)
      await haraka.send({ from: 'joe@off.example', to: 'secret-name@valid.example' })
    await haraka.send({ from: 'cfo@valid.example', to: 'ann@acme.example', starttls: true })
    await haraka.send({ from: 'cfo@valid.example', to: 'ann@acme.example' })
    await haraka.waitForEmptyQueue()
    const found = await until(
      async () => {
        const all = await suggested()
        return all.length >= 3 && all
      },
      { what: () => `three suggestions; ${haraka.log.slice(-3000)}`, timeout: 20_000 },
    )
    assert.deepEqual(
      found.map(({ owner, partner, level, deliveries }) => [owner, partner, level, deliveries]).sort(),
      [
        ['acme.example', 'hosted.example', 'verify', 3],
        ['acme.example', 'self.example', 'encrypt', 3],
        ['acme.example', 'valid.example', 'secure', 3],
      ],
    )
    const by = new Map(found.map((each) => [each.partner, each]))
    assert.deepEqual(by.get('self.example')?.stricter?.level, 'verify')
    assert.match(by.get('self.example')?.stricter?.why ?? '', /self-signed/)
    assert.deepEqual(by.get('hosted.example')?.stricter?.level, 'secure')
    const { overTls, inTheClear } = by.get('valid.example')?.incoming ?? {}
    assert.deepEqual([overTls, inTheClear], [1, 1])
    assert.match(
      by.get('valid.example')?.sentences.join(' ') ?? '',
      /Only a hint, since a sender can be forged: 1 of 2 messages/,
    )
    const kept = await redis.cli('HGETALL', 'enforce-tls:suggest')
    assert.doesNotMatch(kept, /secret-name|ann@|joe|off\.example|covered/)
    assert.match(kept, /plain\.example/)
  })

  it('become rules in mode report, one by one and as a group, and are suggested no more', async () => {
    const table = (await run('suggest')).stdout
    assert.ok(
      table.split('\n').every((line) => line.length <= 80 || !/^[│├└┌]/.test(line)),
      table,
    )
    const one = await run('suggest', 'accept', 'hosted.example')
    assert.match(one.stdout, /Created rule \S+ of acme\.example, in mode report: TLS to hosted\.example/)
    const group = await run('suggest', 'accept', 'valid.example', 'self.example', '--group', 'partners')
    assert.match(group.stdout, /rule \S+ of acme\.example, in mode report, at level encrypt/, group.stderr)
    assert.deepEqual(await suggested(), [])
    const again = await run('suggest', 'accept', 'hosted.example')
    assert.equal(again.code, 1)
    assert.match(again.stderr, /no rule is suggested for "hosted\.example"/)

    await haraka.send({ from: 'ann@acme.example', to: 'x@hosted.example' })
    await haraka.waitForLog(
      /report: would have been delivered: \S+ accepted the message for x@hosted\.example/,
    )
  })

  it('lose numbers and delay no mail while Redis is away', async () => {
    const before = haraka.log.length
    await redis.stop()
    await haraka.send({ from: 'ann@acme.example', to: 'x@plain.example' })
    await haraka.waitForEmptyQueue()
    await haraka.waitForLog(/observed deliveries are not written down now/)
    assert.doesNotMatch(haraka.log.slice(before), /enforce-tls: the message waits/)
    await redis.start()
  })
})

describe('suggestions, with a rules file', () => {
  it('are observed and dismissed; a server that deliveries say too little of is asked itself', async () => {
    await using self = await startPeer()
    await using haraka = await startHaraka({
      config: {
        ...fileStoreConfig({ 'acme.example': [] }, SUGGEST),
        // TLS is offered there, and Haraka does without.
        'tls.ini': '[outbound]\nno_tls_hosts[]=shy.example\n',
      },
      routes: {
        '*': [self.route({ name: 'mx.self.example' })],
        'shy.example': [{ exchange: '127.0.0.1', port: self.port, priority: 0 }],
      },
    })
    await haraka.send({ from: 'ann@acme.example', to: 'x@shy.example' })
    const run = (...words: readonly string[]) => enforceTls([...words, '--config', haraka.folder])
    for (let count = 0; count < 3; count++)
      await haraka.send({ from: 'ann@acme.example', to: 'x@self.example' })
    const shown = await until(
      async () => {
        const { stdout } = await run('suggest', 'show', 'self.example')
        return stdout.includes('self.example') && stdout
      },
      { what: () => `a suggestion; ${haraka.log.slice(-3000)}`, timeout: 20_000 },
    )
    assert.match(shown, /The last 3 deliveries fulfilled level encrypt, on \d{4}-\d\d-\d\d\./)
    assert.match(shown, /No delivery seen since \S+ would have bounced or waited at this level\./)
    assert.match(
      shown,
      /At level verify, 3 of 3 would have bounced: the server has a certificate that is not trusted/,
    )
    const dismissed = await run('suggest', 'dismiss', 'self.example')
    assert.equal(dismissed.stdout, 'No longer suggested: self.example\n', dismissed.stderr)
    assert.match((await run('suggest')).stdout, /^No suggestions\.\n2 partners observed\./)

    const file = join(haraka.folder, 'config', 'enforce-tls.rules.json.suggest.json')
    const shy = await until(
      async () => {
        const { partners } = JSON.parse(await readFile(file, 'utf8')) as { partners: Record<string, string> }
        const record = parsePair(partners['acme.example shy.example'])
        return record?.checks === 1 && record
      },
      { what: () => `a check of its own; ${haraka.log.slice(-3000)}`, timeout: 30_000 },
    )
    const { encrypt, verify } = shy.levels
    assert.deepEqual([shy.deliveries, encrypt.held, verify.missed], [1, 1, 1])
    assert.match(verify.why, /self-signed/)
    assert.equal(self.messages.filter(({ tls }) => tls === undefined).length, 1, 'the check sends nothing')
  })
})
