import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ExplainedRule } from '../../../plugins/enforce-tls/rules/explanation.js'
import { ADDRESS_ROWS } from './rows/addresses.js'
import { ORDER_ROWS } from './rows/order.js'
import { RuleList } from '../../../plugins/enforce-tls/rules/rule-list.js'
import { decided, explained, inWords, setUp, type Row } from './rows/row.js'
import { STATE_ROWS } from './rows/states.js'
import { TEXT_ROWS } from './rows/texts.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'

const ROWS: readonly Row[] = [...ADDRESS_ROWS, ...TEXT_ROWS, ...ORDER_ROWS, ...STATE_ROWS]

describe('the decision table', () => {
  it('is long enough to mean something', () => assert.ok(ROWS.length >= 150, String(ROWS.length)))

  for (const row of ROWS) {
    it(`${row.what}: ${row.is}${row.reports ? `, reported by ${row.reports}` : ''}`, () => {
      const expected = { is: row.is, reports: row.reports ?? '' }
      assert.deepEqual(decided(row), expected)
      assert.deepEqual(
        inWords(explained(row).ruling ?? assert.fail('it waits')),
        expected,
        'the explanation says the same',
      )
    })
  }

  it('gives each decision to the rule that the explanation, which looks at every rule, finds first', () => {
    for (const row of ROWS) {
      const { entries, groups, message } = setUp(row)
      const lists = new Map(entries.map((each) => [each.owner, atOnce(RuleList.compile(each, groups))]))
      for (const { owner, rules } of explained(row).owners) {
        const list = lists.get(owner) ?? assert.fail(owner)
        const ruling = atOnce(list.rulingOn(message))
        const counts = ({ state, rule }: ExplainedRule) =>
          state === 'matched' || (state === 'unknown' && rule.actions.relayWithTls?.level !== 'none')
        const first = rules.find((each) => counts(each) && each.rule.mode !== 'report')
        const deciding = rules.find(({ part }) => part === 'decides' || part === 'exempts')
        assert.equal(deciding?.id, first?.id, `${row.what}, ${owner}`)
        const exempt = first?.rule.actions.relayWithTls?.level === 'none'
        assert.equal(ruling.requirement?.decidedBy[0]?.id, exempt ? undefined : first?.id, row.what)
        const reporting = rules.filter(({ part }) => part === 'reports').map(({ id }) => id)
        assert.deepEqual(
          ruling.reported.map(({ decidedBy }) => decidedBy[0]?.id),
          reporting,
        )
      }
    }
  })
})
