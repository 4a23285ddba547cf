import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Observations } from '../../../../plugins/enforce-tls/observe/alerts/observations.js'
import type {
  DeliveryEvent,
  Outcome,
  ReportEvent,
} from '../../../../plugins/enforce-tls/delivery/delivery-events.js'
import { otherFailure, tlsFailure } from '../../../../plugins/enforce-tls/delivery/outcome.js'
import { type FailureClass } from '../../../../plugins/enforce-tls/delivery/failure-classes.js'
import { withAsked } from '../../../../plugins/enforce-tls/requiretls/ask.js'
import { requirementOf } from '../../../../plugins/enforce-tls/rules/requirement.js'
import type { RelayWithTls } from '../../../../plugins/enforce-tls/rules/rule.js'
import { SESSION } from '../../../support/tls-session.js'

function about(at: number, domain = 'bank.example', action: RelayWithTls = { level: 'encrypt' }) {
  const requirement = requirementOf(action, domain, { owner: '*', id: 'r1', name: 'Banks' })
  return { at, uuid: 'u', sender: 'ann@acme.example', domain, recipients: [`cfo@${domain}`], requirement }
}

function outcome(what: Partial<Outcome>, ...of: Parameters<typeof about>): DeliveryEvent {
  const rest = { host: 'mx.bank.example', to: '192.0.2.1:25', session: null, failure: null, status: null }
  return { kind: 'outcome', result: 'delivered', ...rest, ...about(...of), ...what }
}

const reported = (result: ReportEvent['result']): ReportEvent => ({
  kind: 'report',
  result,
  host: 'mx.bank.example',
  session: null,
  failure: null,
  ...about(1),
})

const waits = (name: FailureClass): DeliveryEvent => ({
  ...reported('would-wait'),
  failure: { ...tlsFailure(name, 'x'), temporary: true },
})

const refused = tlsFailure('starttls-refused', 'refused it')
const deferred = tlsFailure('starttls-deferred', 'put it off')

const REFUSED = { host: 'mx.bank.example', failure: refused }

/** `passed`, `failed` with how many bounced, or nothing. */
function seen(...events: readonly DeliveryEvent[]): string {
  const sightings = new Observations()
  for (const event of events) sightings.take(event)
  return [...sightings.drain().values()]
    .map(({ passes, failures }) =>
      [passes ? 'passed' : '', failures ? `failed ${failures.failures}/${failures.bounced}` : ''].join(''),
    )
    .join()
}

it('a partner that fails, and whose mail a gateway takes, is the same partner once it works again', () => {
  const { requirement } = about(1)
  const instead = { ...REFUSED, requirement }
  const sightings = new Observations()
  const atGateway = requirementOf({ level: 'verify' }, '', { owner: '*', id: 'r1', name: 'Banks' })
  sightings.take({
    ...outcome({ result: 'rerouted', session: SESSION, via: { gateway: 'relay', instead } }, 1),
    requirement: atGateway,
  })
  sightings.take(outcome({ session: SESSION }, 2))
  assert.deepEqual(
    [...sightings.drain().values()].map(({ domain }) => domain),
    ['bank.example', 'gateway relay'],
  )
})

it('a gateway is a partner of its own, by its name, for all domains and rules', () => {
  const sightings = new Observations()
  const via = { gateway: 'relay', instead: null } as const
  const down = tlsFailure('gateway-unavailable', 'could not be reached')
  sightings.take(outcome({ result: 'via-gateway', session: SESSION, via }, 1))
  sightings.take(outcome({ result: 'deferred', failure: down, via }, 2, 'clinic.example'))
  sightings.take(outcome({ result: 'deferred', failure: { ...down, isAnswer: true }, via }, 3))
  const [[, seenOf] = [], ...others] = [...sightings.drain()]
  assert.equal(others.length, 0)
  assert.equal(seenOf?.domain, 'gateway relay')
  assert.equal(seenOf.passes?.lastAt, 1)
  assert.deepEqual([seenOf.failures?.failures, seenOf.failures?.facts.detail], [1, 'could not be reached'])
})

describe('what an event means for a partner', () => {
  const rows: readonly (readonly [what: string, event: DeliveryEvent, seen: string])[] = [
    ['a delivery over TLS', outcome({ session: SESSION }, 1), 'passed'],
    ['a delivery to a trusted next hop', outcome({}, 1), ''],
    [
      'a message that a gateway has taken instead',
      outcome({ result: 'rerouted', session: SESSION, via: { gateway: 'relay', instead: REFUSED } }, 1),
      'failed 1/0,passed',
    ],
    [
      'a message that no gateway took either',
      outcome({ result: 'bounced', failure: refused, via: { gateway: 'relay', instead: REFUSED } }, 1),
      'failed 1/1',
    ],
    [
      'a message that a gateway has taken as the rule says',
      outcome({ result: 'via-gateway', session: SESSION, via: { gateway: 'relay', instead: null } }, 1),
      'passed',
    ],
    [
      'a gateway that fails',
      outcome({ result: 'bounced', failure: refused, via: { gateway: 'relay', instead: null } }, 1),
      '',
    ],
    [
      'a bounce of a message that asks for REQUIRETLS itself',
      outcome(
        {
          result: 'bounced',
          failure: tlsFailure('requiretls-not-supported', 'x'),
          requirement: withAsked(null, 'enforce'),
        },
        1,
      ),
      '',
    ],
    ['a bounce for a TLS reason', outcome({ result: 'bounced', failure: refused }, 1), 'failed 1/1'],
    [
      'a bounce once TLS was put off for too long',
      outcome({ result: 'bounced', failure: deferred }, 1),
      'failed 1/1',
    ],
    ['a bounce for another reason', outcome({ result: 'bounced', failure: otherFailure('no user') }, 1), ''],
    ['a bounce without a reason', outcome({ result: 'bounced' }, 1), ''],
    ['a message kept as error', outcome({ result: 'kept', failure: refused }, 1), 'failed 1/0'],
    ['a deferral for a permanent reason', outcome({ result: 'deferred', failure: refused }, 1), 'failed 1/0'],
    ['a deferral for a temporary reason', outcome({ result: 'deferred', failure: deferred }, 1), ''],
    [
      'a deferral because nobody answered',
      outcome({ result: 'deferred', failure: otherFailure('gone') }, 1),
      '',
    ],
    ['what a rule in mode report would have bounced', reported('would-bounce'), 'failed 1/0'],
    ['what a rule in mode report would have delivered', reported('would-deliver'), 'passed'],
    ['what nobody looked at', reported('unknown'), ''],
    ['what a rule in mode report would have let wait', waits('tlsa-invalid'), 'failed 1/0'],
    ['the same for a look-up that failed', waits('dnssec-invalid'), ''],
    ['the same where nothing would have been required', reported('would-deliver-as-usual'), ''],
    [
      'a delivery where nothing is required',
      outcome({ result: 'delivered-as-usual' }, 1, 'bank.example', { level: 'dane', otherwise: 'none' }),
      '',
    ],
    ...(
      [
        // What is published and what the server has do not fit: not gone by itself.
        ['tlsa-invalid', 'failed 1/0'],
        ['mx-not-listed', 'failed 1/0'],
        ['dane-required', 'failed 1/0'],
        ['nothing-published', 'failed 1/0'],
        ['sts-policy-invalid', 'failed 1/0'],
        ['sts-webpki-invalid', 'failed 1/0'],
        ['certificate-expired', 'failed 1/0'],
        ['starttls-not-supported', 'failed 1/0'],
        // As if it could not be reached.
        ['dnssec-invalid', ''],
        ['sts-policy-fetch-error', ''],
        ['handshake-failure', ''],
        ['starttls-deferred', ''],
      ] as const
    ).map(([name, means]) => {
      const failure = { ...tlsFailure(name, 'x'), temporary: true }
      return [
        `a deferral for ${name} at a host that is held to what is published`,
        outcome({ result: 'deferred', failure }, 1, 'bank.example', { level: 'published' }),
        means,
      ] as const
    }),
    [
      'an attempt',
      {
        kind: 'attempt',
        host: 'h',
        to: 't',
        source: undefined,
        session: null,
        failure: refused,
        ...about(1),
      },
      '',
    ],
    ['incoming mail', { kind: 'refusal', result: 'refused', ...about(1) }, ''],
  ]
  for (const [what, event, means] of rows) it(what, () => assert.equal(seen(event), means))
})

describe('sightings', () => {
  it('are put together by domain and by what is required there', () => {
    const pass = { session: SESSION }
    const fail = { result: 'bounced', failure: refused } as const
    assert.equal(seen(outcome(pass, 1), outcome(fail, 2), outcome(fail, 3)), 'passedfailed 2/2')
    assert.equal(seen(outcome(pass, 1), outcome(fail, 2, 'clinic.example')), 'passed,failed 1/1')
    const actions: readonly RelayWithTls[] = [
      { level: 'encrypt' },
      { level: 'verify' },
      { level: 'encrypt', minVersion: 'TLSv1.3' },
      { level: 'secure', names: ['a.example'] },
      { level: 'secure', names: ['b.example'] },
      { level: 'dane' },
      { level: 'dane', otherwise: 'encrypt' },
    ]
    const each = actions.map((action) => outcome(pass, 1, 'bank.example', action))
    assert.equal(seen(...each, ...each), actions.map(() => 'passed').join())
    const observations = new Observations()
    for (const event of each) observations.take(event)
    assert.deepEqual(
      [...observations.drain().values()].map(({ requires }) => requires),
      [
        'encrypt',
        'verify',
        'encrypt, TLSv1.3 or later',
        'secure',
        'secure',
        'dane',
        'dane, otherwise encrypt',
      ],
    )
  })

  it('keep when it was first and last, and the last facts', () => {
    const sightings = new Observations()
    for (const at of [1, 5]) sightings.take(outcome({ result: 'bounced', failure: refused }, at))
    const expired = tlsFailure('certificate-expired', 'expired\r\nyesterday')
    sightings.take(outcome({ result: 'bounced', failure: expired, host: 'mx2.bank.example' }, 7))
    const [sighting] = sightings.drain().values()
    assert.deepEqual(sighting?.failures, {
      firstAt: 1,
      lastAt: 7,
      failures: 3,
      bounced: 3,
      facts: {
        class: 'certificate-expired',
        host: 'mx2.bank.example',
        detail: 'expired yesterday',
        rules: [{ owner: '*', id: 'r1', name: 'Banks' }],
      },
    })
    assert.equal(sightings.size, 0)
  })

  it('that could not be said are put back before what was seen since', () => {
    const sightings = new Observations()
    sightings.take(outcome({ session: SESSION }, 1))
    const unsaid = sightings.drain()
    sightings.take(outcome({ result: 'bounced', failure: refused }, 2))
    sightings.restore(unsaid)
    const [sighting] = sightings.drain().values()
    assert.deepEqual([sighting?.passes?.lastAt, sighting?.failures?.firstAt], [1, 2])
  })

  it('are bounded, and what finds no room is counted', () => {
    const sightings = new Observations()
    for (let n = 0; n < 5003; n++) sightings.take(outcome({ session: SESSION }, 1, `d${n}.example`))
    assert.deepEqual([sightings.size, sightings.dropped], [5000, 3])
    sightings.take(outcome({ session: SESSION }, 2, 'd1.example'))
    assert.equal(sightings.dropped, 3)
    const all = sightings.drain()
    sightings.take(outcome({ session: SESSION }, 2, 'new.example'))
    sightings.restore(all)
    assert.deepEqual([sightings.size, sightings.dropped], [5000, 4])
  })
})
