import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { PartnerCheck } from '../../plugins/enforce-tls/check/types.js'
import { openOwnPartners } from '../../plugins/enforce-tls/cli/partners.js'
import { fingerprints, makeAuthority, validity } from '../support/certificates.js'
import { startPartners, type TestPartners } from '../support/partners.js'
import { cut, dripForever, replyAndCut, silence } from '../support/peer-steps.js'
import { rulesDocument } from '../support/rules.js'
import { enforceTls, inProcess, type FakeTerminal, type Ran } from './enforce-tls.js'

const EVIL = '\x1b[31m\x07\u202eevil'
const LONG = `${'long-label.'.repeat(20)}example`

let world: TestPartners | string
let bankFingerprint: string
before(async () => {
  const authority = await makeAuthority('Test CA')
  const bank = await authority.issue({
    dnsNames: ['mx.bank.example', ...Array.from({ length: 30 }, (_, n) => `name${n}.bank.example`)],
  })
  bankFingerprint = fingerprints(bank.cert).publicKey
  const inDays = (days: number) => ({ notAfter: new Date(Date.now() + days * 86_400_000 + 3_600_000) })
  world = await startPartners(
    {
      'bank.example': { tls: bank },
      'soon.example': { tls: await authority.issue({ dnsNames: ['mx.soon.example'], ...inDays(13) }) },
      'later.example': { tls: await authority.issue({ dnsNames: ['mx.later.example'], ...inDays(15) }) },
      'self.example': {},
      'expired.example': {
        tls: await authority.issue({ dnsNames: ['mx.expired.example'], ...validity.expired() }),
      },
      'plain.example': { starttls: false },
      'local.example': { starttls: false },
      'busy.example': { on: { connect: `421 4.3.2 ${EVIL} ${'busy '.repeat(100)}` } },
      'silent.example': { on: { EHLO: silence } },
      'evil.example': {
        on: { STARTTLS: `554 ${EVIL}` },
      },
      'xn--bcher-kva.example': { tls: await authority.issue({ dnsNames: ['mx.xn--bcher-kva.example'] }) },
      'odd.example': { tls: await authority.issue({ dnsNames: [LONG, `x${EVIL}.example`], keyType: 'rsa' }) },
      'old.example': { tls: { maxVersion: 'TLSv1.2' } },
      'sha1.example': {
        tls: {
          ...(await authority.issue({ dnsNames: ['mx.sha1.example'], signatureHash: 'SHA-1' })),
          ciphers: 'DEFAULT:@SECLEVEL=0',
        },
      },
      'cn-only.example': { tls: await authority.issue({ commonName: 'mx.cn-only.example' }) },
      'client-only.example': {
        tls: await authority.issue({ dnsNames: ['mx.client-only.example'], clientOnly: true }),
      },
      'not-yet.example': {
        tls: await authority.issue({ dnsNames: ['mx.not-yet.example'], ...validity.notYetValid() }),
      },
      'stranger.example': {
        tls: await (await makeAuthority('Stranger')).issue({ dnsNames: ['mx.stranger.example'] }),
      },
      'wants-client.example': { tls: { minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: true } },
      'wants-client-12.example': {
        tls: { maxVersion: 'TLSv1.2', requestCert: true, rejectUnauthorized: true },
      },
      'busy-inside.example': { onSecure: { EHLO: '421 4.3.2 too busy' } },
      'refuses-inside.example': { onSecure: { EHLO: replyAndCut('554 5.7.1 not you') } },
      'helo-inside.example': { onSecure: { EHLO: '502 5.5.1 what?' } },
      'drops-inside.example': { onSecure: { EHLO: cut } },
      'closes-inside.example': { onSecure: { EHLO: (session) => session.end() } },
      'silent-inside.example': { onSecure: { EHLO: silence } },
      'garbage-inside.example': { onSecure: { EHLO: 'hello' } },
      'drips-inside.example': { onSecure: { EHLO: dripForever('250-x', 100) } },
      'picky.example': {
        rcptReplies: {
          'nobody@picky.example': '550 5.1.1 no such user',
          'full@picky.example': '452 4.2.2 mailbox full',
        },
      },
      'no-mail.example': { onSecure: { MAIL: '530 5.7.0 authentication required' } },
      'bye.example': { on: { EHLO: replyAndCut('554 5.7.1 no') } },
    },
    {
      zones: {
        'null.example': { mx: [{ preference: 0, exchange: '' }] },
        'fails.example': { servfail: true },
        'direct.example': { a: ['127.255.255.1'] },
        'homeless.example': { mx: [{ preference: 10, exchange: 'nobody.homeless.example' }] },
        'two.example': {
          mx: [
            { preference: 20, exchange: 'mx.bank.example' },
            { preference: 10, exchange: 'mx.plain.example' },
          ],
        },
      },
      config: {
        'enforce-tls.ini':
          '[main]\ntrusted_next_hops[]=mx.local.example\n[store]\ntype=file\n[tls]\nca=ca.pem\nhandshake_timeout=4s\nreply_timeout=4s\n',
        'ca.pem': authority.cert,
        me: 'mail.acme.example\n',
        'enforce-tls.rules.json': JSON.stringify({
          ...rulesDocument({
            'acme.example': [
              { to: ['bank.example', 'self.example', 'soon.example'], action: { level: 'verify' } },
              { to: ['cfo@plain.example', '.plain.example'] },
              { to: ['busy.example'], enabled: false },
              { to: ['busy.example'], action: { level: 'none' } },
            ],
            'bob@acme.example': [{ to: ['group:banks'], action: { level: 'verify' } }],
            'covered.example': [
              { to: ['bank.example'], action: { level: 'none' } },
              { to: ['*'], action: { level: 'encrypt' } },
              { to: ['bank.example', 'self.example'], action: { level: 'verify' } },
            ],
            'on-1.3.example': [{ to: ['old.example'], action: { level: 'encrypt', minVersion: 'TLSv1.3' } }],
          }),
          groups: { banks: ['bank.example', 'cfo@plain.example', '.bank.example', '*'] },
        }),
      },
    },
  )
})
after(async () => {
  if (typeof world !== 'string') await world[Symbol.asyncDispose]()
})

/** Runs `check` in the folder; `null` where that is not possible. */
async function check(t: TestContext, args: readonly string[], fake: FakeTerminal = {}): Promise<Ran | null> {
  if (typeof world === 'string') {
    t.skip(world)
    return null
  }
  const words = ['check', ...args, '--config', world.folder, '--dns', world.dns.address]
  return inProcess(words, { partners: openOwnPartners, ...fake })
}

/** The data of a check, and the exit code. */
async function checked(t: TestContext, ...args: readonly string[]) {
  const ran = await check(t, [...args, '--json'])
  if (!ran) return null
  assert.equal(ran.stderr, '')
  return { code: ran.code, data: JSON.parse(ran.stdout) as PartnerCheck }
}

const inColumns = (text: string) => text.split('\n').filter((line) => /^[│┌├└]/.test(line))

describe('check of one partner', () => {
  const ROWS: readonly (readonly [args: string, code: 0 | 1 | 3, reason: RegExp])[] = [
    ['bank.example', 0, /^mx\.bank\.example \(127[\d.]+:25\) fulfils the requirement$/],
    ['bank.example --level verify', 0, /fulfils/],
    ['bank.example --level secure', 0, /fulfils/],
    ['BANK.Example. --level secure', 0, /fulfils/],
    ['self.example', 0, /fulfils/],
    ['self.example --level verify', 1, /is not trusted: it is self-signed$/],
    ['expired.example --level verify', 1, /expired on/],
    ['plain.example', 1, /^mx\.plain\.example does not offer STARTTLS$/],
    ['local.example', 0, /^mx\.local\.example .* counts as secure without TLS \(trusted_next_hops\)$/],
    ['busy.example', 3, /^mx\.busy\.example answered the connection with 421/],
    ['silent.example', 3, /^mx\.silent\.example did not send the reply to EHLO in time$/],
    ['bye.example', 1, /rejected EHLO/],
    ['old.example', 0, /fulfils/],
    ['old.example --min-version TLSv1.3', 1, /failed the TLS handshake/],
    ['sha1.example --level verify', 1, /is not trusted: its signature algorithm is too weak$/],
    ['sha1.example', 0, /fulfils/],
    [
      'cn-only.example --level verify',
      1,
      /has a certificate with its name in the common name only, which is no longer accepted$/,
    ],
    ['client-only.example --level verify', 1, /is not trusted: it is not meant for a server$/],
    ['not-yet.example --level verify', 1, /is not trusted: it is not valid yet$/],
    [
      'stranger.example --level verify',
      1,
      /its issuer is unknown, or its server does not send the whole chain$/,
    ],
    // Inside TLS
    [
      'wants-client.example',
      1,
      /^mx\.wants-client\.example ended TLS right after the handshake: .*alert.*certificate required/,
    ],
    ['wants-client-12.example', 1, /failed the TLS handshake/],
    ['busy-inside.example', 3, /answered EHLO inside TLS with 421 4\.3\.2 too busy$/],
    ['refuses-inside.example', 1, /answered EHLO inside TLS with 554 5\.7\.1 not you$/],
    ['helo-inside.example', 0, /fulfils/],
    ['drops-inside.example', 3, /closed the connection right after the TLS handshake, without a reply$/],
    ['closes-inside.example', 3, /closed the connection right after the TLS handshake, without a reply$/],
    ['silent-inside.example', 3, /did not send the reply to EHLO inside TLS in time$/],
    ['drips-inside.example', 3, /did not send the reply to EHLO inside TLS in time$/],
    ['garbage-inside.example', 1, /sent "hello" instead of an SMTP reply at the reply to EHLO inside TLS$/],
    // The recipient
    ['--rcpt cfo@picky.example', 0, /fulfils/],
    ['picky.example --rcpt cfo@picky.example --from ann@acme.example', 0, /fulfils/],
    ['--rcpt nobody@picky.example', 1, /answered RCPT inside TLS with 550 5\.1\.1 no such user$/],
    ['--rcpt full@picky.example', 3, /answered RCPT inside TLS with 452 4\.2\.2 mailbox full$/],
    ['no-mail.example', 0, /fulfils/],
    ['--rcpt cfo@no-mail.example', 1, /answered MAIL inside TLS with 530 5\.7\.0/],
    ['null.example', 1, /accepts no mail/],
    ['nowhere.example', 1, /has no mail server/],
    ['fails.example', 3, /ESERVFAIL/],
    ['homeless.example', 3, /nobody\.homeless\.example has no address, or DNS did not answer/],
    // Without an MX record a domain is its own mail server (RFC 5321 section 5.1).
    ['direct.example', 3, /^direct\.example could not be reached: connect ECONNREFUSED 127\.255\.255\.1:25$/],
    ['two.example', 0, /^mx\.bank\.example/],
    ['bücher.example --level secure', 0, /^mx\.xn--bcher-kva\.example/],
    ['cfo@plain.example --mx mx.bank.example', 0, /^mx\.bank\.example/],
    ['bank.example --mx 127.0.0.1:1', 3, /could not be reached: connect ECONNREFUSED/],
    // By rules
    ['bank.example --from ann@acme.example', 0, /fulfils/],
    ['self.example --from ann@acme.example', 1, /self-signed/],
    ['self.example --from ann@other.example', 0, /fulfils/],
    ['self.example --from ann@acme.example --level encrypt', 0, /fulfils/],
    ['old.example --from ann@on-1.3.example', 1, /handshake/],
  ]
  for (const [args, code, reason] of ROWS) {
    it(`${args}: exit code ${code}`, async (t) => {
      const found = await checked(t, ...args.split(' '))
      if (!found) return
      assert.match(found.data.reason, reason)
      assert.equal(found.code, code)
      assert.equal(
        { delivered: 0, free: 0, rerouted: 0, waits: 1, bounced: 1, 'not-known': 3 }[found.data.verdict],
        code,
      )
    })
  }

  it('tells all that was found as data', async (t) => {
    const found = await checked(t, 'bank.example', '--fingerprint', bankFingerprint)
    if (!found || typeof world === 'string') return
    const { hosts, checkedAt, ...rest } = found.data
    assert.ok(Date.parse(checkedAt) > 0)
    assert.deepEqual(rest, {
      domain: 'bank.example',
      recipient: null,
      level: 'fingerprint',
      requirement: {
        level: 'fingerprint',
        trusted: false,
        namesHost: false,
        namesAnyOf: [],
        fingerprintsAnyOf: [[bankFingerprint]],
        encrypted: true,
        published: [],
      },
      decidedBy: [],
      verdict: 'delivered',
      reason: rest.reason,
      // A name server of the tests is no resolver that validates.
      dane: {
        outcome: 'unknown',
        sentence: `DANE and MTA-STS were not checked: ${world.dns.address} cannot validate DNSSEC: it does not answer as a resolver for the root zone. Name a resolver that validates with --dns.`,
      },
      mtaSts: null,
      tlsReports: null,
      levels: ['encrypt', 'fingerprint', 'verify', 'secure'],
      remarks: [],
    })
    assert.equal(hosts.length, 1)
    const [host] = hosts
    assert.ok(host?.certificate)
    const { certificate, ...session } = host
    assert.deepEqual(session, {
      host: 'mx.bank.example',
      priority: 10,
      to: host.to,
      reachable: true,
      starttls: true,
      requiretls: false,
      protocol: 'TLSv1.3',
      cipher: host.cipher,
      levels: ['encrypt', 'fingerprint', 'verify', 'secure'].map((level) => ({
        level,
        passes: true,
        class: null,
        detail: null,
      })),
      dialogue: [
        {
          asked: 'EHLO mail.acme.example',
          answered: '250 mx.bank.example 8BITMIME SMTPUTF8 SIZE 10485760',
        },
      ],
      dane: null,
      listed: null,
      free: null,
      remark: null,
      trustedNextHop: false,
      failure: null,
    })
    assert.match(host.cipher ?? '', /^TLS_/)
    assert.equal(certificate.fingerprints.publicKey, bankFingerprint)
    assert.equal(certificate.names.length, 31)
  })

  it('asks every host, also behind one that would do, and sends no MAIL', async (t) => {
    const found = await checked(t, 'two.example')
    if (!found || typeof world === 'string') return
    assert.deepEqual(
      found.data.hosts.map(({ host, priority, failure }) => [host, priority, failure?.class ?? null]),
      [
        ['mx.plain.example', 10, 'starttls-not-supported'],
        ['mx.bank.example', 20, null],
      ],
    )
    for (const domain of ['bank.example', 'plain.example']) {
      await world.peers[domain]?.waitForSilence()
      const { connections = [] } = world.peers[domain] ?? {}
      const verbs: string[] = connections.flatMap(({ commands }) => commands.map(({ verb }) => verb))
      assert.deepEqual(
        [...new Set(verbs)].sort(),
        domain === 'bank.example' ? ['EHLO', 'QUIT', 'STARTTLS'] : ['EHLO', 'QUIT'],
      )
    }
  })

  it('asks about a recipient, never sends DATA, and says what was asked and answered', async (t) => {
    const ran = await check(t, ['--rcpt', 'CFO@picky.example', '--from', 'ann@acme.example'])
    if (!ran || typeof world === 'string') return
    assert.match(ran.stdout, /^ {2}inside TLS +EHLO mail\.acme\.example: 250 mx\.picky\.example/m)
    assert.match(ran.stdout, /^ +MAIL FROM:<ann@acme\.example>: 250 2\.0\.0 ok$/m)
    assert.match(ran.stdout, /^ +RCPT TO:<CFO@picky\.example>: 250 2\.1\.5 recipient ok$/m)
    const peer = world.peers['picky.example']
    await peer?.waitForSilence()
    const verbs = peer?.connections.at(-1)?.verbs('tls')
    assert.deepEqual(verbs, ['EHLO', 'MAIL', 'RCPT', 'RSET', 'QUIT'])
    assert.deepEqual(peer?.cleartextAfterEhlo(), [])
  })

  it('does not name the recipient to a server whose certificate is not the right one', async (t) => {
    const found = await checked(t, '--rcpt', 'cfo@picky.example', '--level', 'verify')
    if (!found || typeof world === 'string') return
    assert.match(found.data.reason, /self-signed/)
    const peer = world.peers['picky.example']
    await peer?.waitForSilence()
    assert.deepEqual(peer?.connections.at(-1)?.verbs('tls'), ['EHLO', 'QUIT'])
  })

  for (const [args, words] of [
    ['bank.example --rcpt cfo@picky.example', /is not an address at bank\.example/],
    ['bank.example picky.example --rcpt cfo@picky.example', /one recipient/],
    ['--rcpt picky.example', /has no @/],
  ] as const)
    it(`takes no ${args}`, async (t) => {
      const ran = await check(t, args.split(' '))
      if (!ran) return
      assert.equal(ran.code, 2)
      assert.match(ran.stderr, words)
    })

  it('tells STARTTLS from what comes behind it', async (t) => {
    const ROWS = [
      ['old.example', true],
      ['plain.example', false],
      ['evil.example', true],
      ['silent.example', null],
    ] as const
    for (const [domain, starttls] of ROWS) {
      const found = await checked(t, domain, '--min-version', 'TLSv1.3')
      if (found) assert.deepEqual([domain, found.data.hosts[0]?.starttls], [domain, starttls])
    }
  })

  it('greets as the Haraka of the folder does', async (t) => {
    if (!(await checked(t, 'bank.example')) || typeof world === 'string') return
    const [first] = world.peers['bank.example']?.connections.at(-1)?.commands ?? []
    assert.equal(first?.line, 'EHLO mail.acme.example\r\n')
  })

  it('tells which rule requires it', async (t) => {
    const found = await checked(t, 'cfo@plain.example', '--from', 'ann@acme.example')
    if (!found) return
    assert.deepEqual(found.data.decidedBy, [{ owner: 'acme.example', id: 'rule2', name: 'Enforced TLS' }])
  })

  it('says that no rule requires anything', async (t) => {
    const ran = await check(t, ['self.example', '--from', 'ann@other.example'])
    if (ran)
      assert.match(ran.stdout, /^No rule requires anything of mail to self\.example; .* at level encrypt\.$/m)
  })

  it('warns of a certificate that runs out within 14 days, where the level looks at it', async (t) => {
    for (const level of ['verify', 'secure']) {
      const names = level === 'secure' ? ['--cert-name', 'mx.soon.example'] : []
      const ran = await check(t, ['soon.example', '--level', level, ...names])
      if (!ran) return
      assert.equal(ran.code, 0)
      const told =
        /^The certificate of mx\.soon\.example expires on [\d-]+, in 13 days; unless it is renewed, mail at level (\w+)/m
      assert.equal(told.exec(ran.stdout)?.[1], level)
    }
    for (const [domain, level] of [
      ['soon.example', 'encrypt'],
      ['later.example', 'verify'],
    ] as const) {
      const ran = await check(t, [domain, '--level', level])
      assert.equal(ran?.code, 0)
      assert.doesNotMatch(ran.stdout, /The certificate of/)
    }
  })

  it('shows a person facts that fit 80 columns, whatever is in them', async (t) => {
    for (const domain of ['odd.example', 'busy.example', 'evil.example', 'bank.example']) {
      const asked = [domain, '--fingerprint', 'ab'.repeat(32), '--level', 'encrypt']
      const ran = await check(t, asked, { columns: 80 })
      if (!ran) return
      const facts = ran.stdout.split('\n').filter((line) => /^ {2}(?:\S+(?: key)? {2,}| {8,})/.test(line))
      assert.ok(facts.length > 0)
      assert.deepEqual(
        // A name that is longer than a line is not cut, since it would look like another one.
        facts.filter((line) => line.length > 80 && !line.endsWith(`  ${LONG}`)),
        [],
      )
      assert.doesNotMatch(ran.stdout, /[\x00-\x09\x0b-\x1f\x7f\u202e]/) // eslint-disable-line no-control-regex
    }
  })
})

describe('check of many partners', () => {
  it('has a table of 80 columns, what was left out, and the exit code of the worst', async (t) => {
    if (typeof world === 'string') return t.skip(world)
    const list = join(world.folder, 'list.txt')
    writeFileSync(
      list,
      `# partners\r\nbank.example\r\n\nbusy.example # later\n${LONG}\n.sub.example\nbank.example\n`,
    )
    const ran = await check(t, ['--list', list, '--level', 'verify'])
    assert.ok(ran)
    assert.equal(ran.code, 1)
    assert.ok(inColumns(ran.stdout).length > 0)
    assert.deepEqual([...new Set(inColumns(ran.stdout).map((line) => line.length))], [80])
    assert.match(ran.stdout, /^3 partners: 1 delivered, 1 unknown, 1 bounces\.$/m)
    assert.match(ran.stdout, /^Not checked: \.sub\.example, it stands for all subdomains; name one\.$/m)
    assert.equal(ran.stderr, '')
    assert.doesNotMatch(ran.stdout, /--from <sender>/)
  })

  it('says at which level it judged where nobody named one', async (t) => {
    const ran = await check(t, ['group:banks'])
    if (!ran) return
    assert.match(ran.stdout, /^Checked at level encrypt, .* --from <sender> checks what the rules require /m)
    const named = await check(t, ['group:banks', '--level', 'verify'])
    assert.doesNotMatch(named?.stdout ?? '', /--from <sender>/)
  })

  for (const [lines, code, sum] of [
    ['bank.example\nbank.example', 0, '1 partner: 1 delivered, 0 unknown, 0 bounces.'],
    ['bank.example\nbusy.example', 3, '2 partners: 1 delivered, 1 unknown, 0 bounces.'],
    ['plain.example\nbank.example', 1, '2 partners: 1 delivered, 0 unknown, 1 bounces.'],
  ] as const)
    it(`ends a list of ${JSON.stringify(lines)} with exit code ${code}`, async (t) => {
      const ran = await check(t, ['--list', '-'], { answer: lines })
      if (!ran) return
      assert.equal(ran.code, code)
      assert.ok(ran.stdout.includes(`\n${sum}\n`), ran.stdout)
    })

  it('takes the members of a group, each at what the rules require of it', async (t) => {
    const ran = await check(t, ['group:banks', '--from', 'ann@acme.example', '--json'])
    if (!ran) return
    const data = JSON.parse(ran.stdout) as { checks: PartnerCheck[]; skipped: { pattern: string }[] }
    assert.deepEqual(
      data.checks.map(({ domain, recipient, level, verdict }) => [domain, recipient, level, verdict]),
      [
        ['bank.example', null, 'verify', 'delivered'],
        ['plain.example', 'cfo@plain.example', 'encrypt', 'bounced'],
      ],
    )
    assert.deepEqual(
      data.skipped.map(({ pattern }) => pattern),
      ['.bank.example', '*'],
    )
  })

  it('has beside the level what else is required, and of any certificate it speaks only where any will do', async (t) => {
    const partners = ['bank.example', 'self.example']
    const ran = await check(t, [...partners, '--require-onward', 'must', '--min-version', 'TLSv1.3'])
    if (!ran) return
    assert.match(ran.stdout, /encrypt/)
    assert.match(ran.stdout, /TLSv1\.3/)
    assert.match(ran.stdout, /only with REQUIRETLS/)
    assert.doesNotMatch(ran.stdout, /any certificate/)
    const offered = await check(t, [...partners, '--require-onward'])
    assert.match(offered?.stdout ?? '', /REQUIRETLS where/)
    assert.match(offered?.stdout ?? '', /any certificate/)
  })

  it('says in words which levels a server does not fulfil', async (t) => {
    const ran = await check(t, ['self.example'])
    if (!ran) return
    assert.match(ran.stdout, /verify: no, certificate not trusted/)
    assert.doesNotMatch(ran.stdout, /: no, \w+-\w+-/)
  })

  it('reads standard input, and shows how far it is on a terminal, not in the results', async (t) => {
    const ran = await check(t, ['--list', '-'], { answer: 'bank.example\nself.example\n', columns: 100 })
    if (!ran) return
    assert.equal(ran.code, 0)
    assert.match(ran.stderr, /2 of 2 partners/)
    assert.doesNotMatch(ran.stdout, / of 2 partners/)
  })

  it('asks no more partners at a time than it may', async (t) => {
    if (typeof world === 'string') return t.skip(world)
    const started = performance.now()
    const partners = ['silent.example', 'x@silent.example', 'y@silent.example']
    await check(t, [...partners, '--concurrency', '1'])
    assert.ok(performance.now() - started > 2900)
  })
})

describe('check of all partners that rules name', () => {
  it('asks each at what its rules require, and tells of certificates that run out', async (t) => {
    const ran = await check(t, ['--rules', '--json'])
    if (!ran) return
    const data = JSON.parse(ran.stdout) as { checks: PartnerCheck[]; skipped: { pattern: string }[] }
    assert.deepEqual(
      data.checks.map(({ domain, recipient, level, verdict, decidedBy }) => [
        recipient ?? domain,
        level,
        verdict,
        decidedBy.map(({ owner, id }) => `${owner} ${id}`),
      ]),
      [
        ['bank.example', 'verify', 'delivered', ['acme.example rule1', 'bob@acme.example rule1']],
        ['self.example', 'verify', 'bounced', ['acme.example rule1']],
        ['soon.example', 'verify', 'delivered', ['acme.example rule1']],
        ['cfo@plain.example', 'encrypt', 'bounced', ['acme.example rule2']],
        ['cfo@plain.example', 'verify', 'bounced', ['bob@acme.example rule1']],
        // By the rule above that comes first, not by the one that names it.
        ['self.example', 'encrypt', 'delivered', ['covered.example rule2']],
        ['old.example', 'encrypt', 'bounced', ['on-1.3.example rule1']],
      ],
    )
    assert.deepEqual(
      data.skipped.map(({ pattern }) => pattern),
      ['.plain.example', '.bank.example', '*'],
    )
    assert.match(
      data.checks[2]?.remarks.join() ?? '',
      /soon\.example expires on .* mail at level verify bounces/,
    )
    assert.equal(ran.code, 1)
  })

  it('leaves rules out that are not valid, and says so', async (t) => {
    if (typeof world === 'string') return t.skip(world)
    const file = join(world.folder, 'broken.json')
    const sound = rulesDocument({ 'acme.example': [] })
    writeFileSync(file, JSON.stringify({ ...sound, rules: { 'acme.example': { odd: { name: 'x' } } } }))
    const ran = await inProcess(['check', '--rules', '--file', file], { partners: openOwnPartners })
    assert.deepEqual([ran.code, ran.stderr], [0, ''])
    assert.match(
      ran.stdout,
      /^No enforcing rule names a partner\.\nNot valid, so its partners were left out: .*odd/,
    )
  })
})

describe('check that makes no sense', () => {
  const ROWS: readonly (readonly [args: string, code: number, said: RegExp])[] = [
    ['', 2, /say whom to check/],
    ['bank.example --rules', 2, /leave out the others/],
    ['--rules --level verify', 2, /--rules' cannot be used with option '--level/],
    ['bank..example', 2, /empty label/],
    ['.bank.example', 2, /nothing to check.*\n.*all subdomains/],
    ['*', 2, /nothing to check/],
    ['[192.0.2.1]', 2, /is an address of a host; name the domain, and ask that host with --mx/],
    ['192.0.2.1', 2, /is an address of a host/],
    ['bank.example --level none', 2, /Allowed choices are encrypt, fingerprint, verify, secure/],
    [
      'bank.example --level verify --otherwise none',
      1,
      /--otherwise needs --level dane, mta-sts or published/,
    ],
    ['bank.example --otherwise none', 1, /--otherwise needs --level dane, mta-sts or published/],
    ['bank.example --level dane --otherwise bounce', 2, /Allowed choices are defer, encrypt, none/],
    ['bank.example --level fingerprint', 1, /needs --fingerprint/],
    ['bank.example --fingerprint xyz', 1, /--fingerprint "xyz" is no SHA-256 fingerprint/],
    ['bank.example --cert-name a_b', 1, /--cert-name "a_b" has the label/],
    ['bank.example --mx mx.bank.example:0', 2, /no port from 1 to 65535/],
    ['bank.example --mx a:b:c', 2, /--mx "a:b:c"/],
    ['bank.example --concurrency 0', 2, /from 1 to 100/],
    ['bank.example --dns dns.example', 2, /--dns "dns.example" is not the address/],
    ['bank.example --from nobody', 1, /--from "nobody" has no @/],
    ['group:nobody', 1, /there is no group "nobody"; the groups are: banks/],
    ['--list /nowhere/list', 1, /--list \/nowhere\/list/],
  ]
  for (const [args, code, said] of ROWS) {
    it(`check ${args}: exit code ${code}`, async (t) => {
      if (typeof world === 'string') return t.skip(world)
      const words = args === '' ? [] : args.split(' ')
      const dns = args.includes('--dns') ? [] : ['--dns', world.dns.address]
      const ran = await inProcess(['check', ...words, '--config', world.folder, ...dns], {
        partners: openOwnPartners,
      })
      assert.match(ran.stderr, said)
      assert.deepEqual([ran.code, ran.stdout], [code, ''])
    })
  }
})

describe('check, as a program', () => {
  it('needs no folder and no store, and ends at once', async (t) => {
    if (typeof world === 'string') return t.skip(world)
    const ran = await enforceTls(['check', 'null.example', '--dns', world.dns.address], '/')
    assert.deepEqual([ran.code, ran.stderr], [1, ''])
    assert.match(ran.stdout, /^null\.example: mail would bounce\.\n {2}null\.example accepts no mail/)
  })

  it('leaves out a host that DNS says is this machine, as Haraka does', async (t) => {
    if (typeof world === 'string') return t.skip(world)
    const ran = await enforceTls(['check', 'bank.example', '--dns', world.dns.address], '/')
    assert.equal(ran.code, 3)
    assert.match(ran.stdout, /is this machine itself, which Haraka skips/)
  })

  it('ends where DNS does not answer, after the time that net-utils.ini gives it', async (t) => {
    if (typeof world === 'string') return t.skip(world)
    const silentDns = createSocket('udp4').bind(0, '127.0.0.1')
    await once(silentDns, 'listening')
    writeFileSync(join(world.folder, 'config', 'net-utils.ini'), '[dns]\ntimeout=500\n')
    const started = performance.now()
    const server = `127.0.0.1:${silentDns.address().port}`
    const ran = await enforceTls(['check', 'bank.example', '--config', world.folder, '--dns', server])
    silentDns.close()
    assert.equal(ran.code, 3)
    assert.match(ran.stdout, /DNS lookup of the mail servers of bank\.example failed: ETIMEOUT/)
    assert.ok(performance.now() - started < 6_000)
  })
})

describe('explain --probe', () => {
  it('tells what the real servers would do, as data and in words', async (t) => {
    if (typeof world === 'string') return t.skip(world)
    const words = ['explain', '--from', 'ann@acme.example', '--to', 'cfo@self.example', '--probe']
    const place = ['--config', world.folder, '--dns', world.dns.address]
    const run = (...more: string[]) => inProcess([...words, ...place, ...more], { partners: openOwnPartners })
    const { code, stdout } = await run('--json')
    const { probe } = JSON.parse(stdout) as { probe: PartnerCheck }
    assert.deepEqual(
      [code, probe.recipient, probe.level, probe.verdict],
      [0, 'cfo@self.example', 'verify', 'bounced'],
    )
    const shown = await run()
    assert.match(shown.stdout, /^Required: level verify/m)
    assert.match(shown.stdout, /^cfo@self\.example: mail would bounce\.$/m)
    assert.match(shown.stdout, /^Bounces\.$/m)
    assert.doesNotMatch(shown.stdout, /WHAT TO DO NEXT/)
    const withBounce = await run('--bounce')
    assert.match(
      withBounce.stdout,
      /^Bounces\.\n\nSubject: .*self\.example[^]*^WHAT TO DO NEXT$[^]*mx\.self\.example/m,
    )
    // A list goes on below its text, as in the mail.
    assert.match(withBounce.stdout, /^- \S.*\n {2}\S/m)
    const italian = await run('--bounce', '--language', 'it')
    assert.match(italian.stdout, /^Subject: Non inviato: [^]*^English text below\.$[^]*^WHAT TO DO NEXT$/m)
    const alone = await run('--language', 'it')
    assert.deepEqual([alone.code, /--language belongs to --bounce/.test(alone.stderr)], [2, true])
  })

  it('asks the host that --mx names', async (t) => {
    if (typeof world === 'string') return t.skip(world)
    const place = ['--config', world.folder, '--dns', world.dns.address]
    const words = ['explain', '--from', 'ann@acme.example', '--to', 'cfo@self.example', '--bounce', ...place]
    const named = await inProcess([...words, '--mx', 'mx.bank.example:25'], { partners: openOwnPartners })
    assert.match(named.stdout, /^mx\.bank\.example .*$/m)
    assert.doesNotMatch(named.stdout, /mx\.self\.example/)
  })

  it('is refused for incoming mail', async () => {
    const { code, stderr } = await inProcess([
      'explain',
      '--direction',
      'incoming',
      '--from',
      'a@b.example',
      '--to',
      'c@d.example',
      '--probe',
      '--file',
      '/nowhere',
    ])
    assert.deepEqual([code, /--probe is for outgoing mail/.test(stderr)], [2, true])
  })
})
