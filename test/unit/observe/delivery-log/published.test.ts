/** What the delivery log and the log line say of mail whose rules look at what is published. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type {
  AttemptEnded,
  DeliveryEvent,
  Outcome,
} from '../../../../plugins/enforce-tls/delivery/delivery-events.js'
import { tlsFailure } from '../../../../plugins/enforce-tls/delivery/outcome.js'
import {
  entryOf,
  fromRecord,
  logLine,
  toRecord,
} from '../../../../plugins/enforce-tls/observe/delivery-log/entry.js'
import { collectSessions } from '../../../../plugins/enforce-tls/report/tls-rpt-sessions.js'
import { reportOn } from '../../../../plugins/enforce-tls/report/tls-rpt.js'
import type { HostRequirement } from '../../../../plugins/enforce-tls/published/host-requirement.js'
import { atHost, daneDemand, stsPolicy } from '../../../support/held.js'
import { SESSION } from '../../../support/tls-session.js'

const HOST = 'mx.bank.example'
const NOTHING = 'has no TLSA records'
const LISTS = stsPolicy('enforce', [HOST])

function attempt(requirement: HostRequirement, more: Partial<AttemptEnded> = {}): DeliveryEvent {
  return {
    kind: 'attempt',
    ...about(requirement),
    source: undefined,
    session: SESSION,
    failure: null,
    ...more,
  }
}

function outcome(requirement: HostRequirement, more: Partial<Outcome>): DeliveryEvent {
  const rest = { result: 'delivered', session: SESSION, failure: null, status: null } as const
  return { kind: 'outcome', ...about(requirement), ...rest, ...more }
}

function about(requirement: HostRequirement) {
  const recipients = ['cfo@bank.example']
  const to = '192.0.2.25:25'
  return {
    at: 1,
    uuid: 'U.1',
    sender: 'ann@acme.example',
    domain: 'bank.example',
    recipients,
    requirement,
    host: HOST,
    to,
  }
}

/** Result, what was verified, why nothing is published, and what a policy in testing says. */
function said(event: DeliveryEvent): readonly (string | undefined)[] {
  const entry = entryOf(event, 'p.1')
  assert.deepEqual(fromRecord(toRecord(entry)), entry, 'comes back from a store as it was')
  const { result, verified, unpublished, testing } = entry
  for (const [name, value] of Object.entries({ verified, unpublished, testing }))
    assert.equal(logLine(entry).includes(` ${name}=`), value !== undefined, name)
  return [result, verified, unpublished, testing]
}

describe('an attempt', () => {
  for (const [what, requirement, verified] of [
    ['by DANE', atHost({ level: 'dane' }, { dane: daneDemand() }), 'dane'],
    [
      'by DANE, anybody may have named the host',
      atHost({ level: 'dane' }, { dane: daneDemand(true) }),
      'half-dane',
    ],
    ['by a policy', atHost({ level: 'mta-sts' }, { sts: LISTS }), 'chain,host-name,mta-sts'],
    [
      'by both',
      atHost({ level: 'published' }, { sts: LISTS, dane: daneDemand() }),
      'chain,host-name,mta-sts,dane',
    ],
  ] as const)
    it(`${what} says so`, () =>
      assert.deepEqual(said(attempt(requirement)), ['secured', verified, undefined, undefined]))

  it('over any TLS because nothing is published says so, and why', () => {
    const requirement = atHost({ level: 'dane', otherwise: 'encrypt' }, { nothing: NOTHING })
    assert.deepEqual(said(attempt(requirement)), ['secured', 'nothing', NOTHING, undefined])
  })

  it('at a host where nothing is required is neither secured nor failed', () => {
    const requirement = atHost({ level: 'dane', otherwise: 'none' }, { nothing: NOTHING })
    assert.deepEqual(said(attempt(requirement, { session: null })), [
      'as-usual',
      undefined,
      NOTHING,
      undefined,
    ])
  })

  it('at a host with DANE is secured, though otherwise nothing would be required', () => {
    const requirement = atHost({ level: 'dane', otherwise: 'none' }, { dane: daneDemand() })
    assert.deepEqual(said(attempt(requirement)), ['secured', 'dane', undefined, undefined])
  })

  it('notes what a policy in testing makes of the host, and that it did not matter', () => {
    const requirement = atHost(
      { level: 'mta-sts', otherwise: 'encrypt' },
      { testing: stsPolicy('testing', [HOST]), nothing: 'it has mode testing' },
    )
    const failure = tlsFailure('certificate-host-mismatch', 'has a certificate for x.example')
    assert.deepEqual(said(attempt(requirement, { tested: { failure: null } }))[3], 'pass')
    const failing = attempt(requirement, { tested: { failure } })
    assert.deepEqual(said(failing).slice(0, 1), ['secured'])
    const { testing, detail, class: name, status } = entryOf(failing, 'p.1')
    assert.deepEqual(
      [testing, detail, name, status],
      ['certificate-host-mismatch', 'has a certificate for x.example', undefined, undefined],
    )
  })
})

describe('an outcome', () => {
  it('at a host where nothing is required has a name of its own', () => {
    const requirement = atHost({ level: 'dane', otherwise: 'none' }, { nothing: NOTHING })
    const event = outcome(requirement, { result: 'delivered-as-usual', session: null })
    assert.deepEqual(said(event), ['delivered-as-usual', undefined, NOTHING, undefined])
  })

  it('over any TLS because nothing is published says so', () => {
    const requirement = atHost({ level: 'dane', otherwise: 'encrypt' }, { nothing: NOTHING })
    assert.deepEqual(said(outcome(requirement, {})), ['delivered', 'nothing', NOTHING, undefined])
  })
})

describe('what a rule in mode report saw', () => {
  for (const result of ['would-wait', 'would-deliver-as-usual'] as const)
    it(`comes back from a store: ${result}`, () => {
      const requirement = atHost({ level: 'dane', otherwise: 'none' }, { nothing: NOTHING })
      const event = { kind: 'report', ...about(requirement), result, session: null, failure: null } as const
      assert.deepEqual(said(event), [result, undefined, NOTHING, undefined])
    })
})

describe('a report on TLS made of attempts', () => {
  /** Type, Policy Domain, and counts of each policy. */
  async function reported(...events: readonly DeliveryEvent[]): Promise<unknown> {
    async function* entries() {
      for (const [n, event] of events.entries()) {
        const entry = fromRecord(toRecord(entryOf(event, `p.${n}`)))
        assert.ok(entry)
        yield await Promise.resolve(entry)
      }
    }
    const reporter = { organization: 'Acme', contact: 'tls@acme.example', owner: null }
    const [day] = await collectSessions(entries())
    return (
      day &&
      reportOn(day, reporter, 'left-out')?.report.policies.map(({ policy, summary }) => [
        policy['policy-type'],
        policy['policy-domain'],
        summary['total-successful-session-count'],
        summary['total-failure-session-count'],
      ])
    )
  }

  it('has them under what they were held to', async () => {
    const both = atHost({ level: 'published' }, { sts: LISTS, dane: daneDemand() })
    const byDane = atHost({ level: 'dane' }, { dane: daneDemand() })
    assert.deepEqual(
      await reported(
        attempt(both),
        attempt(byDane),
        attempt(byDane, { failure: tlsFailure('tlsa-invalid', 'x') }),
      ),
      [
        ['tlsa', daneDemand().base, 2, 1],
        ['sts', LISTS.domain, 1, 0],
      ],
    )
  })

  it('has what a policy in testing makes of them, and says nothing is published only where that was asked', async () => {
    const testing = atHost(
      { level: 'mta-sts', otherwise: 'encrypt' },
      { testing: stsPolicy('testing', [HOST]), nothing: NOTHING },
    )
    const wouldFail = { failure: tlsFailure('certificate-expired', 'x') }
    assert.deepEqual(
      await reported(
        attempt(testing, { tested: { failure: null } }),
        attempt(testing, { tested: wouldFail }),
      ),
      [['sts', LISTS.domain, 1, 1]],
    )
    const none = (level: 'dane' | 'published') =>
      attempt(atHost({ level, otherwise: 'encrypt' }, { nothing: NOTHING }))
    assert.deepEqual(await reported(none('published')), [['no-policy-found', 'bank.example', 1, 0]])
    assert.equal(await reported(none('dane')), undefined)
  })
})
