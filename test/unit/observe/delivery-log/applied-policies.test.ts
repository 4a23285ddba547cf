/** Which published policies an attempt was held to, written into an entry and read back. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fromRecord, toRecord } from '../../../../plugins/enforce-tls/observe/delivery-log/entry.js'
import {
  appliedPolicies,
  readAppliedPolicies,
} from '../../../../plugins/enforce-tls/observe/delivery-log/applied-policies.js'
import { tlsaSet } from '../../../../plugins/enforce-tls/published/dane/tlsa-set.js'
import type { Held, HostRequirement } from '../../../../plugins/enforce-tls/published/host-requirement.js'
import type { PublishedSts } from '../../../../plugins/enforce-tls/published/mta-sts/sts-policies.js'
import { requirementOf } from '../../../../plugins/enforce-tls/rules/requirement.js'
import { entry } from '../../../support/evidence-entries.js'

const BASE = 'mx.bank.example'
const RECORD = { usage: 3, selector: 1, matchingType: 1, data: Buffer.alloc(32, 0xab) }
const HEX = 'AB'.repeat(32)

const sts = (more: Partial<PublishedSts> = {}): PublishedSts => ({
  kind: 'policy',
  domain: 'bank.example',
  id: '1',
  age: 0,
  text: '',
  problems: [],
  stale: '',
  mode: 'enforce',
  mx: [BASE],
  maxAge: 86_400,
  ...more,
})

const required = (level: 'dane' | 'mta-sts' | 'published'): HostRequirement =>
  requirementOf({ level }, 'bank.example', { owner: '*', id: 'r1', name: 'x' })

function held(level: 'dane' | 'mta-sts' | 'published', more: Partial<Held>): HostRequirement {
  return { ...required(level), held: { dane: null, sts: null, testing: null, nothing: '', ...more } }
}

const dane = (records = [RECORD]) => ({
  set: tlsaSet(BASE, records),
  base: BASE,
  names: [BASE],
  isHalf: false,
})

describe('the policies of an entry', () => {
  it('are the TLSA records and the MTA-STS policy that the attempt was held to', () => {
    const text = appliedPolicies(held('published', { dane: dane(), sts: sts() }))
    assert.deepEqual(readAppliedPolicies(text ?? undefined), [
      { type: 'tlsa', domain: BASE, strings: [`3 1 1 ${HEX}`] },
      {
        type: 'sts',
        domain: 'bank.example',
        strings: ['version: STSv1', 'mode: enforce', 'max_age: 86400', `mx: ${BASE}`],
      },
    ])
    const record = toRecord(entry({ kind: 'attempt', result: 'secured', policy: text ?? '' }))
    assert.equal(fromRecord(record)?.policy, text)
  })

  it('include one that is only tested', () => {
    const text = appliedPolicies(held('mta-sts', { testing: sts({ mode: 'testing' }), nothing: 'tested' }))
    const [policy] = readAppliedPolicies(text ?? undefined) ?? []
    assert.equal(policy?.testing, true)
    assert.ok(policy.strings.includes('mode: testing'))
  })

  it('are none only where both kinds were looked for', () => {
    assert.equal(appliedPolicies(held('published', { nothing: 'nothing' })), '[]')
    assert.equal(appliedPolicies(held('dane', { nothing: 'nothing' })), null)
    assert.equal(appliedPolicies(held('mta-sts', { nothing: 'nothing' })), null)
    assert.equal(appliedPolicies(required('published')), null)
  })

  it('take no more room than an entry has, and can be read then', () => {
    const patterns = Array.from({ length: 500 }, (_, n) => `mx${n}.${'x'.repeat(40)}.example`)
    const records = Array.from({ length: 60 }, (_, n) => ({ ...RECORD, data: Buffer.alloc(32, n) }))
    for (const more of [
      { sts: sts({ mx: patterns }) },
      { dane: dane(records), sts: sts({ mx: patterns, domain: `${'y'.repeat(60)}.`.repeat(4) + 'example' }) },
    ]) {
      const text = appliedPolicies(held('published', more)) ?? ''
      assert.ok(text.length <= 2000, String(text.length))
      const policies = readAppliedPolicies(text)
      assert.equal(policies?.length, Object.keys(more).length)
      for (const { strings } of policies) assert.ok(strings.length >= 4)
    }
  })
})
