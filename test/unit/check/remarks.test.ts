import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CertificateFacts } from '../../../plugins/enforce-tls/check/certificate-facts.js'
import { remarksOn } from '../../../plugins/enforce-tls/check/verdict.js'
import { requirementOfAction } from '../../../plugins/enforce-tls/rules/requirement.js'
import type { Level } from '../../../plugins/enforce-tls/rules/levels.js'

const verify = requirementOfAction({ level: 'verify' }, 'bank.example')

function certificate(daysLeft: number | null): CertificateFacts {
  return {
    subject: '',
    issuer: '',
    names: [],
    validFrom: null,
    validTo: daysLeft === null ? null : '2026-12-01T10:00:00.000Z',
    daysLeft,
    key: { type: 'ec', bits: 256, curve: 'prime256v1' },
    chain: { trusted: true, problem: null },
    fingerprints: { certificate: '', publicKey: '' },
  }
}

const remarks = (...days: (number | null)[]) =>
  remarksOn(
    days.map((daysLeft) => ({ host: 'mx.bank.example', certificate: certificate(daysLeft) })),
    verify,
  )

describe('remarks on certificates', () => {
  const ROWS: readonly (readonly [daysLeft: number | null, told: RegExp | null])[] = [
    [15, null],
    [14, null],
    [13, /expires on 2026-12-01, in 13 days; unless it is renewed, mail at level verify bounces/],
    [1, /in 1 day;/],
    [0, /in less than a day;/],
    [-1, null],
    [null, null],
  ]
  for (const [daysLeft, told] of ROWS) {
    it(`${String(daysLeft)} days: ${told === null ? 'nothing' : 'a sentence'}`, () => {
      const found = remarks(daysLeft)
      if (told === null) assert.deepEqual(found, [])
      else assert.match(found.join(), told)
    })
  }

  it('are told once of a host with several addresses', () => assert.equal(remarks(3, 3).length, 1))

  it('are none of a host that showed no certificate', () => {
    assert.deepEqual(remarksOn([{ host: 'mx.bank.example', certificate: null }], verify), [])
  })

  const EFFECTS = {
    encrypt: /^$/,
    fingerprint: /a new one may have another fingerprint/,
    secure: /mail at level secure bounces from then on/,
  } as const satisfies Partial<Record<Level, RegExp>>
  for (const [level, effect] of Object.entries(EFFECTS)) {
    it(`say what it means at level ${level}`, () => {
      const requirement = requirementOfAction({ level: level as Level, fingerprints: ['x'] }, 'bank.example')
      const [remark = ''] = remarksOn([{ host: 'mx', certificate: certificate(5) }], requirement)
      assert.match(remark, effect)
    })
  }
})
