/** Made-up stores of few owners, rules, groups and dates, and changes of them, for fast-check. */
import fc from 'fast-check'
import type { Criteria, RelayWithTls, Rule } from '../../../plugins/enforce-tls/rules/rule.js'
import { namedChange, ruleChanges } from '../../../plugins/enforce-tls/store/entry-change.js'
import type { ReadStore } from '../../../plugins/enforce-tls/store/rule-store.js'

export const OWNERS = ['*', 'acme.example', 'bob@acme.example'] as const
const PATTERNS = ['bank.example', '.bank.example', 'cfo@bank.example', 'other.example', '*', 'group:banks']
const SENDERS = ['ann@acme.example', 'bob@acme.example', 'acme.example']
const MEMBERS = ['bank.example', 'cfo@bank.example', 'other.example', '.bank.example']
const DATES = ['2020-01-01T00:00:00Z', '2040-01-01T00:00:00Z', '2050-01-01T00:00:00Z'] as const
export const FINGERPRINTS = ['a', 'b'].map((digit) => Array(32).fill(digit.repeat(2).toUpperCase()).join(':'))

const some = (values: readonly string[]) => fc.subarray([...values], { minLength: 1, maxLength: 2 })
const lists = (values: readonly string[]) =>
  fc.oneof(
    fc.record({ matchesAny: some(values) }),
    fc.record({ matchesNone: some(values) }),
    fc.record({ matchesAny: some(values), matchesNone: some(values) }),
  )
const textsOf = (value: string) => fc.constantFrom({ matchesAny: [value] }, { matchesNone: [value] })
/** One of them, some more often than others. */
export const often = <T>(...choices: readonly (readonly [number, fc.Arbitrary<T>])[]) =>
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
/** What rules ask for. */
export const ACTIONS: readonly RelayWithTls[] = [
  { level: 'none' },
  { level: 'encrypt' },
  { level: 'encrypt', minVersion: 'TLSv1.3' },
  { level: 'verify' },
  { level: 'secure', names: ['mx.other.example'] },
  { level: 'fingerprint', fingerprints: FINGERPRINTS.slice(0, 1) },
  { level: 'fingerprint', fingerprints: FINGERPRINTS },
  { level: 'dane', otherwise: 'encrypt' },
  { level: 'published', otherwise: 'none' },
  { level: 'published', otherwise: 'none', requireOnward: 'offered' },
  { level: 'published' },
  { level: 'mta-sts', otherwise: 'encrypt' },
  { level: 'mta-sts', otherwise: 'none', minVersion: 'TLSv1.2' },
  { level: 'dane', otherwise: 'none' },
  { level: 'encrypt', requireOnward: 'must' },
]
const action = fc.constantFrom(...ACTIONS)
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
export const world = fc.record({
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
export const change = often<Change>(
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

export function changed({ rules, banks, on }: World, changes: readonly Change[]): World {
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

export function storeOf({ rules, banks, on }: World): ReadStore {
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
export function changesBetween(before: World, after: World) {
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

/** One as a rule, sometimes several at once. */
export const someChanges = often(
  [4, fc.array(change, { minLength: 1, maxLength: 1 })],
  [1, fc.array(change, { minLength: 2, maxLength: 3 })],
)
