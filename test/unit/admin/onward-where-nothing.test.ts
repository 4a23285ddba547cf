/** What a rule lets through where nothing is published, beside REQUIRETLS or not at all: no sentence has both. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatLevelOf } from '../../../plugins/enforce-tls/admin/format-published.js'
import { formatRequirement } from '../../../plugins/enforce-tls/admin/format-requirement.js'
import { formatAction, formatCovered } from '../../../plugins/enforce-tls/admin/format-rule.js'
import { formatLessThanBefore } from '../../../plugins/enforce-tls/admin/less-than-before.js'
import { addUp, NO_RULE, requirementOf } from '../../../plugins/enforce-tls/rules/requirement.js'
import type { RelayWithTls, Rule } from '../../../plugins/enforce-tls/rules/rule.js'

const DOMAIN = 'bank.example'
const FREE = /in the clear|any certificate is enough|any TLS|what the other rules require|unencrypted/
const rule = (relayWithTls: RelayWithTls): Rule =>
  ({ name: 'x', direction: 'outgoing', enabled: true, criteria: {}, actions: { relayWithTls } }) as Rule

for (const level of ['dane', 'mta-sts', 'published'] as const)
  for (const otherwise of ['none', 'encrypt'] as const)
    describe(`level ${level}, otherwise ${otherwise}, and REQUIRETLS or not at all`, () => {
      const action: RelayWithTls = { level, otherwise, requireOnward: 'must' }
      const requirement = requirementOf(action, DOMAIN, NO_RULE)

      it('leaves nothing open in any sentence', () => {
        const said = [
          formatAction(action),
          formatCovered('acme.example', rule(action)),
          formatLevelOf(requirement),
          formatRequirement(requirement),
        ]
        for (const each of said) assert.doesNotMatch(each, FREE)
        for (const each of [formatAction(action), formatRequirement(requirement)])
          assert.match(each, /mail leaves only as REQUIRETLS requires where the partner publishes \w+/)
        assert.match(formatCovered('acme.example', rule(action)), /leaves over TLS or not at all$/)
      })

      it('says the same beside another rule', () => {
        const both = addUp(requirement, requirementOf({ level: 'encrypt' }, DOMAIN, NO_RULE))
        assert.ok(both)
        assert.match(formatRequirement(both), /mail leaves only as REQUIRETLS requires where/)
      })

      it('says what the level leaves open where REQUIRETLS is only used if it is offered', () => {
        for (const requireOnward of ['offered', undefined] as const) {
          const loose: RelayWithTls = { level, otherwise, ...(requireOnward ? { requireOnward } : {}) }
          assert.match(formatAction(loose), FREE)
          assert.match(formatRequirement(requirementOf(loose, DOMAIN, NO_RULE)), FREE)
        }
      })

      it('is compared with what it was', () => {
        const without: RelayWithTls = { level, otherwise }
        assert.equal(formatLessThanBefore(without, action), null)
        assert.match(formatLessThanBefore(action, without) ?? '', FREE)
        const strict: RelayWithTls = { level, requireOnward: 'must' }
        assert.match(formatLessThanBefore(strict, action) ?? '', /only as REQUIRETLS requires where/)
      })
    })

describe('level encrypt with REQUIRETLS or not at all', () => {
  const action: RelayWithTls = { level: 'encrypt', requireOnward: 'must' }
  const ANY = /any certificate|any TLS/

  it('is nowhere said to take any certificate', () => {
    const requirement = requirementOf(action, DOMAIN, NO_RULE)
    for (const said of [formatAction(action), formatRequirement(requirement)]) {
      assert.doesNotMatch(said, ANY)
      assert.match(said, /^level encrypt: TLS, only with REQUIRETLS, to a server with a verified certificate/)
    }
    assert.equal(formatLevelOf(requirement), 'level encrypt (only with REQUIRETLS)')
  })

  it('takes any where REQUIRETLS is only used if it is offered', () => {
    assert.match(formatAction({ ...action, requireOnward: 'offered' }), ANY)
  })
})
