import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { describe, it } from 'node:test'
import { Ajv } from 'ajv'
import { definitionOf, FAILURE_CLASS_NAMES } from '../../../plugins/enforce-tls/delivery/failure-classes.js'
import type { DeliveryLogEntry } from '../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { makeTlsRpt, reportOn, type Reporter } from '../../../plugins/enforce-tls/report/tls-rpt.js'
import type { TlsRptReport } from '../../../plugins/enforce-tls/report/tls-rpt-format.js'
import { collectSessions } from '../../../plugins/enforce-tls/report/tls-rpt-sessions.js'
import { entry } from '../../support/evidence-entries.js'

const text = { type: 'string', minLength: 1 } as const
const count = { type: 'integer', minimum: 0 } as const

/** RFC 8460 section 4.4, with the result types of section 4.3 and their IANA registry. */
const RFC_8460 = {
  type: 'object',
  additionalProperties: false,
  required: ['organization-name', 'date-range', 'contact-info', 'report-id', 'policies'],
  properties: {
    'organization-name': text,
    'date-range': {
      type: 'object',
      additionalProperties: false,
      required: ['start-datetime', 'end-datetime'],
      properties: {
        'start-datetime': { type: 'string', format: 'rfc3339' },
        'end-datetime': { type: 'string', format: 'rfc3339' },
      },
    },
    'contact-info': { type: 'string', pattern: '^[^@\\s]+@[^@\\s]+$' },
    'report-id': text,
    policies: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['policy', 'summary'],
        properties: {
          policy: {
            type: 'object',
            additionalProperties: false,
            required: ['policy-type', 'policy-domain'],
            properties: {
              'policy-type': { enum: ['tlsa', 'sts', 'no-policy-found'] },
              'policy-string': { type: 'array', items: text },
              'policy-domain': text,
              'mx-host': { type: 'array', items: text },
            },
          },
          summary: {
            type: 'object',
            additionalProperties: false,
            required: ['total-successful-session-count', 'total-failure-session-count'],
            properties: { 'total-successful-session-count': count, 'total-failure-session-count': count },
          },
          'failure-details': {
            type: 'array',
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['result-type', 'failed-session-count'],
              properties: {
                'result-type': {
                  enum: [
                    'starttls-not-supported',
                    'certificate-host-mismatch',
                    'certificate-expired',
                    'tlsa-invalid',
                    'dnssec-invalid',
                    'dane-required',
                    'certificate-not-trusted',
                    'sts-policy-fetch-error',
                    'sts-policy-invalid',
                    'sts-webpki-invalid',
                    'validation-failure',
                  ],
                },
                'sending-mta-ip': { type: 'string', format: 'ip' },
                'receiving-mx-hostname': text,
                'receiving-mx-helo': text,
                'receiving-ip': { type: 'string', format: 'ip' },
                'failed-session-count': { type: 'integer', minimum: 1 },
                'additional-information': { type: 'string', format: 'uri' },
                'failure-reason-code': text,
              },
            },
          },
        },
      },
    },
  },
}

const ajv = new Ajv({ allErrors: true })
ajv.addFormat('rfc3339', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
ajv.addFormat('ip', (value) => isIP(value) > 0)
ajv.addFormat('uri', (value) => URL.canParse(value))
const conforms = ajv.compile(RFC_8460)

const REPORTER: Reporter = { organization: 'Acme Ltd', contact: 'tls@acme.example', owner: null }

async function reportsOn(...entries: readonly DeliveryLogEntry[]): Promise<TlsRptReport[]> {
  return (await makeTlsRpt(given(entries), REPORTER)).map(({ report }) => report)
}

async function* given(entries: readonly DeliveryLogEntry[]): AsyncGenerator<DeliveryLogEntry> {
  for (const one of entries) yield await Promise.resolve(one)
}

function failed(name: string | undefined, more: Partial<DeliveryLogEntry> = {}): DeliveryLogEntry {
  return entry({
    kind: 'attempt',
    result: 'failed',
    mx: 'mx.bank.example',
    address: '192.0.2.25:25',
    source: '192.0.2.1',
    ...(name === undefined ? {} : { class: name }),
    ...more,
  })
}

const good = (more: Partial<DeliveryLogEntry> = {}) =>
  entry({ kind: 'attempt', result: 'secured', protocol: 'TLSv1.3', ...more })

describe('a TLS-RPT report', () => {
  it('is one for each domain and UTC day, in order', async () => {
    const reports = await reportsOn(
      good({ at: '2026-11-21T00:00:00.000Z' }),
      good({ at: '2026-11-20T23:59:59.999Z' }),
      good({ domain: 'clinic.example' }),
      good({ domain: 'clinic.example' }),
    )
    assert.deepEqual(
      reports.map((report) => [
        report['date-range']['start-datetime'],
        report['date-range']['end-datetime'],
        report.policies[0].policy['policy-domain'],
        report.policies[0].summary['total-successful-session-count'],
      ]),
      [
        ['2026-11-20T00:00:00Z', '2026-11-20T23:59:59Z', 'bank.example', 1],
        ['2026-11-20T00:00:00Z', '2026-11-20T23:59:59Z', 'clinic.example', 2],
        ['2026-11-21T00:00:00Z', '2026-11-21T23:59:59Z', 'bank.example', 1],
      ],
    )
    assert.equal(new Set(reports.map((report) => report['report-id'])).size, 3)
    for (const report of reports) assert.ok(conforms(report), JSON.stringify(conforms.errors))
  })

  it('counts sessions that came as far as TLS, whatever became of the message', async () => {
    const [report] = await reportsOn(
      good(),
      failed(undefined, { protocol: 'TLSv1.3' }),
      failed(undefined),
      failed('starttls-refused'),
      entry({ result: 'bounced', class: 'starttls-refused' }),
      entry({ kind: 'report', result: 'would-bounce' }),
    )
    assert.deepEqual(report?.policies[0].summary, {
      'total-successful-session-count': 2,
      'total-failure-session-count': 1,
    })
  })

  for (const name of FAILURE_CLASS_NAMES) {
    const { isOnward, isOurs } = definitionOf(name)
    if (isOnward || isOurs || name === 'resolver-unavailable') continue
    it(`has a result type of the standard for ${name}`, async () => {
      const [report] = await reportsOn(failed(name), failed(name))
      assert.ok(conforms(report), JSON.stringify(conforms.errors))
      const [details] = report.policies[0]['failure-details']
      assert.equal(details?.['failed-session-count'], 2)
      if (details['result-type'] !== name || name === 'certificate-not-trusted')
        assert.deepEqual(
          [details['result-type'], details['failure-reason-code']],
          [name === 'certificate-not-trusted' ? name : 'validation-failure', name],
        )
    })
  }

  it('leaves out what says nothing of the partner: our resolvers and trusts, and hosts that a plugin named', async () => {
    const [report, ...others] = await reportsOn(
      good(),
      failed('resolver-unavailable'),
      failed('trust-unusable'),
      good({ named: 'true' }),
    )
    assert.deepEqual(others, [])
    assert.deepEqual(report?.policies[0].summary, {
      'total-successful-session-count': 1,
      'total-failure-session-count': 0,
    })
  })

  it('counts a session once that has served several messages', async () => {
    const [report] = await reportsOn(good(), good({ reused: 'true' }), good({ reused: 'true' }), good())
    assert.equal(report?.policies[0].summary['total-successful-session-count'], 2)
  })

  it('leaves out what is not known, and what is no host name or IP address', async () => {
    const [report] = await reportsOn(
      failed('starttls-refused', { address: '/run/lmtp.sock', mx: '/run/lmtp.sock', source: 'nonsense' }),
      failed('starttls-refused', { address: '[2001:db8::25]:25', mx: '2001:db8::25' }),
      failed('starttls-refused', { mx: 'mx_1.bank.example', source: '2001:db8::1' }),
    )
    assert.ok(conforms(report), JSON.stringify(conforms.errors))
    assert.deepEqual(
      report.policies[0]['failure-details'].map((details) => [
        details['receiving-mx-hostname'],
        details['receiving-ip'],
        details['sending-mta-ip'],
      ]),
      [
        [undefined, undefined, undefined],
        [undefined, '2001:db8::25', '192.0.2.1'],
        ['mx_1.bank.example', '192.0.2.25', '2001:db8::1'],
      ],
    )
  })

  it('is made of no recipient domain that is none', async () => {
    assert.deepEqual(
      await reportsOn(
        ...['[192.0.2.1]', '192.0.2.1', '', 'x/../../etc/passwd', 'a!b.example'].map((domain) =>
          good({ domain }),
        ),
      ),
      [],
    )
  })

  it('has the file name of RFC 8460 section 5.1, and an id that nobody else gives', async () => {
    const named = async (owner: string | null) => {
      const [made] = await makeTlsRpt(given([good()]), { ...REPORTER, owner })
      assert.ok(made)
      return [made.report['report-id'], made.fileName]
    }
    const all = await named(null)
    assert.deepEqual(all, [
      '2026-11-20_bank.example@acme.example',
      'acme.example!bank.example!1795132800!1795219199.json',
    ])
    assert.deepEqual(await named(null), all)
    // Reports on the mail of one owner each, for the same partner and day.
    const some = await Promise.all([named('acme.example'), named('bob@acme.example'), named('*')])
    for (const [id = '', file = ''] of some) {
      assert.match(id, /^2026-11-20_bank\.example_[0-9a-f]{8}@acme\.example$/)
      assert.match(file, /^acme\.example!bank\.example!\d+!\d+![0-9a-f]{8}\.json$/)
    }
    assert.equal(new Set(some.flat()).size, 6)
  })
})

describe('the policies of a TLS-RPT report', () => {
  const TLSA = { type: 'tlsa', domain: 'mx.bank.example', strings: ['3 1 1 8F1C'] }
  const STS = {
    type: 'sts',
    domain: 'bank.example',
    strings: [
      'version: STSv1',
      'mode: enforce',
      'max_age: 604800',
      'mx: *.bank.example',
      'mx: mx.bank.example',
    ],
  }
  const under = (...policies: object[]) => ({ policy: JSON.stringify(policies) })

  /** Each policy with its type, its counts and its result types. */
  const seen = (report: TlsRptReport | undefined) =>
    report?.policies.map(({ policy, summary, 'failure-details': details }) => [
      policy['policy-type'],
      policy['policy-domain'],
      summary['total-successful-session-count'],
      ...details.map((each) => each['result-type']),
    ])

  it('are those that sessions were held to, with their text', async () => {
    const [report] = await reportsOn(
      good(under(TLSA)),
      good(under(TLSA)),
      failed('certificate-expired', under(STS)),
    )
    assert.ok(conforms(report), JSON.stringify(conforms.errors))
    assert.deepEqual(
      report.policies.map(({ policy }) => policy),
      [
        { 'policy-type': 'tlsa', 'policy-string': ['3 1 1 8F1C'], 'policy-domain': 'mx.bank.example' },
        {
          'policy-type': 'sts',
          'policy-string': STS.strings,
          'policy-domain': 'bank.example',
          'mx-host': ['*.bank.example', 'mx.bank.example'],
        },
      ],
    )
    assert.deepEqual(seen(report), [
      ['tlsa', 'mx.bank.example', 2],
      ['sts', 'bank.example', 0, 'certificate-expired'],
    ])
  })

  it('have a session under both in both, and what fails by one of them in that one', async () => {
    const [report] = await reportsOn(
      good(under(TLSA, STS)),
      failed('starttls-not-supported', under(TLSA, STS)),
      failed('tlsa-invalid', under(TLSA, STS)),
      // Of a rule that pins a certificate, too.
      failed('fingerprint-mismatch', under(TLSA, STS)),
    )
    assert.deepEqual(seen(report), [
      ['tlsa', 'mx.bank.example', 1, 'starttls-not-supported', 'tlsa-invalid'],
      ['sts', 'bank.example', 1, 'starttls-not-supported'],
    ])
  })

  it('are known by what failed before there was one to apply', async () => {
    const [report] = await reportsOn(
      failed('dnssec-invalid'),
      failed('sts-policy-fetch-error'),
      failed('mx-not-listed'),
      failed('nothing-published'),
    )
    assert.ok(conforms(report), JSON.stringify(conforms.errors))
    assert.deepEqual(seen(report), [
      ['tlsa', 'mx.bank.example', 0, 'dnssec-invalid'],
      ['sts', 'bank.example', 0, 'sts-policy-fetch-error', 'validation-failure'],
      ['no-policy-found', 'bank.example', 0, 'validation-failure'],
    ])
  })

  it('have what a policy of mode testing would have made of a session, where that is known', async () => {
    const tested = (testing: string | undefined, more: Partial<DeliveryLogEntry> = {}) =>
      good({ ...under({ ...STS, testing: true }), ...(testing === undefined ? {} : { testing }), ...more })
    const as = { kind: 'attempt', result: 'as-usual', testing: 'mx-not-listed' } as const
    const inTheClear = entry({ ...as, ...under({ ...STS, testing: true }) })
    const [report] = await reportsOn(
      tested('pass'),
      tested('certificate-host-mismatch'),
      inTheClear,
      tested(undefined),
      tested('nonsense'),
      failed('starttls-not-supported', under({ ...STS, testing: true })),
      tested('certificate-expired', under(TLSA, { ...STS, testing: true })),
    )
    assert.ok(conforms(report), JSON.stringify(conforms.errors))
    assert.deepEqual(seen(report), [
      [
        'sts',
        'bank.example',
        1,
        'certificate-host-mismatch',
        'validation-failure',
        'starttls-not-supported',
        'certificate-expired',
      ],
      ['tlsa', 'mx.bank.example', 1],
    ])
  })

  it('are none where that is known, and left out where nobody has looked', async () => {
    const days = await collectSessions(given([good({ policy: '[]' }), good(), good()]))
    const [day] = days
    assert.ok(day)
    const as = (unclear: 'no-policy-found' | 'left-out') => seen(reportOn(day, REPORTER, unclear)?.report)
    assert.deepEqual(as('no-policy-found'), [['no-policy-found', 'bank.example', 3]])
    assert.deepEqual(as('left-out'), [['no-policy-found', 'bank.example', 1]])
    const [unclear] = await collectSessions(given([good()]))
    assert.ok(unclear)
    assert.equal(reportOn(unclear, REPORTER, 'left-out'), null)
  })

  it('do not break over what others write into the log, and are no more than a hundred', async () => {
    const bad = [
      '',
      '{',
      '[{}]',
      '[{"type":"x","domain":"a","strings":[]}]',
      `["${'x'.repeat(3000)}"]`,
      '[[[[',
    ]
    const domainless = JSON.stringify([{ ...TLSA, domain: 'a b' }])
    const [report] = await reportsOn(...[...bad, domainless].map((policy) => good({ policy })))
    assert.deepEqual(seen(report), [['no-policy-found', 'bank.example', 7]])
    const many = Array.from({ length: 150 }, (_, n) => good(under({ ...TLSA, strings: [`3 1 1 ${n}`] })))
    const [bounded] = await reportsOn(...many)
    assert.equal(bounded?.policies.length, 100)
  })
})
