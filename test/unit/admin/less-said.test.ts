/**
 * What is said before a change, held against what the rules decide: of small worlds of rules and changes, a rule that lets a
 * session pass which would not have passed before says that it asks for less, and "requires more" is said of no such rule.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { formatImpact, type FormattedImpact } from '../../../plugins/enforce-tls/admin/format-impact.js'
import { impactOf } from '../../../plugins/enforce-tls/admin/impact.js'
import { formatLessThanBefore } from '../../../plugins/enforce-tls/admin/less-than-before.js'
import { RuleEffects } from '../../../plugins/enforce-tls/admin/rule-effects.js'
import { storeAfter } from '../../../plugins/enforce-tls/admin/store-after.js'
import type { MessageView } from '../../../plugins/enforce-tls/rules/match.js'
import { ONWARD, OTHERWISE, TLS_VERSIONS } from '../../../plugins/enforce-tls/rules/levels.js'
import { ownersOf } from '../../../plugins/enforce-tls/rules/owner.js'
import { requirementOfAction, type Requirement } from '../../../plugins/enforce-tls/rules/requirement.js'
import type { RelayWithTls, Rule } from '../../../plugins/enforce-tls/rules/rule.js'
import type { RuleList } from '../../../plugins/enforce-tls/rules/rule-list.js'
import { compareDemands } from '../../../plugins/enforce-tls/rules/compare-demands.js'
import type { ReadStore } from '../../../plugins/enforce-tls/store/rule-store.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'
import { ACTIONS, changed, changesBetween, someChanges, storeOf, world } from './made-up-changes.js'
import { isClearer, isLess, listsOf, MESSAGES, satisfied } from './made-up-sessions.js'

const LESS = /asks for less than before: |This is an exemption: /

const requirementFor = (action: RelayWithTls | undefined, domain: string): Requirement | null =>
  action === undefined || action.level === 'none' ? null : requirementOfAction(action, domain)

/** Every level with all that may go with it. */
const EVERY: readonly RelayWithTls[] = [
  { level: 'none' },
  ...[
    ...ACTIONS.filter(({ level }) => ['encrypt', 'verify', 'secure', 'fingerprint'].includes(level)),
    ...(['dane', 'mta-sts', 'published'] as const).flatMap((level) =>
      OTHERWISE.map((otherwise): RelayWithTls => ({ level, otherwise })),
    ),
  ].flatMap((action) =>
    [undefined, ...ONWARD].flatMap((requireOnward) =>
      [undefined, ...TLS_VERSIONS].map((minVersion) => ({
        ...action,
        ...(requireOnward && { requireOnward }),
        ...(minVersion && { minVersion }),
      })),
    ),
  ),
]

it('two actions are compared as sessions tell them apart', () => {
  const domain = 'bank.example'
  for (const first of EVERY)
    for (const second of EVERY) {
      const [were, are] = [first, second].map((each) => satisfied(requirementFor(each, domain), domain)) as [
        readonly boolean[],
        readonly boolean[],
      ]
      const { gained, lost } = compareDemands(first, second)
      const shown = `${JSON.stringify(first)} then ${JSON.stringify(second)}`
      assert.equal(lost.length > 0, isLess(were, are), `${shown} loses ${lost.join()}`)
      // A certificate for the domain need not name the host, which made-up sessions do not tell apart.
      if (first.level !== 'secure' || isLess(are, were))
        assert.equal(gained.length > 0, isLess(are, were), `${shown} gains ${gained.join()}`)
      const said = formatLessThanBefore(first, second)
      assert.equal(said !== null, lost.length > 0, shown)
      assert.equal(said?.includes('may leave in the clear') === true, isClearer(were, are), shown)
      if (second.level !== 'none')
        assert.equal(said?.includes('can waive TLS') === true, lost.includes('unwaivable'), shown)
    }
})

type Held = Pick<ReadStore, 'readOwner' | 'groups'>

/** A rule that decides otherwise for some message than what did before. */
interface Other {
  readonly gains: boolean
  readonly loses: boolean
  /** Whether that has to be said: not where all that is so is that another one ends, or matches less, which was what was said. */
  readonly isSaid: boolean
}

/** How each rule that decides after a change compares with what decided before it, for each message. */
async function otherwise(before: Held, after: Held) {
  const [were, are] = [await listsOf(before), await listsOf(after)]
  const found = new Map<string, Other[]>()
  for (const message of MESSAGES) {
    const { sender, recipient, direction } = message
    for (const of of ownersOf(direction === 'outgoing' ? sender : recipient)) {
      const [was, is] = [were, are].map((all) => decidesIn(all.get(of), message))
      if (!was || !is) continue
      const [held, asked] = [was, is].map(({ action }) =>
        satisfied(requirementFor(action, recipient.domain), recipient.domain),
      ) as [readonly boolean[], readonly boolean[]]
      const [gains, loses] = [isLess(asked, held), isLess(held, asked)]
      if (!gains && !loses) continue
      // Of a rule that ends it is not said again that what is left demands less.
      const rest = (await after.readOwner(of)).rules.get(was.id)
      const left = rest === undefined ? null : (JSON.parse(rest) as Pick<Rule, 'enabled' | 'mode'>)
      const stays = left?.enabled === true && left.mode !== 'report'
      const key = `${of} ${is.id}`
      const isSaid = gains || was.id === is.id || (stays && (await sameRule(before, after, of, was.id)))
      found.set(key, [...(found.get(key) ?? []), { gains, loses, isSaid }])
    }
  }
  return found
}

function decidesIn(list: RuleList | undefined, message: MessageView) {
  return list === undefined ? null : atOnce(list.match(message)).decides
}

/** Whether a rule stays as it is but for its place, and its groups with it: then it is not what ends or matches less. */
async function sameRule(before: Held, after: Held, owner: string, id: string): Promise<boolean> {
  const [was, is] = await Promise.all(
    [before, after].map(async (store) => {
      const text = (await store.readOwner(owner)).rules.get(id) ?? '{}'
      const groups = text.includes('group:') ? [...(await store.groups())] : []
      return JSON.stringify([{ ...(JSON.parse(text) as object), position: 0 }, groups])
    }),
  )
  return was === is
}

function problemIn(words: readonly FormattedImpact[], found: ReadonlyMap<string, readonly Other[]>) {
  const said = new Map(
    words.map(({ impact: { owned }, sentences }) => [`${owned.owner} ${owned.id}`, sentences.join(' ')]),
  )
  for (const [key, others] of found) {
    const text = said.get(key) ?? ''
    if (others.some(({ gains, loses }) => gains && loses) && text.includes('requires more'))
      return `${key} requires more, it is said: ${text}`
    if (others.some(({ loses, isSaid }) => loses && isSaid) && !LESS.test(text))
      return `${key} asks for less, which is not said: ${text}`
  }
  return null
}

it('what asks for less says so, and requires more only where it does', async () => {
  await fc.assert(
    fc.asyncProperty(world, someChanges, async (held, changes) => {
      const store = storeOf(held)
      const written = changesBetween(held, changed(held, changes))
      const impact = await impactOf(store, written)
      const effects = new RuleEffects(impact.after, { reportOnly: false, offersTls: null })
      const { rules } = await formatImpact(impact, effects)
      assert.equal(problemIn(rules, await otherwise(store, storeAfter(store, written))), null)
    }),
    { endOnFailure: true, numRuns: 200, seed: 20261128 },
  )
})
