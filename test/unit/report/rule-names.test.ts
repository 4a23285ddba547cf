/** Rules in reports by their names: with the id where a name is not enough, and without the store as the log has them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LoggedRule } from '../../../plugins/enforce-tls/observe/delivery-log/schema.js'
import { makeReport } from '../../../plugins/enforce-tls/report/make-report.js'
import { ruleLabel, withRuleNames } from '../../../plugins/enforce-tls/report/rule-names.js'
import { entry, records } from '../../support/evidence-entries.js'

const NOW = new Date('2026-11-23T12:00:00Z')
const QUERY = { since: new Date('2026-11-16'), until: NOW, owner: null, domain: null, now: NOW }
const OWNER = 'acme.example'

/** The labels of rules in report mode, with these rules in the store; `null` where it does not answer. */
async function labels(
  rules: readonly LoggedRule[],
  stored: Readonly<Record<string, string>> | null,
): Promise<string[]> {
  const entries = rules.map((rule) => entry({ kind: 'report', result: 'would-bounce', rules: [rule] }))
  const report = await withRuleNames(await makeReport(records(...entries), QUERY), {
    readRules: () =>
      stored === null
        ? Promise.reject(new Error('Redis is away'))
        : Promise.resolve(
            new Map(Object.entries(stored).map(([id, name]) => [id, JSON.stringify({ name })] as const)),
          ),
  })
  return report.rules.map(ruleLabel)
}

const rule = (id: string, name?: string, owner = OWNER): LoggedRule => ({
  owner,
  id,
  ...(name === undefined ? {} : { name }),
})

describe('rules in a report', () => {
  for (const [what, rules, stored, expected] of [
    ['have the name of today', [rule('r1', 'Old')], { r1: 'New' }, ['"New" of acme.example']],
    ['have a name though the log has none', [rule('r1')], { r1: 'New' }, ['"New" of acme.example']],
    ['that are gone have their id', [rule('r1', 'Old')], {}, ['"Old" (r1) of acme.example']],
    ['that are gone without a name are their id', [rule('r1')], {}, ['r1 of acme.example']],
    [
      'of the same name have their ids, though the report has one of them alone',
      [rule('r1', 'Banks')],
      { r1: 'Banks', r2: 'Banks' },
      ['"Banks" (r1) of acme.example'],
    ],
    ['of the service say so', [rule('r1', 'x', '*')], { r1: 'All' }, ['"All" of the whole service']],
    ['without the store are as the log has them', [rule('r1', 'Old')], null, ['"Old" of acme.example']],
    [
      'without the store have their ids where the log has a name twice',
      [rule('r1', 'Banks'), rule('r2', 'Banks')],
      null,
      ['"Banks" (r1) of acme.example', '"Banks" (r2) of acme.example'],
    ],
  ] as const)
    it(what, async () => assert.deepEqual(await labels(rules, stored), expected))
})
