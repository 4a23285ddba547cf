/** That nothing else requires TLS is said of a rule only where no message that it matches requires any. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import * as fc from 'fast-check'
import { formatEffect } from '../../../plugins/enforce-tls/admin/format-effect.js'
import { parseRule } from '../../../plugins/enforce-tls/rules/check-rule.js'
import { decide } from '../../../plugins/enforce-tls/rules/decide.js'
import { effectOf } from '../../../plugins/enforce-tls/rules/effect.js'
import { EffectPolicy } from '../../../plugins/enforce-tls/rules/effect-policy.js'
import { HeaderBlock } from '../../../plugins/enforce-tls/rules/header-block.js'
import { compileCriteria } from '../../../plugins/enforce-tls/rules/match.js'
import { ownersAround, ownersOf } from '../../../plugins/enforce-tls/rules/owner.js'
import { RuleList } from '../../../plugins/enforce-tls/rules/rule-list.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'

const OWNERS = ['*', 's.example', 't.example', 'bob@s.example', 'eve@t.example']
const SENDERS = ['bob@s.example', 'ann@s.example', 'eve@t.example', 'joe@t.example']
const RECIPIENTS = ['cfo@a.example', 'lab@a.example', 'cfo@x.a.example', 'lab@y.a.example', 'z@b.example']
const SUBJECTS = ['none', 'red', 'blue', 'red blue']

const patterns = (...of: string[]) => fc.uniqueArray(fc.constantFrom(...of), { minLength: 1, maxLength: 3 })
const to = patterns('*', 'a.example', '.a.example', 'x.a.example', 'cfo@a.example', 'b.example', 'group:g')
const from = patterns('*', 's.example', '.example', 'bob@s.example', 't.example')
const lists = (values: typeof to) =>
  fc.oneof(
    fc.record({ matchesAny: values }),
    fc.record({ matchesNone: values }),
    fc.record({ matchesAny: values, matchesNone: values }),
  )
const often = { freq: 2, nil: undefined }
const rule = fc.record({
  owner: fc.constantFrom(...OWNERS),
  to: lists(to),
  from: fc.option(lists(from), often),
  subject: fc.option(fc.record({ matchesAny: patterns('red', 'blue') }), often),
  level: fc.constantFrom('encrypt', 'encrypt', 'none'),
  mode: fc.constantFrom('enforce', 'enforce', 'report'),
})
const groups = new Map([['g', JSON.stringify(['.a.example', 'lab@a.example'])]])

const address = (text: string) => {
  const [local = '', domain = ''] = text.split('@')
  return { local, domain }
}

it('rules that are off are said to leave mail to be delivered as usual only where it is', () => {
  let said = 0
  fc.assert(
    fc.property(fc.array(rule, { minLength: 1, maxLength: 4 }), (specs) => {
      const stored = specs.map(({ owner, level, mode, subject, from: sender, ...rest }, index) => ({
        owner,
        id: `r${index}`,
        json: JSON.stringify({
          ...{ name: `R${index}`, direction: 'outgoing', enabled: index > 0, position: index + 1, mode },
          criteria: { to: rest.to, ...(sender && { from: sender }), ...(subject && { subject }) },
          actions: { relayWithTls: { level } },
        }),
      }))
      const entriesOf = (owner: string) => ({
        owner,
        service: '{"enabled":true}',
        rules: new Map(stored.filter((each) => each.owner === owner).map(({ id, json }) => [id, json])),
      })
      const [first] = stored
      assert.ok(first)
      const checked = atOnce(parseRule(first.json))
      assert.ok('rule' in checked)
      const owned = { owner: first.owner, id: first.id, rule: checked.rule }
      const concerned = OWNERS.filter(
        (each) => ownersAround(owned.owner).includes(each) || ownersAround(each).includes(owned.owner),
      )
      const policy = atOnce(EffectPolicy.compile(concerned.map(entriesOf), groups))
      const effect = atOnce(effectOf(owned, policy, groups, 0))
      const { more } = formatEffect(owned, effect, { reportOnly: false, offersTls: null, bouncesTo: [] })
      if (!more.some((sentence) => sentence.startsWith('No other rule'))) return
      said++
      const criteria = atOnce(compileCriteria(owned.rule.criteria, policy.groups))
      const compiled = new Map(
        OWNERS.map((owner) => [owner, atOnce(RuleList.compile(entriesOf(owner), groups))]),
      )
      for (const sender of SENDERS.map(address))
        for (const recipient of RECIPIENTS.map(address))
          for (const subject of SUBJECTS) {
            const headers = new HeaderBlock(`Subject: ${subject}\r\n\r\n`)
            const message = { direction: 'outgoing', sender, recipient, headers, now: 0 } as const
            if (!ownersOf(sender).includes(owned.owner)) continue
            if (atOnce(criteria.judge(message)).some(({ met }) => met !== true)) continue
            const lists = ownersOf(sender).flatMap((each) => compiled.get(each) ?? [])
            const { requirement } = atOnce(decide(lists, message))
            assert.equal(requirement, null, `${sender.local}@${sender.domain} to ${recipient.domain}`)
          }
    }),
    { numRuns: 2000, seed: 1 },
  )
  assert.ok(said > 200, `${said} times`)
})
