/** What counts as an answer: rows of what a resolver may send, honest, broken or forged. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Answer as ResourceRecord } from 'dns-packet'
import type { Answer, RecordType } from '../../../plugins/enforce-tls/dns/answer.js'
import { DnsClient } from '../../../plugins/enforce-tls/dns/client.js'
import { ScriptedResolver, soa, type Asked } from '../../support/scripted-resolver.js'

const NAME = 'mx.bank.example'
const [GOOD, FORGED] = ['192.0.2.1', '203.0.113.66']
const a = (name = NAME, data = GOOD, ttl = 300): ResourceRecord => ({ type: 'A', name, ttl, data })
const cname = (name: string, data: string, ttl = 300): ResourceRecord => ({ type: 'CNAME', name, ttl, data })
const ns = (name: string): ResourceRecord => ({ type: 'NS', name, ttl: 300, data: `ns.${name}` })
const opt = (extendedRcode: number, options: unknown[] = []): ResourceRecord =>
  ({
    type: 'OPT',
    name: '.',
    udpPayloadSize: 1232,
    extendedRcode,
    ednsVersion: 0,
    flags: 0,
    options,
  }) as never
const extendedError = (code: number): ResourceRecord => opt(0, [{ code: 15, data: Buffer.from([0, code]) }])

/** Asks one resolver that does this, and gives the answer with what was asked. */
async function answerOf<T extends RecordType>(
  script: (asked: Asked) => unknown,
  type: T,
  name = NAME,
): Promise<{ answer: Answer<T>; resolver: ScriptedResolver; took: number }> {
  await using resolver = await ScriptedResolver.start(script)
  const dns = new DnsClient([resolver.address], { tryTimeout: 150, timeout: 400 })
  const started = performance.now()
  return { answer: await dns.ask(name, type), resolver, took: performance.now() - started }
}

type Row = readonly [what: string, script: (asked: Asked) => unknown, expected: unknown]

const found = (more: object = {}) => ({
  kind: 'found',
  name: NAME,
  authentic: true,
  records: [GOOD],
  ttl: 300,
  ...more,
})
const none = (more: object = {}) => ({
  kind: 'none',
  name: NAME,
  reason: 'no-such-record',
  authentic: true,
  ttl: 60,
  ...more,
})
const failed = (why: RegExp) => why

const ROWS: readonly Row[] = [
  ['a record', (q) => q.reply({ answers: [a()] }), found()],
  [
    'a record of an unsigned zone',
    (q) => q.reply({ answers: [a()], ad: false }),
    found({ authentic: false }),
  ],
  ['a name in other letters', (q) => q.reply({ answers: [a('MX.Bank.Example')] }), found()],
  [
    'records of other names and types beside it',
    (q) => q.reply({ answers: [a('x.example', FORGED), a(), ns(NAME)] }),
    found(),
  ],
  [
    'the lowest TTL of the records',
    (q) => q.reply({ answers: [a(), a(NAME, '192.0.2.2', 7)] }),
    found({ records: [GOOD, '192.0.2.2'], ttl: 7 }),
  ],
  ['a TTL of weeks', (q) => q.reply({ answers: [a(NAME, GOOD, 2_000_000)] }), found({ ttl: 3600 })],
  [
    'a TTL with the first bit set',
    (q) => q.reply({ answers: [a(NAME, GOOD, 0x80_00_00_00)] }),
    found({ ttl: 0 }),
  ],

  ['no such record', (q) => q.reply({ authorities: [soa('bank.example')] }), none()],
  [
    'no such name',
    (q) => q.reply({ rcode: 3, authorities: [soa('bank.example')] }),
    none({ reason: 'no-such-name' }),
  ],
  [
    'no such name, of an unsigned zone',
    (q) => q.reply({ rcode: 3, ad: false, authorities: [soa('bank.example')] }),
    none({ reason: 'no-such-name', authentic: false }),
  ],
  [
    'no such record, with the lower one of two TTLs',
    (q) => q.reply({ authorities: [soa('bank.example', 60, 5)] }),
    none({ ttl: 5 }),
  ],
  ['nothing at all, which is not kept', (q) => q.reply({}), none({ ttl: 0 })],

  [
    'a server failure',
    (q) => q.reply({ rcode: 2 }),
    failed(/^the DNS look-up of A mx\.bank\.example failed: 127\.0\.0\.1:\d+ answers SERVFAIL$/),
  ],
  [
    'a server failure with its reason',
    (q) => q.reply({ rcode: 2, additionals: [extendedError(6)] }),
    failed(/answers SERVFAIL \(DNSSEC bogus\)$/),
  ],
  ['a server failure with records', (q) => q.reply({ rcode: 2, answers: [a()] }), failed(/SERVFAIL/)],
  ['a refusal', (q) => q.reply({ rcode: 5 }), failed(/answers REFUSED/)],
  ['a code of more than four bits', (q) => q.reply({ additionals: [opt(1)] }), failed(/answers code 16/)],
  ['a referral', (q) => q.reply({ authorities: [ns('bank.example')] }), failed(/refers to other servers/)],
  [
    'an answer of a server that is no resolver',
    (q) => q.reply({ ra: false }),
    failed(/does not answer as a resolver/),
  ],
  [
    'records of a name that does not exist',
    (q) => q.reply({ rcode: 3, answers: [a()] }),
    failed(/does not exist/),
  ],

  [
    'a CNAME record',
    (q) => q.reply({ answers: [cname(NAME, 'b.example', 9), a('b.example')] }),
    found({ name: 'b.example', ttl: 9 }),
  ],
  [
    'a CNAME record to nothing',
    (q) => q.reply({ answers: [cname(NAME, 'b.example', 9)], authorities: [soa('b.example')] }),
    none({ name: 'b.example', ttl: 9 }),
  ],
  [
    'a CNAME record to no name',
    (q) => q.reply({ rcode: 3, answers: [cname(NAME, 'b.example')], authorities: [soa('b.example')] }),
    none({ name: 'b.example', reason: 'no-such-name' }),
  ],
  [
    'CNAME records in a circle',
    (q) => q.reply({ answers: [cname(NAME, 'b.example'), cname('b.example', NAME)] }),
    failed(/lead nowhere/),
  ],
  [
    'two CNAME records for one name',
    (q) => q.reply({ answers: [cname(NAME, 'b.example'), cname(NAME, 'c.example'), a('b.example')] }),
    failed(/two CNAME records/),
  ],
  [
    'a CNAME record to no host name',
    (q) => q.reply({ answers: [cname(NAME, 'b c.example'), a('b c.example')] }),
    failed(/no host name/),
  ],
  [
    'twenty CNAME records in a row',
    (q) =>
      q.reply({
        answers: Array.from({ length: 20 }, (_, i) =>
          cname(i === 0 ? NAME : `${i}.example`, `${i + 1}.example`),
        ),
      }),
    failed(/lead nowhere/),
  ],
  [
    'a resolver that stops at a CNAME record',
    (q) => q.reply({ answers: q.name === NAME ? [cname(NAME, 'b.example', 5)] : [a(q.name)] }),
    found({ name: 'b.example', ttl: 5 }),
  ],
  [
    '... of which the second half is insecure',
    (q) =>
      q.reply(
        q.name === NAME ? { answers: [cname(NAME, 'b.example')] } : { answers: [a(q.name)], ad: false },
      ),
    found({ name: 'b.example', authentic: false }),
  ],
  [
    '... of which the first half is insecure',
    (q) =>
      q.reply(
        q.name === NAME ? { answers: [cname(NAME, 'b.example')], ad: false } : { answers: [a(q.name)] },
      ),
    found({ name: 'b.example', authentic: false }),
  ],
  [
    '... and goes on for ever',
    (q) => q.reply({ answers: [cname(q.name, `x${q.name}`)] }),
    failed(/too many CNAME records/),
  ],

  [
    'a forged answer with another id, then the right one',
    (q) => (q.reply({ id: q.id ^ 1, answers: [a(NAME, FORGED)] }), q.reply({ answers: [a()] })),
    found(),
  ],
  [
    'a forged answer from another port, then the right one',
    async (q) => (
      await q.sendFromElsewhere(q.message({ answers: [a(NAME, FORGED)] })),
      q.reply({ answers: [a()] })
    ),
    found(),
  ],
  [
    'an answer about another name, then the right one',
    (q) => (
      q.reply({ question: { name: 'x.example', type: 'A' }, answers: [a(NAME, FORGED)] }),
      q.reply({ answers: [a()] })
    ),
    found(),
  ],
  [
    'an answer about another type, then the right one',
    (q) => (
      q.reply({ question: { name: NAME, type: 'MX' }, answers: [a(NAME, FORGED)] }),
      q.reply({ answers: [a()] })
    ),
    found(),
  ],
  [
    'an answer about another class, then the right one',
    (q) => (
      q.reply({ question: { name: NAME, type: 'A', class: 'CH' }, answers: [a(NAME, FORGED)] }),
      q.reply({ answers: [a()] })
    ),
    found(),
  ],
  [
    'its own question, then the right answer',
    (q) => (q.send(query(q)), q.reply({ answers: [a()] })),
    found(),
  ],
  [
    'another operation, then the right answer',
    (q) => (q.send(update(q)), q.reply({ answers: [a()] })),
    found(),
  ],
  [
    'a packet of three bytes, then the right answer',
    (q) => (q.send(Buffer.from([1, 2, 3])), q.reply({ answers: [a()] })),
    found(),
  ],
  [
    'only answers with another id',
    (q) => q.reply({ id: q.id ^ 1, answers: [a(NAME, FORGED)] }),
    failed(/does not answer$/),
  ],
  [
    'only answers from another port',
    (q) => q.sendFromElsewhere(q.message({ answers: [a(NAME, FORGED)] })),
    failed(/does not answer$/),
  ],
  ['silence', () => undefined, failed(/does not answer$/)],

  ['garbage behind the right id', (q) => q.send(withId(q, Buffer.alloc(40, 0xff))), failed(/cannot be read/)],
  ['a name that points at itself', (q) => q.send(loop(q)), failed(/cannot be read/)],
  [
    'a message that is cut',
    (q) => q.send(q.message({ answers: [a()] }).subarray(0, -3)),
    failed(/cannot be read/),
  ],
  [
    'bytes behind the message',
    (q) => q.send(Buffer.concat([q.message({ answers: [a()] }), Buffer.from('x')])),
    failed(/cannot be read/),
  ],
  ['more records than there are', (q) => q.send(claiming(q, 65_535)), failed(/cannot be read/)],
  ['an answer without a question', (q) => q.send(withoutQuestion(q)), failed(/cannot be read/)],

  [
    'a truncated answer, whole over TCP',
    (q) => q.reply(q.over === 'udp' ? { truncated: true, answers: [a(NAME, FORGED)] } : { answers: [a()] }),
    found(),
  ],
  [
    'a truncated answer that is cut anywhere, whole over TCP',
    (q) =>
      q.over === 'udp'
        ? q.send(q.message({ truncated: true, answers: [a(), a()] }).subarray(0, -9))
        : q.reply({ answers: [a()] }),
    found(),
  ],
  [
    'a forged truncated answer, then the right one',
    (q) =>
      q.over === 'udp'
        ? (q.reply({ id: q.id ^ 1, truncated: true }), q.reply({ answers: [a()] }))
        : q.reply({ answers: [a(NAME, FORGED)] }),
    found(),
  ],
  [
    'a truncated answer, byte by byte over TCP',
    (q) => (q.over === 'udp' ? q.reply({ truncated: true }) : drip(q, q.message({ answers: [a()] }))),
    found(),
  ],
  [
    'a truncated answer, truncated over TCP, too',
    (q) => q.reply({ truncated: true }),
    failed(/cannot be read/),
  ],
  [
    'a truncated answer, another id over TCP',
    (q) => q.reply(q.over === 'udp' ? { truncated: true } : { id: q.id ^ 1, answers: [a()] }),
    failed(/cannot be read/),
  ],
  [
    'a truncated answer, silence over TCP',
    (q) => q.over === 'udp' && q.reply({ truncated: true }),
    failed(/does not answer over TCP/),
  ],
  [
    'a truncated answer, TCP that is closed',
    (q) => (q.over === 'udp' ? q.reply({ truncated: true }) : q.socket?.end()),
    failed(/ends the TCP connection/),
  ],
  [
    'a truncated answer, less than announced over TCP',
    (q) => (q.over === 'udp' ? q.reply({ truncated: true }) : q.socket?.end(Buffer.from([0xff, 0xff, 1, 2]))),
    failed(/ends the TCP connection/),
  ],
  [
    'a truncated answer, two thousand records over TCP',
    (q) =>
      q.reply(q.over === 'udp' ? { truncated: true } : { answers: Array.from({ length: 2000 }, () => a()) }),
    failed(/cannot be read/),
  ],
]

function withId(asked: Asked, bytes: Buffer): Buffer {
  bytes.writeUInt16BE(asked.id, 0)
  return bytes
}

function query(asked: Asked): Buffer {
  const bytes = asked.message({ answers: [a(NAME, FORGED)] })
  bytes.writeUInt16BE(bytes.readUInt16BE(2) & 0x7f_ff, 2)
  return bytes
}

function update(asked: Asked): Buffer {
  const bytes = asked.message({ answers: [a(NAME, FORGED)] })
  bytes.writeUInt16BE(bytes.readUInt16BE(2) | (5 << 11), 2)
  return bytes
}

/** The answer's owner is a pointer to that pointer. */
function loop(asked: Asked): Buffer {
  const bytes = asked.message({})
  bytes.writeUInt16BE(1, 6)
  const pointer = Buffer.from([0xc0, 0])
  pointer.writeUInt16BE(0xc0_00 | bytes.length, 0)
  return Buffer.concat([bytes, pointer, Buffer.from([0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4])])
}

function claiming(asked: Asked, records: number): Buffer {
  const bytes = asked.message({ answers: [a()] })
  bytes.writeUInt16BE(records, 6)
  return bytes
}

function withoutQuestion(asked: Asked): Buffer {
  const bytes = asked.message({})
  bytes.writeUInt16BE(0, 4)
  return bytes.subarray(0, 12)
}

function drip({ socket }: Asked, message: Buffer): void {
  const bytes = Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message])
  socket?.setNoDelay()
  const next = (at: number): void => {
    if (at < bytes.length) socket?.write(bytes.subarray(at, at + 1), () => setImmediate(next, at + 1))
  }
  next(0)
}

describe('an answer to A mx.bank.example', () => {
  for (const [what, script, expected] of ROWS) {
    it(what, async () => {
      const { answer, took } = await answerOf(script, 'A')
      if (expected instanceof RegExp) {
        assert.ok(answer.kind === 'failed', answer.kind)
        assert.match(answer.why, expected)
      } else assert.deepEqual(answer, expected)
      assert.ok(took < 5000, `took ${took} ms`)
    })
  }
})

describe('records', () => {
  it('of MX: those that name a host, in lower case, and the one that says that there is no mail', async () => {
    const mx = (exchange: string, preference = 10): ResourceRecord => ({
      type: 'MX',
      name: NAME,
      ttl: 9,
      data: { preference, exchange },
    })
    const { answer } = await answerOf(
      (q) => q.reply({ answers: [mx('A.example', 5), mx('b c.example'), mx('.')] }),
      'MX',
    )
    assert.deepEqual(answer.kind === 'found' && answer.records, [
      { preference: 5, exchange: 'a.example' },
      { preference: 10, exchange: '.' },
    ])
    const { answer: unreadable } = await answerOf((q) => q.reply({ answers: [mx('b c.example')] }), 'MX')
    assert.match(unreadable.kind === 'failed' ? unreadable.why : '', /MX records that cannot be read/)
  })

  it('of TLSA: as they are', async () => {
    const data = { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32, 7) }
    const { answer } = await answerOf(
      (q) => q.reply({ answers: [{ type: 'TLSA', name: q.name, ttl: 9, data }] }),
      'TLSA',
      '_25._tcp.mx.bank.example',
    )
    assert.deepEqual(answer.kind === 'found' && answer.records, [
      { usage: 3, selector: 1, matchingType: 1, data: Buffer.alloc(32, 7) },
    ])
  })

  it('of TXT: the parts of each as one text', async () => {
    const { answer } = await answerOf(
      (q) => q.reply({ answers: [{ type: 'TXT', name: NAME, ttl: 9, data: ['v=STSv1; ', 'id=1'] }] }),
      'TXT',
    )
    assert.deepEqual(answer.kind === 'found' && answer.records, ['v=STSv1; id=1'])
  })
})

describe('the query', () => {
  it('asks for recursion, DNSSEC and packets that fit on every path', async () => {
    const { resolver } = await answerOf((q) => q.reply({ answers: [a()] }), 'A')
    const [, { query: asked } = {}] = resolver.asked
    assert.ok(asked)
    assert.equal(asked.flag_rd, true)
    assert.equal(asked.flag_ad, true)
    assert.equal(asked.flag_cd, false)
    const [edns] = asked.additionals ?? []
    assert.ok(edns?.type === 'OPT')
    assert.equal(edns.flag_do, true)
    assert.equal(edns.udpPayloadSize, 1232)
  })

  it('has an id and a port that nobody can guess', async () => {
    await using resolver = await ScriptedResolver.start((q) => q.reply({ answers: [a(q.name)] }))
    const dns = new DnsClient([resolver.address])
    for (let i = 0; i < 40; i++) await dns.ask(`mx${i}.bank.example`, 'A')
    const asked = resolver.asked.filter(({ name }) => name !== '.')
    const steps = (values: number[]) => new Set(values.map((value, i) => value - (values[i - 1] ?? 0))).size
    assert.ok(steps(asked.map(({ id }) => id)) > 35)
    assert.ok(steps(asked.map(({ port }) => port)) > 30)
  })

  it('is not made of what is no domain name', async () => {
    const names = [
      '',
      'a..example',
      '-'.repeat(64),
      `${'a'.repeat(60)}.`.repeat(5),
      'a b.example',
      'bücher.example',
      '.a',
    ]
    for (const name of names) {
      const { answer, resolver } = await answerOf((q) => q.reply({ answers: [a()] }), 'A', name)
      assert.match(answer.kind === 'failed' ? answer.why : '', /not a domain name/, name)
      assert.deepEqual(resolver.asked, [])
    }
  })
})

describe('a message made to be slow', () => {
  const over = (records: number) => (q: Asked) =>
    q.over === 'udp' ? q.reply({ truncated: true }) : q.send(slowToRead(q, records))

  it('is not read where it has more records than any name', async () => {
    const { answer } = await answerOf(over(129), 'A')
    assert.match(answer.kind === 'failed' ? answer.why : '', /cannot be read/)
  })

  it('is read soon', async () => {
    const before = process.cpuUsage()
    const { answer } = await answerOf(over(128), 'A')
    const { user } = process.cpuUsage(before)
    assert.equal(answer.kind, 'none')
    assert.ok(user < 150_000, `took ${user} µs`)
  })
})

/** Records whose owners are chains of eight thousand pointers. */
function slowToRead(asked: Asked, records: number): Buffer {
  const head = asked.message({})
  const inert = Buffer.from([0, 0, 255, 0, 1, 0, 0, 0, 9])
  const chain = Buffer.alloc((0x3f_00 - head.length) & ~1)
  for (let at = 2; at + 2 <= chain.length; at += 2)
    chain.writeUInt16BE(0xc0_00 | (head.length + 11 + at - 2), at)
  const holder = Buffer.concat([inert, Buffer.alloc(2), chain])
  holder.writeUInt16BE(chain.length, inert.length)
  const last = head.length + holder.length - 2
  const others = Array.from({ length: records - 1 }, () => {
    const record = Buffer.from([0, 0, 0, 255, 0, 1, 0, 0, 0, 9, 0, 0])
    record.writeUInt16BE(0xc0_00 | (last & 0x3f_ff), 0)
    return record
  })
  head.writeUInt16BE(records, 6)
  return Buffer.concat([head, holder, ...others])
}
