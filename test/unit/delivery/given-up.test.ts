/** A message that an administrator gives up: no server was asked for that, and nobody is told that one was. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import constants from 'haraka-constants'
import { bounceFacts, type BounceFacts } from '../../../plugins/enforce-tls/delivery/bounce/facts.js'
import { en } from '../../../plugins/enforce-tls/delivery/bounce/texts/en.js'
import { otherFailure, tlsFailure } from '../../../plugins/enforce-tls/delivery/outcome.js'
import type { Ending, GivingUp } from '../../../plugins/enforce-tls/delivery/waiting.js'
import { entryOf } from '../../../plugins/enforce-tls/observe/delivery-log/entry.js'
import type { DeliveryLogEntry } from '../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import type { Requirement } from '../../../plugins/enforce-tls/rules/requirement.js'
import { makeDelivery } from '../../support/guarded-delivery.js'

const BY = { by: 'joe', reason: 'sent by fax' }
const NO_TLS: GivingUp = {
  ...BY,
  failure: tlsFailure('starttls-not-supported', 'does not offer STARTTLS'),
  host: 'mx.bank.example',
}
const AT_GATEWAY: GivingUp = {
  ...BY,
  failure: tlsFailure('gateway-unavailable', 'could not be reached'),
  ...{ host: 'smtp.relay.example', gateway: 'relay' },
}
const NO_RULES: GivingUp = {
  ...BY,
  failure: otherFailure('its rules are unknown: Redis does not answer', { status: '0.0' }),
  host: '',
}

interface GivenUp {
  readonly facts: BounceFacts
  readonly entries: readonly DeliveryLogEntry[]
  readonly endings: readonly Ending[]
}

async function givenUp(how: GivingUp, { failures = 3, rulesKnown = true } = {}): Promise<GivenUp> {
  const facts: BounceFacts[] = []
  const endings: Ending[] = []
  await using delivery = await makeDelivery({
    hosts: [],
    failures,
    decide: (guard, _item, requirement: Requirement) => {
      guard.giveUp(rulesKnown ? requirement : null, how)
      return [constants.cont]
    },
    surroundings: {
      composeBounce: (request) => {
        const worded = { texts: en, me: 'mail.acme.example', minVersion: 'TLSv1.2' } as const
        facts.push(bounceFacts(request, { now: new Date(), content: 'minimal', ...worded }))
        return Promise.resolve({ contents: '', heldTo: null, instead: null, redacted: null })
      },
      waiting: {
        ...{ waits: () => undefined, givingUp: () => null, release: () => null },
        ...{ works: () => undefined, gatewayWorks: () => undefined, aheadOf: () => null },
        ended: (_item, result) => void endings.push(result),
      },
    },
  })
  await delivery.run()
  const [told] = facts
  assert.ok(told && facts.length === 1)
  return { facts: told, entries: delivery.events.map((event) => entryOf(event, 'p.1')), endings }
}

describe('a message that is given up', () => {
  it('is in the log with who did it and why, and without an attempt', async () => {
    const { entries, endings } = await givenUp(NO_TLS)
    const [entry, ...more] = entries
    assert.deepEqual(more, [])
    assert.equal(entry?.kind, 'outcome')
    assert.equal(entry.result, 'bounced')
    assert.deepEqual([entry.by, entry.reason], ['joe', 'sent by fax'])
    assert.deepEqual([entry.class, entry.detail], ['starttls-not-supported', 'does not offer STARTTLS'])
    assert.deepEqual(endings, ['bounced'])
  })

  it('bounces for what it waited for, in no words of a server, and says that its tries were ended', async () => {
    const { facts } = await givenUp(NO_TLS)
    assert.match(
      facts.words.reason,
      /It was tried several times\. A mail administrator then ended the tries\.$/,
    )
    assert.deepEqual(facts.attempts, ['mx.bank.example: does not offer STARTTLS'])
    const [fields = []] = facts.recipients
    assert.ok(fields.includes('Status: 5.7.4'))
    assert.ok(
      fields.includes(
        'Diagnostic-Code: x-enforce-tls; starttls-not-supported: mx.bank.example does not offer STARTTLS',
      ),
    )
    assert.ok(!fields.some((field) => field.startsWith('Last-Attempt-Date')), 'that is not known')
    const once = await givenUp(NO_TLS, { failures: 1 })
    assert.doesNotMatch(once.facts.words.reason, /several times/)
  })

  it('at its gateway is said to have failed there', async () => {
    const { facts, entries } = await givenUp(AT_GATEWAY)
    assert.match(
      facts.words.reason,
      /the gateway "relay" \(smtp\.relay\.example\): .*could not be reached\. A mail administrator then ended the tries\.$/,
    )
    assert.deepEqual(
      entries.map(({ kind, class: name }) => [kind, name]),
      [['outcome', 'gateway-unavailable']],
    )
  })

  it('before any server was asked names none', async () => {
    for (const rulesKnown of [true, false]) {
      const { facts, endings } = await givenUp(NO_RULES, { rulesKnown })
      assert.equal(
        facts.words.result,
        'Your message to cfo@bank.example was not delivered, because a mail administrator ended the tries.',
      )
      assert.equal(
        facts.words.reason,
        'It was waiting to be sent: its rules are unknown: Redis does not answer.',
      )
      assert.doesNotMatch(JSON.stringify(facts), /receiving server|Remote-MTA|Last-Attempt-Date|smtp;/)
      assert.deepEqual(facts.attempts, [])
      const [fields = []] = facts.recipients
      assert.ok(fields.includes('Status: 5.0.0'))
      assert.deepEqual(endings, ['bounced'], 'whoever ordered it is told')
    }
  })
})
