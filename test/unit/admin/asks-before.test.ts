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
import type { Criteria, Rule } from '../../../plugins/enforce-tls/rules/rule.js'
import { RuleList } from '../../../plugins/enforce-tls/rules/rule-list.js'
import { namedChange, ruleChanges } from '../../../plugins/enforce-tls/store/entry-change.js'
import type { ReadStore } from '../../../plugins/enforce-tls/store/rule-store.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'

const OWNERS = ['*', 'acme.example', 'bob@acme.example'] as const
const PATTERNS = ['bank.example', '.bank.example', 'cfo@bank.example', 'other.example', '*', 'group:banks']
const SENDERS = ['ann@acme.example', 'bob@acme.example', 'acme.example']
const MEMBERS = ['bank.example', 'cfo@bank.example', 'other.example', '.bank.example']
const DATES = ['2020-01-01T00:00:00Z', '2040-01-01T00:00:00Z', '2050-01-01T00:00:00Z'] as const
const FINGERPRINTS = ['a', 'b'].map((digit) => Array(32).fill(digit.repeat(2).toUpperCase()).join(':'))

const some = (values: readonly string[]) => fc.subarray([...values], { minLength: 1, maxLength: 2 })
const lists = (values: readonly string[]) =>
  fc.oneof(
    fc.record({ matchesAny: some(values) }),
    fc.record({ matchesNone: some(values) }),
    fc.record({ matchesAny: some(values), matchesNone: some(values) }),
  )
const textsOf = (value: string) => fc.constantFrom({ matchesAny: [value] }, { matchesNone: [value] })
/** One of them, some more often than others. */
const often = <T>(...choices: readonly (readonly [number, fc.Arbitrary<T>])[]) =>
  fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })))

const criteria = often<Criteria>(
  [4, fc.constantFrom('*', 'bank.example', 'group:banks').map((each) => ({ to: { matchesAny: [each] } }))],
  [2, fc.record({ to: fc.record({ matchesAny: some(PATTERNS) }) })],
  [
    2,
    fc.record(
      {
        to: lists(PATTERNS),
        from: lists(SENDERS),
        subject: textsOf('x'),
        header: textsOf('secret').map((each) => [{ name: 'X-Class', ...each }]),
      },
      { requiredKeys: ['to'] },
    ),
  ],
)
const action = fc.constantFrom(
  { level: 'none' },
  { level: 'encrypt' },
  { level: 'encrypt', minVersion: 'TLSv1.3' },
  { level: 'verify' },
  { level: 'secure', names: ['mx.other.example'] },
  { level: 'fingerprint', fingerprints: [FINGERPRINTS[0]] },
  { level: 'fingerprint', fingerprints: FINGERPRINTS },
  { level: 'dane', otherwise: 'encrypt' },
  { level: 'published', otherwise: 'none' },
)
const period = often<Pick<Rule, 'startsAt' | 'expiresAt'>>(
  [3, fc.constant({})],
  [2, fc.constantFrom(...DATES).map((startsAt) => ({ startsAt }))],
  [2, fc.constantFrom(...DATES).map((expiresAt) => ({ expiresAt }))],
  [1, fc.constant({ startsAt: DATES[1], expiresAt: DATES[2] })],
)
const partOf = {
  enabled: often([8, fc.constant(true)], [1, fc.constant(false)]),
  mode: often([8, fc.constant('enforce')], [1, fc.constant('report')]),
  direction: often([8, fc.constant('outgoing')], [1, fc.constant('incoming')]),
  position: fc.integer({ min: 1, max: 4 }),
  criteria,
  relayWithTls: action,
  period,
}
type Part = {
  readonly [key in keyof typeof partOf]: (typeof partOf)[key] extends fc.Arbitrary<infer T> ? T : never
}

/** An incoming rule names senders, and takes no certificate. */
function toRule({ relayWithTls, period: dates, criteria: held, ...rest }: Part): object {
  const { to, from, ...texts }: Criteria = held
  const isIncoming = rest.direction === 'incoming'
  const addresses = isIncoming ? { from: to, ...(from && { to: from }) } : { to, ...(from && { from }) }
  const level = relayWithTls.level === 'none' ? 'none' : 'encrypt'
  return {
    name: 'R',
    ...rest,
    ...dates,
    criteria: isIncoming ? addresses : { ...addresses, ...texts },
    actions: { relayWithTls: isIncoming ? { level } : relayWithTls },
  }
}

const rule = fc.record(partOf)
const owner = fc.constantFrom(...OWNERS, 'acme.example', 'acme.example')
type Owner = (typeof OWNERS)[number]
const world = fc.record({
  rules: fc.record({
    '*': fc.array(rule, { maxLength: 2 }),
    'acme.example': fc.array(rule, { minLength: 2, maxLength: 4 }),
    'bob@acme.example': fc.array(rule, { maxLength: 2 }),
  }),
  banks: some(MEMBERS),
  on: often([8, fc.constant(true)], [1, fc.constant(false)]),
})
const field = (name: keyof typeof partOf) =>
  (partOf[name] as fc.Arbitrary<unknown>).map((value) => ({ [name]: value }))
type Change =
  | { readonly does: 'edit'; readonly owner: Owner; readonly at: number; readonly part: Partial<Part> }
  | { readonly does: 'delete'; readonly owner: Owner; readonly at: number }
  | { readonly does: 'add'; readonly owner: Owner; readonly rule: Part }
  | { readonly does: 'order'; readonly owner: Owner; readonly by: number }
  | { readonly does: 'group'; readonly members: readonly string[] }
  | { readonly does: 'service'; readonly on: boolean }

/** Several fields at once now and then; dates and what is matched most often. */
const part = often<Partial<Part>>(
  [3, field('period')],
  [3, field('criteria')],
  [2, field('relayWithTls')],
  [2, fc.constantFrom<Partial<Part>>({ enabled: true }, { enabled: false })],
  [1, fc.constantFrom<Partial<Part>>({ mode: 'report' }, { mode: 'enforce' })],
  [1, field('direction')],
  [2, field('position')],
  [1, fc.record({ criteria, position: partOf.position })],
  [1, fc.record(partOf, { requiredKeys: [] })],
)
const change = often<Change>(
  [8, fc.record({ does: fc.constant('edit'), owner, at: fc.nat(), part })],
  [1, fc.record({ does: fc.constant('delete'), owner, at: fc.nat() })],
  [1, fc.record({ does: fc.constant('add'), owner, rule })],
  [4, fc.record({ does: fc.constant('order'), owner, by: fc.nat() })],
  [1, fc.record({ does: fc.constant('group'), members: some(MEMBERS) })],
  [1, fc.record({ does: fc.constant('service'), on: fc.boolean() })],
)
type Held = readonly (Part | null)[]
interface World {
  readonly rules: Readonly<Record<Owner, Held>>
  readonly banks: readonly string[]
  readonly on: boolean
}

const ID = ['a', 'b', 'c', 'd', 'e', 'f', 'g']

function changed({ rules, banks, on }: World, changes: readonly Change[]): World {
  let [after, group, service] = [rules, banks, on]
  for (const each of changes) {
    if (each.does === 'group') group = each.members
    else if (each.does === 'service') service = each.on
    else {
      const list = after[each.owner]
      after = { ...after, [each.owner]: listAfter(list, each) }
    }
  }
  return { rules: after, banks: group, on: service }
}

/** A deleted one leaves a hole, so that the others keep their ids. */
function listAfter(list: Held, each: Exclude<Change, { does: 'group' | 'service' }>): Held {
  if (each.does === 'add') return [...list, each.rule]
  if (each.does === 'order')
    return list.map((held, index) => held && { ...held, position: ((index + each.by) % list.length) + 1 })
  return list.map((held, index) => {
    if (index !== each.at % list.length || held === null) return held
    return each.does === 'delete' ? null : { ...held, ...each.part }
  })
}

function storeOf({ rules, banks, on }: World): ReadStore {
  const service = JSON.stringify({ enabled: on })
  const rulesOf = (of: Owner) =>
    new Map(
      rules[of].flatMap((held, index) =>
        held ? [[ID[index] ?? '', JSON.stringify(toRule(held))] as const] : [],
      ),
    )
  const store: Pick<ReadStore, 'groups' | 'services' | 'owners' | 'readOwner'> = {
    groups: () => Promise.resolve(new Map([['banks', JSON.stringify(banks)]])),
    services: () => Promise.resolve(new Map([['acme.example', service]])),
    owners: () => Promise.resolve([...OWNERS]),
    readOwner: (of) =>
      Promise.resolve({
        owner: of,
        rules: rulesOf(of as Owner),
        service: of === '*' ? null : service,
      }),
  }
  return store as ReadStore
}

/** What is written to get from the one world to the other. */
function changesBetween(before: World, after: World) {
  const json = (held: Part | null | undefined) => (held ? JSON.stringify(toRule(held)) : null)
  return [
    ...OWNERS.flatMap((of) =>
      ruleChanges(
        of,
        ID.map((id, index) => ({
          id,
          expected: json(before.rules[of][index]),
          value: json(after.rules[of][index]),
        })),
      ),
    ),
    namedChange('groups', 'banks', JSON.stringify(before.banks), JSON.stringify(after.banks)),
    namedChange(
      'domains',
      'acme.example',
      JSON.stringify({ enabled: before.on }),
      JSON.stringify({ enabled: after.on }),
    ),
  ]
}

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
