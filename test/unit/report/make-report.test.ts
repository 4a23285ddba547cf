import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DeliveryLogEntry } from '../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { makeReport } from '../../../plugins/enforce-tls/report/make-report.js'
import type { ReportQuery } from '../../../plugins/enforce-tls/report/report-query.js'
import { EnforcedTally } from '../../../plugins/enforce-tls/report/tallies.js'
import { entry, records } from '../../support/evidence-entries.js'

const NOW = new Date('2026-11-23T12:00:00Z')
const QUERY: ReportQuery = {
  since: new Date('2026-11-16T12:00:00Z'),
  until: NOW,
  owner: null,
  domain: null,
  now: NOW,
}

const reportOn = (entries: readonly DeliveryLogEntry[], query: Partial<ReportQuery> = {}) =>
  makeReport(records(...entries), { ...QUERY, ...query })

describe('a report', () => {
  it('of nothing has noughts and no entry', async () => {
    const report = await reportOn([])
    assert.equal(report.firstEntry, null)
    assert.deepEqual(report.enforced, {
      messages: 0,
      ...{ delivered: 0, rerouted: 0, bounced: 0, kept: 0, waiting: 0 },
      ...{ requiretls: 0, released: 0, other: 0, asUsual: 0, freed: 0 },
      ...{ waived: 0, waivedClear: 0, waivedTls: 0 },
    })
    assert.deepEqual([report.versions, report.partners, report.days, report.expiring], [[], [], [], []])
  })

  it('counts those of the delivered that were handed on with REQUIRETLS, whole and by partner and day', async () => {
    const report = await reportOn([
      entry({ protocol: 'TLSv1.3', requiretls: 'yes' }),
      entry({ protocol: 'TLSv1.3', requiretls: 'no' }),
      entry({ protocol: 'TLSv1.3' }),
      entry({ kind: 'attempt', result: 'secured', requiretls: 'yes' }),
      entry({ result: 'rerouted', requiretls: 'yes' }),
    ])
    const all = [report.enforced, report.partners[0]?.enforced, report.days[0]]
    for (const counts of all)
      assert.deepEqual([counts?.messages, counts?.delivered, counts?.requiretls], [4, 3, 1])
  })

  it('of a domain has nothing of others: neither what they waived nor what they handed on with REQUIRETLS', async () => {
    const of = (from: string) => [
      entry({ from, protocol: 'TLSv1.3', requiretls: 'yes' }),
      entry({
        from,
        kind: 'waiver',
        result: 'waived-sent',
        encrypted: 'false',
        rules: [{ owner: '*', id: 'r1' }],
      }),
      entry({ from, kind: 'notice', result: 'notice-delivered', rules: [{ owner: '*', id: 'r1' }] }),
    ]
    const others = [...of('other.example'), ...of('third.example')]
    const alone = await reportOn(of('acme.example'), { owner: 'acme.example' })
    assert.deepEqual(
      [alone.enforced.requiretls, alone.enforced.waived, alone.enforced.waivedClear],
      [1, 1, 1],
    )
    const { firstEntry, ...beside } = await reportOn([...others, ...of('acme.example'), ...others], {
      owner: 'acme.example',
    })
    assert.ok(firstEntry)
    assert.deepEqual({ ...beside, firstEntry }, alone)
    assert.equal((await reportOn(others, { owner: 'acme.example' })).firstEntry, null)
  })

  it('counts apart, once and by the worst of its attempts, what goes without since its sender waives it', async () => {
    const waiver = (uuid: string, result: string, encrypted?: string) =>
      entry({
        ...{ kind: 'waiver', uuid, item: uuid, result, level: 'dane' },
        ...(encrypted === undefined ? {} : { encrypted }),
      })
    const report = await reportOn([
      ...[waiver('A.1', 'waived'), waiver('A.1', 'waived-begun', 'false')],
      ...[
        waiver('A.1', 'waived'),
        waiver('A.1', 'waived-begun', 'true'),
        waiver('A.1', 'waived-sent', 'true'),
      ],
      ...[
        waiver('B.1', 'waived'),
        waiver('B.1', 'waived-begun', 'true'),
        waiver('B.1', 'waived-sent', 'true'),
      ],
      // No server said that it took it.
      ...[waiver('C.1', 'waived'), waiver('C.1', 'waived-begun', 'true')],
      ...[waiver('D.1', 'waived'), waiver('D.1', 'waived-begun'), waiver('D.1', 'waived-sent')],
      // The settings have changed: what went in the clear has, and then a rule was kept.
      ...[waiver('E.1', 'waived'), waiver('E.1', 'waived-begun', 'false')],
      entry({ uuid: 'E.1', item: 'E.1', protocol: 'TLSv1.3' }),
      // It had waited for a rule.
      ...[entry({ uuid: 'F.1', item: 'F.1', result: 'deferred' }), waiver('F.1', 'waived')],
    ])
    for (const counts of [report.enforced, report.partners[0]?.enforced, report.days[0]])
      assert.deepEqual(
        [counts?.messages, counts?.delivered, counts?.waiting, counts?.waived],
        [1, 1, 0, 5],
        'messages, delivered, waiting, waived',
      )
    assert.deepEqual([report.enforced.waivedClear, report.enforced.waivedTls], [1, 1])
    assert.equal(report.attemptedWithout, 1)
  })

  it('counts nothing of REQUIRETLS as a wish, but that it was delivered as usual', async () => {
    const wish = (more: Partial<DeliveryLogEntry>) =>
      entry({ level: 'none', rules: [{ owner: '*', id: 'requiretls' }], item: more.uuid ?? '', ...more })
    const report = await reportOn([
      wish({ kind: 'attempt', result: 'as-usual', uuid: 'A.1', encrypted: 'false' }),
      wish({ result: 'delivered-as-usual', uuid: 'A.1' }),
      wish({ kind: 'attempt', result: 'as-usual', uuid: 'B.1', encrypted: 'false' }),
      wish({ result: 'bounced', uuid: 'B.1' }),
      wish({ result: 'deferred', uuid: 'C.1' }),
    ])
    const { messages, asUsual, bounced, waiting } = report.enforced
    assert.deepEqual(
      { messages, asUsual, bounced, waiting },
      { messages: 0, asUsual: 1, bounced: 0, waiting: 0 },
    )
    assert.equal(report.attemptedWithout, 0)
  })

  it('counts final results, and a message that waits only until it has one', async () => {
    const deferred = entry({ result: 'deferred', at: '2026-11-19T10:00:00.000Z' })
    const report = await reportOn([
      entry({ protocol: 'TLSv1.3' }),
      entry({ protocol: 'TLSv1.3' }),
      entry({ protocol: 'TLSv1.2', domain: 'clinic.example' }),
      entry({ domain: 'socket.example' }),
      entry({ result: 'bounced' }),
      entry({ result: 'kept', from: '' }),
      deferred,
      { ...deferred, id: 'again' },
      entry({ result: 'deferred', uuid: 'W.1' }),
      entry({ uuid: deferred.uuid, protocol: 'TLSv1.3' }),
    ])
    assert.deepEqual(report.enforced, {
      messages: 8,
      ...{ delivered: 5, rerouted: 0, bounced: 1, kept: 1, waiting: 1 },
      ...{ requiretls: 0, released: 0, other: 0, asUsual: 0, freed: 0 },
      ...{ waived: 0, waivedClear: 0, waivedTls: 0 },
    })
    assert.deepEqual(report.versions, [
      { version: 'TLSv1.3', messages: 3, share: 0.6 },
      { version: 'TLSv1.2', messages: 1, share: 0.2 },
      { version: null, messages: 1, share: 0.2 },
    ])
    assert.deepEqual(
      report.partners.map(({ domain, enforced, versions }) => [domain, enforced.messages, versions]),
      [
        ['bank.example', 6, { 'TLSv1.3': 3 }],
        ['clinic.example', 1, { 'TLSv1.2': 1 }],
        ['socket.example', 1, { none: 1 }],
      ],
    )
    assert.deepEqual(
      report.days.map(({ date, messages }) => [date, messages]),
      [['2026-11-20', 8]],
    )
  })

  it('counts an entry that was written twice once', async () => {
    const twice = entry()
    assert.equal((await reportOn([twice, twice])).enforced.messages, 1)
  })

  it('has failures by class and partner, most first', async () => {
    const failed = (domain: string, name: string) =>
      entry({ kind: 'attempt', result: 'failed', domain, class: name })
    const report = await reportOn([
      failed('a.example', 'starttls-refused'),
      failed('b.example', 'certificate-expired'),
      failed('b.example', 'certificate-expired'),
      failed('a.example', 'certificate-expired'),
      failed('a.example', 'no-class-of-ours'),
      entry({ kind: 'attempt', result: 'failed', domain: 'a.example' }),
    ])
    assert.deepEqual(report.failures, [
      {
        class: 'certificate-expired',
        attempts: 3,
        messages: 3,
        partners: [
          { domain: 'b.example', attempts: 2 },
          { domain: 'a.example', attempts: 1 },
        ],
      },
      {
        class: 'starttls-refused',
        attempts: 1,
        messages: 1,
        partners: [{ domain: 'a.example', attempts: 1 }],
      },
    ])
  })

  it('counts a message that several rules in mode report saw once, with the worst of what they say', async () => {
    const seen = (uuid: string, id: string, result: string, domain = 'bank.example') =>
      entry({ kind: 'report', uuid, result, domain, rules: [{ owner: 'acme.example', id }] })
    const report = await reportOn([
      seen('1', 'r1', 'would-deliver'),
      seen('1', 'r2', 'unknown'),
      seen('2', 'r1', 'would-bounce', 'clinic.example'),
      seen('2', 'r2', 'would-bounce', 'clinic.example'),
      seen('3', 'r1', 'would-deliver'),
      seen('4', 'r1', 'unknown'),
      seen('4', 'r2', 'would-wait', 'clinic.example'),
      seen('5', 'r2', 'would-deliver'),
      seen('5', 'r2', 'would-deliver-as-usual'),
    ])
    const none = { wouldBounce: 0, wouldWait: 0, wouldDeliver: 0, wouldDeliverAsUsual: 0, unknown: 0 }
    const one = { wouldBounce: 1, wouldWait: 1, wouldDeliver: 1, wouldDeliverAsUsual: 1, unknown: 1 }
    assert.deepEqual(report.reported, { ...one, messages: 5 })
    assert.deepEqual(
      report.rules.map(({ id, reported, partners }) => [id, reported, partners]),
      [
        [
          'r1',
          { ...none, messages: 4, wouldBounce: 1, wouldDeliver: 2, unknown: 1 },
          [{ domain: 'clinic.example', wouldBounce: 1, wouldWait: 0 }],
        ],
        [
          'r2',
          { ...one, messages: 4, wouldDeliver: 0 },
          [{ domain: 'clinic.example', wouldBounce: 1, wouldWait: 1 }],
        ],
      ],
    )
    assert.equal(report.days[0]?.wouldBounce, 1)
    assert.equal(report.days[0].wouldWait, 1)
  })

  it('counts what was delivered as usual apart: never as mail that requires TLS, nor by TLS version', async () => {
    const deferred = entry({ result: 'deferred', level: 'dane' })
    const report = await reportOn([
      entry({ protocol: 'TLSv1.3' }),
      entry({ result: 'delivered-as-usual', level: 'dane', domain: 'plain.example' }),
      deferred,
      entry({ result: 'delivered-as-usual', level: 'dane', uuid: deferred.uuid }),
    ])
    const { messages, delivered, waiting, asUsual } = report.enforced
    assert.deepEqual([messages, delivered, waiting, asUsual], [1, 1, 0, 2])
    assert.deepEqual(report.versions, [{ version: 'TLSv1.3', messages: 1, share: 1 }])
    assert.deepEqual(
      report.partners.map(({ domain, enforced }) => [domain, enforced.messages, enforced.asUsual]),
      [
        ['bank.example', 1, 1],
        ['plain.example', 0, 1],
      ],
    )
    assert.equal(report.days[0]?.asUsual, 2)
  })

  it('counts what was released apart, never as delivered, and says who, when, why and which message', async () => {
    const rules = [{ owner: 'acme.example', id: 'r1', name: 'First Bank' }]
    const released = (result: string, at: string, more: Partial<DeliveryLogEntry> = {}) =>
      entry({ kind: 'release', uuid: 'R.1', result, at: `2026-11-20T${at}:00.000Z`, rules, ...more })
    const why = { by: 'ann@helpdesk', reason: 'due today' }
    const names = { sender: 'ann@acme.example', to: ['cfo@bank.example', 'hmac:abc'], recipients: 2 }
    const report = await reportOn([
      entry({ result: 'deferred', uuid: 'R.1' }),
      released('granted', '11:00', { ...why, ...names }),
      released('sent', '11:05', { ...why, ...names }),
      released('granted', '12:00', { ...why, uuid: 'S.1', sender: 'hmac:def' }),
      entry({ protocol: 'TLSv1.3' }),
    ])
    const { messages, delivered, waiting, released: count } = report.enforced
    assert.deepEqual([messages, delivered, waiting, count], [2, 1, 0, 1])
    assert.deepEqual(report.versions, [{ version: 'TLSv1.3', messages: 1, share: 1 }])
    assert.deepEqual(report.partners[0]?.enforced, report.enforced)
    assert.equal(report.days[0]?.released, 1)
    const named = [{ ...rules[0], unique: true }]
    assert.deepEqual(report.releases, [
      {
        ...{ order: null, uuid: 'R.1', domain: 'bank.example', recipients: 2, ...why, rules: named },
        ...{
          granted: '2026-11-20T11:00:00.000Z',
          begun: null,
          sent: '2026-11-20T11:05:00.000Z',
          how: 'unknown',
          outcome: null,
        },
        ...{ from: 'ann@acme.example', to: ['cfo@bank.example'] },
      },
      {
        ...{ order: null, uuid: 'S.1', domain: 'bank.example', recipients: 1, ...why, rules: named },
        ...{ granted: '2026-11-20T12:00:00.000Z', begun: null, sent: null, how: null, outcome: null },
        ...{ from: 'acme.example', to: [] },
      },
    ])
  })

  it('counts a message that went without at an attempt and was delivered over TLS in the end, but none twice', async () => {
    const begun = { kind: 'release', result: 'begun', by: 'ann', reason: 'due' } as const
    const report = await reportOn([
      entry({ ...begun, uuid: 'A.1', encrypted: 'false' }),
      entry({ uuid: 'A.1', protocol: 'TLSv1.3' }),
      // The worst of all times is told.
      entry({ ...begun, uuid: 'B.1', encrypted: 'false' }),
      entry({ ...begun, uuid: 'B.1', result: 'sent', encrypted: 'true' }),
      // To a trusted next hop: first in vain, then with success.
      entry({ kind: 'attempt', result: 'failed', uuid: 'C.1', encrypted: 'false' }),
      entry({ uuid: 'C.1' }),
      entry({ kind: 'attempt', result: 'failed', uuid: 'D.1', encrypted: 'false' }),
      entry({ uuid: 'D.1', protocol: 'TLSv1.3' }),
    ])
    assert.equal(report.attemptedWithout, 2)
    assert.deepEqual(
      report.releases.map(({ uuid, how }) => [uuid, how]),
      [
        ['A.1', 'clear'],
        ['B.1', 'clear'],
      ],
    )
  })

  it('does not count as waiting what was freed, nor among what required TLS', async () => {
    const report = await reportOn([
      entry({ uuid: 'A.1', result: 'deferred' }),
      entry({ uuid: 'A.1', result: 'freed' }),
      entry({ uuid: 'B.1', result: 'deferred' }),
    ])
    const { messages, waiting, freed, other } = report.enforced
    assert.deepEqual([messages, waiting, freed, other], [1, 1, 1, 0])
  })

  it('counts a message once that needed TLS, then not, and then again', async () => {
    const report = await reportOn([
      ...['deferred', 'freed', 'deferred', 'freed'].map((result) => entry({ uuid: 'A.1', result })),
      ...['deferred', 'freed', 'deferred'].map((result) => entry({ uuid: 'B.1', result })),
      ...['deferred', 'freed', 'delivered'].map((result) => entry({ uuid: 'C.1', result })),
    ])
    const { messages, waiting, delivered, freed } = report.enforced
    assert.deepEqual([messages, waiting, delivered, freed], [2, 1, 1, 1])
  })

  for (const [result, place] of [
    ['rerouted', 'rerouted'],
    ['via-gateway', 'rerouted'],
    ['of-a-version-to-come', 'other'],
    ['messages', 'other'],
    ['constructor', 'other'],
  ] as const)
    it(`counts ${result} as required, and never as delivered`, () => {
      const tally = new EnforcedTally()
      tally.add('delivered')
      tally.add(result)
      const { messages, delivered, [place]: count } = tally.counts()
      assert.deepEqual([messages, delivered, count], [2, 1, 1])
    })

  it('counts recipients of incoming mail', async () => {
    const report = await reportOn([
      entry({ kind: 'refusal', result: 'refused' }),
      entry({ kind: 'refusal', result: 'would-refuse' }),
      entry({ kind: 'refusal', result: 'would-refuse' }),
    ])
    assert.deepEqual(report.incoming, { refused: 1, wouldRefuse: 2 })
  })

  it('names certificates that expire within 14 days where a rule relies on them, by the last one seen', async () => {
    const shown = (domain: string, expires: string, more: Partial<DeliveryLogEntry> = {}) =>
      entry({
        kind: 'attempt',
        result: 'secured',
        level: 'verify',
        domain,
        mx: `mx.${domain}`,
        expires,
        issuer: 'CN=CA',
        fingerprint: 'AB',
        ...more,
      })
    const report = await reportOn([
      shown('soon.example', '2026-12-07T11:59:59.000Z'),
      shown('later.example', '2026-12-07T12:00:00.000Z'),
      shown('renewed.example', '2026-11-24T00:00:00.000Z'),
      shown('renewed.example', '2027-11-24T00:00:00.000Z'),
      shown('any-will-do.example', '2026-11-24T00:00:00.000Z', { level: 'encrypt' }),
      shown('pinned.example', '2026-11-24T00:00:00.000Z', { level: 'fingerprint' }),
      shown('published.example', '2026-11-25T12:00:00.000Z', {
        level: 'published',
        verified: 'chain,host-name,mta-sts',
      }),
      shown('dane.example', '2026-11-24T00:00:00.000Z', { level: 'published', verified: 'dane' }),
      shown('gone.example', '2026-11-22T12:00:00.000Z', { level: 'secure', result: 'failed' }),
    ])
    assert.deepEqual(
      report.expiring.map(({ domain, host, level, daysLeft }) => [domain, host, level, daysLeft]),
      [
        ['gone.example', 'mx.gone.example', 'secure', -1],
        ['published.example', 'mx.published.example', 'published', 2],
        ['soon.example', 'mx.soon.example', 'verify', 13],
      ],
    )
  })

  const ENTRIES = [
    entry({ from: 'acme.example', rules: [{ owner: '*', id: 'all' }] }),
    entry({
      from: 'acme.example',
      domain: 'clinic.example',
      rules: [{ owner: 'bob@acme.example', id: 'b' }],
    }),
    entry({ from: 'sub.acme.example', rules: [{ owner: '*', id: 'all' }] }),
    entry({
      kind: 'refusal',
      from: 'partner.example',
      domain: 'acme.example',
      result: 'refused',
      rules: [{ owner: 'acme.example', id: 'in' }],
    }),
  ]
  for (const [what, query, messages, refused] of [
    ['everybody', {}, 3, 1],
    ['a domain: its senders, and refusals for it', { owner: 'acme.example' }, 2, 1],
    ['another domain', { owner: 'partner.example' }, 0, 0],
    ['one sender: what its rules decided', { owner: 'bob@acme.example' }, 1, 0],
    ['the whole service: what its rules decided', { owner: '*' }, 2, 0],
    ['one partner', { domain: 'clinic.example' }, 1, 0],
    ['a time before', { until: new Date('2026-11-20T10:00:00.000Z') }, 0, 0],
    ['a time that begins with it', { since: new Date('2026-11-20T10:00:00.000Z') }, 3, 1],
    ['a time after', { since: new Date('2026-11-20T10:00:00.001Z') }, 0, 0],
  ] as const) {
    it(`of ${what}`, async () => {
      const report = await reportOn(ENTRIES, query)
      assert.deepEqual([report.enforced.messages, report.incoming.refused], [messages, refused])
    })
  }
})
