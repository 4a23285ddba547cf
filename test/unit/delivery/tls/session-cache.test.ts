import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { before, describe, it } from 'node:test'
import {
  SessionCache,
  type VerifiedSession,
} from '../../../../plugins/enforce-tls/delivery/tls/session-cache.js'
import { tlsaSet } from '../../../../plugins/enforce-tls/published/dane/tlsa-set.js'
import type { Requirement } from '../../../../plugins/enforce-tls/rules/requirement.js'
import { selfSigned } from '../../../support/certificates.js'

const HOUR = 3_600_000
const HOST = 'mx.bank.example'
const PLACE = '192.0.2.1:25'
const requirement: Requirement = {
  level: 'encrypt',
  trusted: false,
  namesHost: false,
  namesAnyOf: [],
  fingerprintsAnyOf: [],
  encrypted: true,
  published: [],
  decidedBy: [],
}
const trusted: Requirement = { ...requirement, level: 'verify', trusted: true, namesHost: true }

describe('the cache of TLS sessions', () => {
  let session: VerifiedSession
  let start: number
  before(async () => {
    start = Date.now()
    const { cert } = await selfSigned({
      dnsNames: [HOST],
      notBefore: new Date(start - HOUR),
      notAfter: new Date(start + HOUR / 2),
    })
    const peer = { certificate: new X509Certificate(cert), chainError: '' }
    session = { data: Buffer.from('ticket'), peer, verifiedAt: 0 }
  })

  function cacheAt(clock: { time: number }): SessionCache {
    return new SessionCache({ now: () => start + clock.time, steady: () => clock.time })
  }

  it('knows a session for the same server and requirement', () => {
    const cache = cacheAt({ time: 0 })
    cache.slot(HOST, PLACE, requirement).keep(session)
    assert.equal(cache.slot(HOST.toUpperCase(), PLACE, requirement).known()?.data, session.data)
  })

  const others: Record<string, [host: string, place: string, Requirement]> = {
    'another host at the same address': ['mx2.bank.example', PLACE, requirement],
    'another address': [HOST, '192.0.2.2:25', requirement],
    'another port': [HOST, '192.0.2.1:2525', requirement],
    'another level': [HOST, PLACE, { ...requirement, level: 'secure' }],
    'a minimum version': [HOST, PLACE, { ...requirement, minVersion: 'TLSv1.3' }],
    'a chain that must be trusted': [HOST, PLACE, { ...requirement, trusted: true }],
    "the host's name": [HOST, PLACE, { ...requirement, namesHost: true }],
    'other names': [HOST, PLACE, { ...requirement, namesAnyOf: [['bank.example']] }],
    'a fingerprint': [HOST, PLACE, { ...requirement, fingerprintsAnyOf: [['AA:BB']] }],
  }
  for (const [name, [host, place, other]] of Object.entries(others))
    it(`knows none for ${name}`, () => {
      const cache = cacheAt({ time: 0 })
      cache.slot(HOST, PLACE, requirement).keep(session)
      assert.equal(cache.slot(host, place, other).known(), undefined)
    })

  it('forgets a session an hour after its full handshake, whatever was resumed in between', () => {
    const clock = { time: 1 }
    const slot = cacheAt(clock).slot(HOST, PLACE, requirement)
    slot.keep({ ...session, verifiedAt: 1 })
    clock.time = HOUR - 1
    slot.keep({ ...session, data: Buffer.from('renewed'), verifiedAt: 1 })
    assert.equal(slot.known()?.data.toString(), 'renewed')
    clock.time = HOUR + 2
    assert.equal(slot.known(), undefined)
  })

  it('forgets a session with its certificate where the certificate had to be trusted', () => {
    const clock = { time: 0 }
    const cache = cacheAt(clock)
    const [strict, lax] = [cache.slot(HOST, PLACE, trusted), cache.slot(HOST, PLACE, requirement)]
    for (const slot of [strict, lax]) slot.keep(session)
    clock.time = HOUR / 2 - 2000
    assert.ok(strict.known())
    clock.time = HOUR / 2 + 2000
    assert.equal(strict.known(), undefined)
    assert.ok(lax.known(), 'dates never counted there')
  })

  it('keeps a session beyond its certificate where a TLSA record of usage 3 vouches for it, and no other does', () => {
    const clock = { time: 0 }
    const cache = cacheAt(clock)
    const slots = [3, 2].map((usage) => {
      const data = session.peer.certificate?.raw ?? Buffer.alloc(0)
      const set = tlsaSet(HOST, [{ usage, selector: 0, matchingType: 0, data }])
      const dane = { set, base: HOST, names: [HOST], isHalf: false }
      return cache.slot(HOST, PLACE, {
        ...requirement,
        held: { dane, sts: null, lists: null, testing: null, nothing: '' },
      })
    })
    for (const slot of slots) slot.keep(session)
    clock.time = HOUR / 2 + 2000
    assert.deepEqual(
      slots.map((slot) => slot.known() !== undefined),
      [true, false],
    )
  })

  it('keeps none without a certificate where one had to be trusted', () => {
    const slot = cacheAt({ time: 0 }).slot(HOST, PLACE, trusted)
    slot.keep({ ...session, peer: { certificate: undefined, chainError: '' } })
    assert.equal(slot.known(), undefined)
  })

  it('does not resume with a server that breaks, also when there are new sessions, for an hour', () => {
    const clock = { time: 1 }
    const slot = cacheAt(clock).slot(HOST, PLACE, requirement)
    slot.keep({ ...session, verifiedAt: 1 })
    slot.avoid()
    slot.keep({ ...session, verifiedAt: 1 })
    assert.equal(slot.known(), undefined)
    clock.time = HOUR + 2
    slot.keep({ ...session, verifiedAt: clock.time })
    assert.ok(slot.known())
  })

  it('keeps no session that is larger than sessions are', () => {
    const slot = cacheAt({ time: 0 }).slot(HOST, PLACE, requirement)
    slot.keep({ ...session, data: Buffer.alloc(20_000) })
    assert.equal(slot.known(), undefined)
  })
})
