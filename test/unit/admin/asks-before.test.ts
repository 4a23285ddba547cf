/**
 * A change that makes mail bounce, or leave in the clear, which it did not before, asks: of small worlds of owners, rules,
 * groups and dates what the rules in force decide for some messages is compared before and after, now and later.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { impactOf } from '../../../plugins/enforce-tls/admin/impact.js'
import { storeAfter } from '../../../plugins/enforce-tls/admin/store-after.js'
import { decide } from '../../../plugins/enforce-tls/rules/decide.js'
import type { MessageView } from '../../../plugins/enforce-tls/rules/match.js'
import { isOn } from '../../../plugins/enforce-tls/rules/owner-entries.js'
import { ownersOf } from '../../../plugins/enforce-tls/rules/owner.js'
import { periodOf } from '../../../plugins/enforce-tls/rules/period.js'
import type { Rule } from '../../../plugins/enforce-tls/rules/rule.js'
import { RuleList } from '../../../plugins/enforce-tls/rules/rule-list.js'
import type { ReadStore } from '../../../plugins/enforce-tls/store/rule-store.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'
import { changed, changesBetween, someChanges, storeOf, world } from './made-up-changes.js'
import { isLess, listsOf, MESSAGES, satisfied } from './made-up-sessions.js'

/**
 * Why a change has to ask; `null` where nothing bounces or leaves in the clear that did not before, but for what was
 * plainly said: a rule is off, only reports, is deleted, or no longer matches.
 */
async function reasonToAsk(before: ReadStore, after: Pick<ReadStore, 'readOwner' | 'groups'>) {
  const [were, are] = [await listsOf(before), await listsOf(after)]
  for (const message of MESSAGES) {
    const { sender, recipient, direction, now } = message
    const concerned = ownersOf(direction === 'outgoing' ? sender : recipient)
    const sumOf = (all: ReadonlyMap<string, RuleList>, owners: readonly string[]) =>
      atOnce(
        decide(
          owners.flatMap((of) => all.get(of) ?? []),
          message,
        ),
      ).requirement
    const was = satisfied(sumOf(were, concerned), recipient.domain)
    const is = satisfied(sumOf(are, concerned), recipient.domain)
    const shown = `${direction} ${sender.local} to ${recipient.local}@${recipient.domain} in ${new Date(now).getUTCFullYear()}`
    if (isLess(is, was)) return `${shown} may bounce`
    if (!isLess(was, is)) continue
    for (const of of concerned) {
      const [owned, then] = [sumOf(were, [of]), sumOf(are, [of])]
      if (owned === null || !isLess(satisfied(owned, recipient.domain), satisfied(then, recipient.domain)))
        continue
      const entries = await after.readOwner(of)
      const text = entries.rules.get(owned.decidedBy[0]?.id ?? '')
      const left = text === undefined ? null : (JSON.parse(text) as Rule)
      const off = left === null || !left.enabled || left.mode === 'report' || !isOn(entries)
      if (off && of !== '*') continue
      if (!off && left.direction === direction) {
        const { from, until } = periodOf(left)
        const matches =
          atOnce((are.get(of) as RuleList).match(message)).decides?.id === owned.decidedBy[0]?.id
        if (now >= from && now < until && !matches && !(await stillMatches(of, left, after, message)))
          continue
      }
      return `${shown} may leave in the clear`
    }
  }
  return null
}

async function stillMatches(
  of: string,
  left: Rule,
  store: Pick<ReadStore, 'groups'>,
  message: MessageView,
): Promise<boolean> {
  const alone = { owner: of, rules: new Map([['a', JSON.stringify(left)]]), service: '{"enabled":true}' }
  const list = atOnce(RuleList.compile(alone, await store.groups()))
  return atOnce(list.match(message)).decides !== null
}

it('every change asks after which mail may bounce, or leave in the clear, which did not before', async () => {
  await fc.assert(
    fc.asyncProperty(world, someChanges, async (held, changes) => {
      const store = storeOf(held)
      const written = changesBetween(held, changed(held, changes))
      const { asks } = await impactOf(store, written)
      const reason = asks ? null : await reasonToAsk(store, storeAfter(store, written))
      assert.equal(reason, null)
    }),
    {
      endOnFailure: true,
      numRuns: 200,
      seed: 20261127,
    },
  )
})
