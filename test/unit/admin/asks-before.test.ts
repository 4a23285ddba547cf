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
import { HeaderBlock } from '../../../plugins/enforce-tls/rules/header-block.js'
import type { MessageView } from '../../../plugins/enforce-tls/rules/match.js'
import { isOn } from '../../../plugins/enforce-tls/rules/owner-entries.js'
import { ownersOf } from '../../../plugins/enforce-tls/rules/owner.js'
import { periodOf } from '../../../plugins/enforce-tls/rules/period.js'
import type { Requirement } from '../../../plugins/enforce-tls/rules/requirement.js'
import type { Rule } from '../../../plugins/enforce-tls/rules/rule.js'
import { RuleList } from '../../../plugins/enforce-tls/rules/rule-list.js'
import type { ReadStore } from '../../../plugins/enforce-tls/store/rule-store.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'
import {
  change,
  changed,
  changesBetween,
  FINGERPRINTS,
  often,
  OWNERS,
  storeOf,
  world,
} from './made-up-changes.js'

const RECIPIENTS = [
  'cfo@bank.example',
  'x@bank.example',
  'x@sub.bank.example',
  'x@other.example',
  'x@far.invalid',
]
const HEADERS = ['Subject: x\nX-Class: secret', 'Subject: x', 'Subject: y\nX-Class: secret', 'Subject: y']
const address = (text: string) => {
  const [local = '', domain = ''] = text.split('@')
  return { local, domain }
}
const MESSAGES: readonly MessageView[] = [
  Date.now(),
  Date.parse('2045-01-01T00:00:00Z'),
  Date.parse('2055-01-01T00:00:00Z'),
].flatMap((now) =>
  HEADERS.flatMap((header) =>
    ['ann@acme.example', 'bob@acme.example'].flatMap((own) =>
      RECIPIENTS.flatMap((theirs) =>
        (['outgoing', 'incoming'] as const).map((direction) => {
          const [sender, recipient] = direction === 'outgoing' ? [own, theirs] : [theirs, own]
          const headers = new HeaderBlock(`${header}\n\n`)
          return { direction, sender: address(sender), recipient: address(recipient), headers, now }
        }),
      ),
    ),
  ),
)

/** Sessions that tell all these requirements apart, and none. */
const SESSIONS = [false, true].flatMap((encrypted) =>
  ['TLSv1.2', 'TLSv1.3'].flatMap((version) =>
    [false, true].flatMap((trusted) =>
      ['', 'mx.other.example', 'domain'].flatMap((name) =>
        ['', ...FINGERPRINTS].flatMap((fingerprint) =>
          ['fulfilled', 'broken', 'nothing'].map((dane) => ({
            encrypted,
            version,
            trusted,
            name,
            fingerprint,
            dane,
          })),
        ),
      ),
    ),
  ),
)

const known = new Map<string, readonly boolean[]>()

/** Which of the sessions fulfil it. */
function satisfied(requirement: Requirement | null, domain: string): readonly boolean[] {
  const key = domain + JSON.stringify(requirement && { ...requirement, decidedBy: [] })
  const found = known.get(key) ?? judged(requirement, domain)
  known.set(key, found)
  return found
}

function judged(requirement: Requirement | null, domain: string): readonly boolean[] {
  if (requirement === null) return SESSIONS.map(() => true)
  return SESSIONS.map((tls) => {
    const published = requirement.published.every(({ otherwise }) =>
      tls.dane === 'nothing'
        ? otherwise === 'none' || (otherwise === 'encrypt' && tls.encrypted)
        : tls.encrypted && tls.dane === 'fulfilled',
    )
    return (
      published &&
      (tls.encrypted || !requirement.encrypted) &&
      (!tls.encrypted || tls.version >= (requirement.minVersion ?? 'TLSv1.2')) &&
      (tls.trusted || !requirement.trusted) &&
      (tls.name !== '' || !requirement.namesHost) &&
      requirement.namesAnyOf.every((each) => each.includes(tls.name === 'domain' ? domain : tls.name)) &&
      requirement.fingerprintsAnyOf.every((each) => each.includes(tls.fingerprint))
    )
  })
}

async function listsOf(
  store: Pick<ReadStore, 'readOwner' | 'groups'>,
): Promise<ReadonlyMap<string, RuleList>> {
  const groups = await store.groups()
  const compiled = new Map<string, RuleList>()
  for (const of of OWNERS) compiled.set(of, atOnce(RuleList.compile(await store.readOwner(of), groups)))
  return compiled
}

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

/** Whether something satisfies the second that does not satisfy the first. */
function isLess(first: readonly boolean[], second: readonly boolean[]): boolean {
  return second.some((fulfils, index) => fulfils && first[index] === false)
}

it('every change asks after which mail may bounce, or leave in the clear, which did not before', async () => {
  await fc.assert(
    fc.asyncProperty(
      world,
      often(
        [4, fc.array(change, { minLength: 1, maxLength: 1 })],
        [1, fc.array(change, { minLength: 2, maxLength: 3 })],
      ),
      async (held, changes) => {
        const store = storeOf(held)
        const written = changesBetween(held, changed(held, changes))
        const { asks } = await impactOf(store, written)
        const reason = asks ? null : await reasonToAsk(store, storeAfter(store, written))
        assert.equal(reason, null)
      },
    ),
    {
      endOnFailure: true,
      numRuns: 200,
      seed: 20261127,
    },
  )
})
