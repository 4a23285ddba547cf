/** Attempts and outcomes in words: whose level it is, who ended the tries, and why a message bounced. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { DeliveryLogEntry } from '../../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { messageOf, type TracedMessage } from '../../../../plugins/enforce-tls/report/trace/message.js'
import { formatStep } from '../../../../plugins/enforce-tls/report/trace/words.js'
import { entry, NOTHING_LACKS } from '../../../support/evidence-entries.js'

const GATEWAY = { mx: 'smtp.relay.example', via: 'relay', viaLevel: 'verify', protocol: 'TLSv1.3' } as const

const ROWS: readonly (readonly [
  what: string,
  entry: Partial<DeliveryLogEntry>,
  says: string,
  reason: string | null,
])[] = [
  [
    'a session with a gateway',
    { kind: 'attempt', result: 'secured', verified: 'chain', ...GATEWAY },
    'TLS to the gateway relay, as required of it (level verify)',
    'Verified: the certificate was issued by a trusted authority',
  ],
  [
    'the same by an older version',
    { kind: 'attempt', result: 'secured', via: 'relay', level: 'verify', protocol: 'TLSv1.3' },
    'TLS to the gateway relay, as required of it',
    null,
  ],
  [
    'tries that were ended',
    { result: 'bounced', by: 'joe', reason: 'sent by fax', class: 'starttls-not-supported', detail: 'no' },
    'Given up by joe. Bounced: a notice to the sender was queued',
    'the reason given: sent by fax; it had waited for: The receiving server does not offer TLS',
  ],
  [
    'tries that were ended without a reason, from the null sender',
    { result: 'kept', by: 'joe' },
    'Given up by joe. Not delivered: kept in the queue folder as error.*, since there is no sender to notify',
    null,
  ],
  [
    'a bounce for another reason than TLS',
    { result: 'bounced', status: '5.1.1', detail: 'mx.bank.example answered 550 5.1.1 no such user' },
    'Bounced: a notice to the sender was queued',
    'mx.bank.example answered 550 5.1.1 no such user',
  ],
]

for (const [what, wanted, says, reason] of ROWS)
  it(`of ${what}`, () => assert.deepEqual(formatStep(entry(wanted)), { says, reason }))

function traced(...entries: readonly Partial<DeliveryLogEntry>[]): TracedMessage {
  const all = entries.map((wanted) => entry({ uuid: 'U.1.1', ...wanted }))
  return messageOf(all, { sender: null, to: null, messageId: null }, { entries: all, ...NOTHING_LACKS })
}

it('a notice that nobody took leaves the message bounced, and is the next step', () => {
  const all: readonly Partial<DeliveryLogEntry>[] = [
    { result: 'bounced', class: 'starttls-not-supported' },
    {
      ...({ kind: 'notice', result: 'undelivered' } as const),
      ...{
        detail: 'the mail server of the sender answered 550 gone',
        file: 'error.1_2_a',
        node: 'mta.example',
      },
    },
  ]
  const { state, nextStep, steps, missing } = traced(...all)
  assert.equal(state, 'bounced')
  assert.deepEqual(missing, [])
  assert.equal(
    steps[1]?.reason,
    'the mail server of the sender answered 550 gone; it is kept as error.1_2_a in the queue folder of mta.example',
  )
  assert.match(nextStep ?? '', /^Tell the sender\. .*error\.1_2_a .*restart Haraka; .* Ask the operators/)
})

it('a message that waits for its gateway is at the level of its rules, and the gateway is to be asked', () => {
  const { level, check } = traced({
    ...{ result: 'deferred', class: 'gateway-unavailable', via: 'relay', viaLevel: 'verify' },
  })
  assert.equal(level, 'encrypt')
  assert.deepEqual(check, { gateway: 'relay' })
})
