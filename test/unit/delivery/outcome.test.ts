import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  decisiveAttempt,
  judge,
  otherFailure,
  statusOf,
  tlsFailure,
  type Attempt,
  type AttemptFailure,
} from '../../../plugins/enforce-tls/delivery/outcome.js'
import { definitionOf, type FailureClass } from '../../../plugins/enforce-tls/delivery/failure-classes.js'

function attempt(failure: AttemptFailure | null, host = 'mx.bank.example'): Attempt {
  return { host, to: `${host}:25`, secured: false, session: null, failure }
}

const refused = tlsFailure('starttls-refused', 'refused')
const deferred = tlsFailure('starttls-deferred', 'put off')
const slow = tlsFailure('handshake-failure', 'no answer', { temporary: true })
const unreachable = otherFailure('could not be reached')
const turnedAway = otherFailure('answered the connection with 554', { temporary: false, status: '3.2' })

describe('failure classes', () => {
  const rows: readonly (readonly [name: FailureClass, temporary: boolean, now: string, final: string])[] = [
    ['starttls-not-supported', false, '5.7.4', '5.7.4'],
    ['starttls-deferred', true, '4.7.4', '5.7.4'],
    ['starttls-refused', false, '5.7.4', '5.7.4'],
    ['handshake-failure', false, '5.7.5', '5.7.5'],
    ['certificate-not-trusted', false, '5.7.5', '5.7.5'],
    ['certificate-expired', false, '5.7.5', '5.7.5'],
    ['certificate-host-mismatch', false, '5.7.5', '5.7.5'],
    ['fingerprint-mismatch', false, '5.7.5', '5.7.5'],
    ['starttls-injection', false, '5.7.5', '5.7.5'],
  ]
  for (const [name, temporary, now, final] of rows) {
    it(`${name} is ${temporary ? 'temporary' : 'permanent'}, with Status ${now}`, () => {
      const failure = tlsFailure(name, 'x')
      assert.equal(failure.temporary, temporary)
      assert.equal(statusOf(failure, false), now)
      assert.equal(statusOf(failure, true), final)
      assert.match(definitionOf(name).says, /^\S.*\S$/)
    })
  }

  it('a class that does not exist is an error', () => {
    assert.throws(() => definitionOf('tls-is-odd' as FailureClass), /tls-is-odd is no failure class/)
  })

  it('the same class can be temporary where nothing is known yet', () => {
    assert.equal(statusOf(slow, false), '4.7.5')
    assert.equal(statusOf(slow, true), '5.7.5')
  })

  it('what TLS is not to blame for has a Status of its own', () => {
    assert.equal(statusOf(unreachable, false), '4.4.1')
    assert.equal(statusOf(unreachable, true), '5.4.1')
    assert.equal(statusOf(turnedAway, false), '5.3.2')
  })
})

describe('the verdict over all attempts', () => {
  const rows: readonly (readonly [
    what: string,
    failures: readonly (AttemptFailure | null)[],
    verdict: { tls: boolean; temporary: boolean },
  ])[] = [
    ['one permanent TLS failure', [refused], { tls: true, temporary: false }],
    ['two of them', [refused, refused], { tls: true, temporary: false }],
    ['one that TLS put off', [deferred], { tls: true, temporary: true }],
    ['a permanent one, and one put off', [refused, deferred], { tls: true, temporary: true }],
    ['a permanent one, and a host that is down', [refused, unreachable], { tls: true, temporary: true }],
    [
      'a permanent one, and a host that turns everybody away',
      [refused, turnedAway],
      { tls: true, temporary: false },
    ],
    ['a host that is down', [unreachable], { tls: false, temporary: true }],
    ['a host that turns everybody away', [turnedAway], { tls: false, temporary: false }],
    ['an attempt whose end is not known', [refused, null], { tls: true, temporary: true }],
  ]
  for (const [what, failures, verdict] of rows) {
    it(`${what}: ${verdict.temporary ? 'later' : 'never'}, ${verdict.tls ? 'TLS' : 'something else'} is to blame`, () => {
      assert.deepEqual(judge(failures.map((failure) => attempt(failure))), verdict)
    })
  }
})

describe('the attempt that a bounce names', () => {
  const [first, second] = [attempt(refused, 'mx1'), attempt(deferred, 'mx2')]
  const down = attempt(unreachable, 'mx3')
  it('is the last one that failed for a TLS reason', () => {
    assert.equal(decisiveAttempt([first, second, down]), second)
    assert.equal(decisiveAttempt([down, first]), first)
  })
  it('or else the last one', () => {
    assert.equal(decisiveAttempt([attempt(turnedAway), down]), down)
  })
  it('is never one that has not failed', () => {
    assert.equal(decisiveAttempt([first, attempt(null)]), first)
    assert.equal(decisiveAttempt([attempt(null)]), null)
    assert.equal(decisiveAttempt([]), null)
  })
})
