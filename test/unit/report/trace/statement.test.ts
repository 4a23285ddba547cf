import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DeliveryLogEntry } from '../../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { UNCONFIRMED } from '../../../../plugins/enforce-tls/delivery/outcome.js'
import { ASKED } from '../../../../plugins/enforce-tls/requiretls/ask.js'
import { messageOf } from '../../../../plugins/enforce-tls/report/trace/message.js'
import { statementOn, type Statement } from '../../../../plugins/enforce-tls/report/trace/statement.js'
import { toStatementPage, toText } from '../../../../plugins/enforce-tls/report/trace/statement-text.js'
import { entry, NOTHING_LACKS } from '../../../support/evidence-entries.js'

const NO_NAMES = { sender: null, to: null, messageId: null }
const MADE = new Date('2026-11-27T08:00:00Z')

function statementOf(...entries: readonly Partial<DeliveryLogEntry>[]): Statement {
  const all = entries.map((wanted) => entry({ uuid: 'U.1.1', ...wanted }))
  return statementOn(messageOf(all, NO_NAMES, { entries: all, ...NOTHING_LACKS }))
}

const WHERE = { mx: 'mx.bank.example', address: '192.0.2.25:25' }
const TLS = { protocol: 'TLSv1.3', ...WHERE }

const SENT: Partial<DeliveryLogEntry> = {
  ...({ kind: 'release', result: 'sent', by: 'ann', reason: 'due' } as const),
  ...{ mx: 'mx.bank.example', address: '192.0.2.25:25' },
}

const WAIVED: Partial<DeliveryLogEntry> = {
  ...({ kind: 'waiver', result: 'waived-sent', level: 'dane' } as const),
  ...{ mx: 'mx.bank.example', address: '192.0.2.25:25', detail: 'the message says TLS-Required: No' },
}

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
  [
    'over TLS for some',
    [TLS, { result: 'bounced' }],
    'yes',
    /^Yes\. .* It went otherwise for some recipients/,
  ],
  [
    'bounced',
    [
      { kind: 'attempt', result: 'secured', ...TLS },
      { result: 'bounced', status: '5.1.1' },
    ],
    'not-delivered',
    /^It was not delivered: a bounce to its sender was queued\. Nothing of it left in the clear\.$/,
  ],
  [
    'bounced, and taken whole by a server that did not confirm it',
    [
      { kind: 'attempt', result: 'failed', detail: UNCONFIRMED, ...TLS },
      { kind: 'attempt', result: 'failed', detail: 'could not be reached' },
      { result: 'bounced' },
    ],
    'unknown',
    /^Whether it was delivered is not known: mx\.bank\.example \(192\.0\.2\.25:25\) was sent the whole message on 2026-11-20 10:00:00 UTC, and did not confirm it\. A bounce to its sender was queued\. Nothing of it left in the clear\.$/,
  ],
  [
    'kept, and taken whole by a server that did not confirm it',
    [{ kind: 'attempt', result: 'failed', detail: UNCONFIRMED, ...TLS }, { result: 'kept' }],
    'unknown',
    /^Whether it was delivered is not known: .* It is kept in the queue folder/,
  ],
  [
    'bounced, with a round before that is not in the log',
    [{ result: 'bounced', status: '5.1.1', tries: '1' }],
    'not-delivered',
    /^It was not delivered: a bounce to its sender was queued\. Earlier attempts may be missing/,
  ],
  [
    'bounced, with a bounce that nobody took',
    [{ result: 'bounced' }, { kind: 'notice', result: 'undelivered' }],
    'not-delivered',
    /^It was not delivered: .* The notice to its sender could not be delivered\.$/,
  ],
  [
    'waiting',
    [{ result: 'deferred', class: 'starttls-deferred' }],
    'unknown',
    /^When last heard of, on 2026-11-20 10:00:00 UTC, it waited in the queue of the mail server: The receiving server asked to try TLS again later\.$/,
  ],
  [
    'only attempts',
    [{ kind: 'attempt', result: 'secured', ...TLS }],
    'unknown',
    /^Unknown\. The delivery log has no delivery of it\.$/,
  ],
  [
    'not required any more',
    [{ result: 'deferred' }, { result: 'freed' }],
    'unknown',
    /^Unknown\. From 2026-11-20 10:00:00 UTC on TLS was not required of it, .* is not in the log\.$/,
  ],
  [
    'not required for a while, then over TLS',
    [{ result: 'deferred' }, { result: 'freed' }, TLS],
    'unknown',
    /^Unknown\. From .* It was handed to mx\.bank\.example/,
  ],
  [
    'waived by its sender and sent in the clear',
    [
      { ...WAIVED, result: 'waived' },
      { ...WAIVED, result: 'waived-begun', encrypted: 'false' },
      { ...WAIVED, encrypted: 'false' },
    ],
    'no',
    /^No\. It was sent to mx\.bank\.example \(192\.0\.2\.25:25\) on 2026-11-20 10:00:00 UTC in the clear: its rules require only what the recipient's domain publishes, if anything, and its sender had waived that with TLS-Required: No in its header\.$/,
  ],
  [
    'waived by its sender and sent over TLS',
    [{ ...WAIVED, protocol: 'TLSv1.3', encrypted: 'true' }],
    'yes',
    /^Yes\. It was sent to .* over an encrypted connection \(TLS 1\.3\), with a certificate that was not checked: its rules require only what .* publishes, if anything, .*TLS-Required: No in its header\.$/,
  ],
  [
    'waived by its sender, and nothing since',
    [{ result: 'deferred' }, { ...WAIVED, result: 'waived', tries: '1', at: '2026-11-20T10:05:00.000Z' }],
    'unknown',
    /^Unknown\. From .* on it may have gone in the clear, because its rules .*; the log has no attempt since then\.$/,
  ],
  [
    'begun in the clear as its sender waived it, then over TLS',
    [{ ...WAIVED, result: 'waived-begun', encrypted: 'false' }, TLS],
    'no',
    /^No\. An attempt to .* went in the clear: its rules require only .* It was handed to .* encrypted connection \(TLS 1\.3\)\.$/,
  ],
  [
    'REQUIRETLS as a wish, in the clear',
    [
      { kind: 'attempt', result: 'as-usual', level: 'none', ...WHERE, encrypted: 'false' },
      { result: 'delivered-as-usual', level: 'none', ...WHERE },
    ],
    'no',
    /^No\. An attempt to .* went in the clear, as nothing was required of that server\./,
  ],
  [
    'REQUIRETLS as a wish, taken by the server',
    [
      {
        ...{ kind: 'attempt', result: 'as-usual', level: 'none', ...WHERE },
        ...{ encrypted: 'true', requiretls: 'yes' },
      },
      { result: 'delivered-as-usual', level: 'none', ...WHERE, requiretls: 'yes' },
    ],
    'yes',
    /^Yes\. It was handed to mx\.bank\.example .* over an encrypted connection\.$/,
  ],
  [
    'REQUIRETLS as a wish, taken by the server, where the log has the outcome alone',
    [{ result: 'delivered-as-usual', level: 'none', ...WHERE, requiretls: 'yes' }],
    'yes',
    /^Yes\. It was handed to .* over an encrypted connection\.$/,
  ],
  [
    'REQUIRETLS as a wish, which the server does not offer',
    [{ result: 'delivered-as-usual', level: 'none', ...WHERE, requiretls: 'no' }],
    'no',
    /^Not known to be\. It was handed to .*, and no TLS session is recorded\.$/,
  ],
  [
    'released and sent in the clear',
    [{ ...SENT, encrypted: 'false' }],
    'no',
    /^No\. It was sent to mx\.bank\.example \(192\.0\.2\.25:25\) on 2026-11-20 10:00:00 UTC in the clear: ann had released it from what its rules require \(“due”\)\.$/,
  ],
  [
    'released and sent over TLS',
    [{ ...SENT, protocol: 'TLSv1.3', encrypted: 'true' }],
    'not-as-required',
    /^Encrypted, but not as its rules require\. It was sent to .* over an encrypted connection \(TLS 1\.3\), with a certificate that was not checked/,
  ],
  [
    'released and sent, by an older version',
    [SENT],
    'unknown',
    /^Unknown\. It was sent to .*whether over TLS is not recorded.*: ann had/,
  ],
  [
    'begun in the clear under a release, then over TLS',
    [{ ...SENT, result: 'begun', encrypted: 'false' }, TLS],
    'no',
    /^No\. An attempt to .* went in the clear: ann .* It was handed to .* encrypted connection \(TLS 1\.3\)\.$/,
  ],
  [
    'begun in the clear under a release, then bounced',
    [{ ...SENT, result: 'begun', encrypted: 'false' }, { result: 'bounced' }],
    'no',
    /^No\. An attempt to .* It was not delivered: a bounce to its sender was queued\.$/,
  ],
  [
    'released, with no attempt under that in the log, and then over TLS',
    [{ ...SENT, result: 'granted' }, TLS],
    'unknown',
    /^Unknown\. ann released it on .* It was handed/,
  ],
  [
    'in the clear to a trusted next hop at an attempt that failed, then over TLS',
    [{ kind: 'attempt', result: 'failed', encrypted: 'false' }, TLS],
    'no',
    /^No\. An attempt to the next hop on .* in the clear, as nothing was required of that server\. It was handed/,
  ],
  [
    'over TLS, with a round before that is not in the log',
    [{ ...TLS, tries: '1' }],
    'unknown',
    /^Unknown\. It was handed to .* Earlier attempts may be missing from the delivery log: how/,
  ],
  [
    'over TLS, with a round between that is not in the log',
    [{ result: 'deferred' }, { ...TLS, tries: '2' }],
    'unknown',
    /^Unknown\. .* Earlier attempts may be missing/,
  ],
  ['over TLS at the second round', [{ result: 'deferred' }, { ...TLS, tries: '1' }], 'yes', /^Yes\. /],
  ['seen in report mode without TLS', [{ kind: 'report', result: 'would-bounce' }], 'unknown', /^Unknown\. /],
  ['seen in report mode over TLS', [{ kind: 'report', result: 'would-deliver', ...TLS }], 'yes', /^Yes\. /],
]

describe('what a statement says of REQUIRETLS', () => {
  const BANK = { owner: 'acme.example', id: 'r1', name: 'Bank' }
  const SENDER = { ...ASKED }
  for (const [what, rules, entries, fact, afterwards] of [
    ['nothing where nobody asked', [BANK], [TLS], undefined, /stored it or passed it on/],
    [
      'that it went with it, as a rule asks',
      [BANK],
      [{ ...TLS, requiretls: 'yes' }],
      'Yes: handed on with it, so the server has to pass the message on encrypted. A rule asked for it.',
      /promised to pass it on encrypted; whether it did is unknown/,
    ],
    [
      'that it went with it, as the sender asks',
      [BANK, SENDER],
      [{ ...TLS, requiretls: 'yes' }],
      'Yes: handed on with it, so the server has to pass the message on encrypted. The sender asked for it.',
      /promised/,
    ],
    [
      'that it went without',
      [BANK],
      [{ ...TLS, requiretls: 'no' }],
      'No: handed on without it. A rule asked for it.',
      /stored it or passed it on/,
    ],
    [
      'that not all of it went with it',
      [SENDER],
      [{ ...TLS, requiretls: 'yes' }, TLS],
      'In part: not every delivery was made with it. The sender asked for it.',
      /stored it or passed it on/,
    ],
    [
      'that the sender asked, of what came back',
      [SENDER],
      [{ result: 'bounced', class: 'requiretls-not-supported' }],
      'The sender asked for it.',
      null,
    ],
    ['nothing of a rule that asks, of what came back', [BANK], [{ result: 'bounced' }], undefined, null],
  ] as const)
    it(what, () => {
      const { facts, notVerified } = statementOf(...entries.map((each) => ({ ...each, rules: [...rules] })))
      assert.equal(new Map(facts).get('REQUIRETLS'), fact)
      if (afterwards === null) assert.deepEqual(notVerified, [])
      else assert.match(notVerified.at(-1) ?? '', afterwards)
    })

  it('is no rule of the whole service', () => {
    for (const [rules, level, rule, asked] of [
      [[SENDER, BANK], 'encrypt', 'Bank (acme.example), level encrypt', 'REQUIRETLS'],
      [[BANK], 'encrypt', 'Bank (acme.example), level encrypt', undefined],
      [[SENDER], 'encrypt', undefined, 'REQUIRETLS'],
      [[SENDER], 'none', undefined, 'REQUIRETLS, as a wish: TLS is not required for it there'],
    ] as const) {
      const facts = new Map(statementOf({ ...TLS, rules: [...rules], level }).facts)
      assert.deepEqual([facts.get('Rule'), facts.get('Asked for by the sender')], [rule, asked])
    }
  })
})

describe('the statement on a message', () => {
  for (const [what, entries, answer, sentence] of ROWS)
    it(`says no more than is so: ${what}`, () => {
      const statement = statementOf(...entries)
      assert.equal(statement.answer, answer)
      assert.match(statement.sentence, sentence)
    })

  it('says of REQUIRETLS as a wish that it left over TLS, to whomever', () => {
    const entries = [entry({ ...WHERE, result: 'delivered-as-usual', level: 'none', requiretls: 'yes' })]
    const message = messageOf(entries, NO_NAMES, { ...NOTHING_LACKS, entries })
    assert.match(
      message.steps[0]?.says ?? '',
      /^Delivered as usual, over TLS with a certificate that was not checked, handed on with REQUIRETLS/,
    )
    assert.match(statementOn(message).notVerified.join(), /any certificate was accepted/)
  })

  it('names addresses as addresses, with the quotation marks that they need', () => {
    const { facts } = statementOf({
      ...TLS,
      sender: '=1+1<img/src=x>@acme.example',
      to: ['a b@bank.example'],
    })
    const named = new Map(facts)
    assert.equal(named.get('From'), '"=1+1<img/src=x>"@acme.example')
    assert.equal(named.get('To'), '"a b"@bank.example')
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

  it('counts what the whole message did, for whichever recipient', () => {
    const own = entry({ uuid: 'U.1.2', ...TLS })
    const sibling = entry({ uuid: 'U.1.1', ...SENT, encrypted: 'false' })
    const on = (entries: DeliveryLogEntry[], logBegins: string | null = null): Statement =>
      statementOn(messageOf([own], NO_NAMES, { ...NOTHING_LACKS, entries: [own, ...entries], logBegins }))
    assert.equal(on([]).answer, 'yes')
    assert.equal(on([sibling]).answer, 'no')
    assert.match(on([sibling]).sentence, /It was sent to .* in the clear: ann had/)
  })

  it('of entries that do not count rounds says no plain yes where the log does not go back far enough', () => {
    const old = entry({ uuid: 'U.1.1', ...TLS })
    Reflect.deleteProperty(old, 'tries')
    const on = (logBegins: string): Statement =>
      statementOn(messageOf([old], NO_NAMES, { ...NOTHING_LACKS, entries: [old], logBegins }))
    assert.equal(on('2026-11-01T00:00:00.000Z').answer, 'yes')
    const { answer, sentence } = on('2026-11-19T00:00:00.000Z')
    assert.equal(answer, 'unknown')
    assert.match(sentence, /the delivery log, which begins on 2026-11-19 00:00:00 UTC: how/)
  })

  it('says something of certificates only where there was TLS', () => {
    const clear = statementOf({ ...SENT, encrypted: 'false' })
    assert.doesNotMatch(clear.notVerified.join('\n'), /certificate/)
    assert.deepEqual(clear.facts.slice(-2), [
      ['Released by', 'ann'],
      ['Reason', 'due'],
    ])
    const tls = statementOf({ ...SENT, encrypted: 'true', protocol: 'TLSv1.3', cipher: 'X' })
    assert.match(tls.notVerified.join('\n'), /any certificate was accepted/)
    assert.ok(tls.facts.some(([name, value]) => name === 'TLS version' && value === 'TLS 1.3'))
  })

  it('says why it bounced, by whose word and when', () => {
    const { facts } = statementOf(
      { ...{ kind: 'attempt', result: 'secured' }, ...TLS, at: '2026-11-20T09:59:00.000Z' },
      { ...TLS, result: 'bounced', status: '5.1.1', detail: 'mx.bank.example answered 550 5.1.1 no user' },
    )
    assert.deepEqual(facts.slice(-7), [
      ['When', '2026-11-20 10:00:00 UTC'],
      ['What happened', 'Bounced: a notice to the sender was queued'],
      ['Why', 'mx.bank.example answered 550 5.1.1 no user'],
      ['Code', '5.1.1'],
      ['Server', 'mx.bank.example'],
      ['Address', '192.0.2.25:25'],
      ['Last attempt', '2026-11-20 09:59:00 UTC'],
    ])
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
