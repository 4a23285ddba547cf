import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DeliveryLogEntry } from '../../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { messageOf } from '../../../../plugins/enforce-tls/report/trace/message.js'
import { statementOn, type Statement } from '../../../../plugins/enforce-tls/report/trace/statement.js'
import { toStatementPage, toText } from '../../../../plugins/enforce-tls/report/trace/statement-text.js'
import { entry } from '../../../support/evidence-entries.js'

const NO_NAMES = { sender: null, to: null, messageId: null }
const MADE = new Date('2026-11-27T08:00:00Z')

function statementOf(...entries: readonly Partial<DeliveryLogEntry>[]): Statement {
  return statementOn(
    messageOf(
      entries.map((wanted) => entry({ uuid: 'U.1.1', ...wanted })),
      NO_NAMES,
    ),
  )
}

const TLS = { protocol: 'TLSv1.3', mx: 'mx.bank.example', address: '192.0.2.25:25' }

const ROWS: readonly (readonly [
  what: string,
  entries: readonly Partial<DeliveryLogEntry>[],
  answer: Statement['answer'],
  sentence: RegExp,
])[] = [
  [
    'over TLS',
    [{ ...TLS, verified: 'nothing' }],
    'yes',
    /^Yes\. It was handed to mx\.bank\.example \(192\.0\.2\.25:25\) on 2026-11-20 10:00:00 UTC over an encrypted connection \(TLS 1\.3\)\.$/,
  ],
  [
    'to a trusted next hop',
    [{ mx: '/var/run/lmtp.sock' }],
    'no',
    /^Not known to be\. .* no TLS session is recorded\.$/,
  ],
  ['one of two deliveries without TLS', [TLS, { mx: 'mx2' }], 'no', /^Not known to be/],
  ['over TLS for some', [TLS, { result: 'bounced' }], 'yes', /Not all recipients got it/],
  [
    'bounced',
    [
      { kind: 'attempt', result: 'secured', ...TLS },
      { result: 'bounced', status: '5.1.1' },
    ],
    'not-delivered',
    /^It was not delivered: its sender got a bounce\.$/,
  ],
  ['waiting', [{ result: 'deferred' }], 'not-delivered', /it waits/],
  ['only attempts', [{ kind: 'attempt', result: 'secured', ...TLS }], 'not-delivered', /no delivery of it/],
  ['seen in report mode without TLS', [{ kind: 'report', result: 'would-bounce' }], 'unknown', /^Unknown\. /],
  ['seen in report mode over TLS', [{ kind: 'report', result: 'would-deliver', ...TLS }], 'yes', /^Yes\. /],
]

describe('the statement on a message', () => {
  for (const [what, entries, answer, sentence] of ROWS)
    it(`says no more than is so: ${what}`, () => {
      const statement = statementOf(...entries)
      assert.equal(statement.answer, answer)
      assert.match(statement.sentence, sentence)
    })

  it('says what was verified, and what was not', () => {
    const loose = statementOf({ ...TLS, verified: 'nothing' })
    assert.deepEqual(loose.verified, [])
    assert.equal(loose.notVerified.length, 6)
    const strict = statementOf({ ...TLS, verified: 'chain,listed-name' })
    assert.deepEqual(strict.verified, [
      'The certificate was issued by a trusted authority.',
      'The certificate has a name that the rule lists.',
    ])
    assert.deepEqual(strict.notVerified, [
      'What happened before: how the message came to this mail server.',
      'What happened afterwards: how that server stored it or passed it on.',
    ])
    // Only what holds for every delivery.
    assert.deepEqual(statementOf({ ...TLS, verified: 'chain' }, { ...TLS, verified: 'nothing' }).verified, [])
  })

  it('as text is no wider than 80 columns', () => {
    const fingerprint = Array.from({ length: 32 }, () => 'A1').join(':')
    const text = toText(
      statementOf({ ...TLS, verified: 'chain', fingerprint, issuer: 'CN=x, '.repeat(20), cipher: 'X' }),
      MADE,
    )
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line)
    assert.match(text, /^Was this message encrypted on its way to the recipient's mail server\?\n\nYes\./)
    assert.match(text, /from the delivery log of this\nmail server\.\n$/)
    assert.match(
      toText(statementOf({ ...TLS, fingerprint }), MADE).replace(/\n +/g, ''),
      new RegExp(fingerprint),
    )
  })

  it('as a page has no markup of anybody else', () => {
    const page = toStatementPage(statementOf({ ...TLS, mx: '<script>x</script>' }), MADE)
    assert.doesNotMatch(page, /<script/)
    assert.match(page, /&lt;script&gt;/)
    assert.match(page, /default-src 'none'/)
  })
})
