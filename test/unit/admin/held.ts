/** Stores of a few rules, and changes of them, for what is said before a change. */
import {
  namedChange,
  ruleChanges,
  type EntryChange,
} from '../../../plugins/enforce-tls/store/entry-change.js'
import type { ReadStore } from '../../../plugins/enforce-tls/store/rule-store.js'

type Rules = Readonly<Record<string, object>>
export interface Held {
  /** By owner, then id. */
  readonly rules: Readonly<Record<string, Rules>>
  readonly groups?: Readonly<Record<string, readonly string[]>>
  readonly off?: boolean
}

export const ACME = 'acme.example'
export const ON = '{"enabled":true}'
export const OFF = '{"enabled":false}'
export const NONE = { level: 'none' }

export function rule(
  to: readonly string[],
  more: object = {},
  action: object | null = { level: 'encrypt' },
): object {
  const actions = action === null ? {} : { relayWithTls: action }
  const criteria = { to: { matchesAny: to } }
  return { name: 'R', direction: 'outgoing', enabled: true, position: 1, criteria, actions, ...more }
}

export function storeOf({ rules, groups = {}, off = false }: Held): ReadStore {
  const texts = (of: Readonly<Record<string, unknown>>) =>
    new Map(Object.entries(of).map(([name, value]) => [name, JSON.stringify(value)]))
  const service = off ? OFF : ON
  const store: Pick<ReadStore, 'groups' | 'services' | 'owners' | 'readOwner'> = {
    groups: () => Promise.resolve(texts(groups)),
    services: () => Promise.resolve(new Map([[ACME, service]])),
    owners: () => Promise.resolve(Object.keys(rules)),
    readOwner: (owner) =>
      Promise.resolve({ owner, rules: texts(rules[owner] ?? {}), service: owner === '*' ? null : service }),
  }
  return store as ReadStore
}

/** One rule, `a`, in the place of another one; `null` for none. */
export function becomes(before: object | null, after: object | null, owner = ACME): [Held, EntryChange[]] {
  const text = (value: object | null) => (value === null ? null : JSON.stringify(value))
  const change = { id: 'a', expected: text(before), value: text(after) }
  return [{ rules: { [owner]: before === null ? {} : { a: before } } }, ruleChanges(owner, [change])]
}

export function group(
  held: readonly string[],
  members: readonly string[],
  used: object,
): [Held, EntryChange[]] {
  const groups = { banks: held }
  const change = namedChange('groups', 'banks', JSON.stringify(held), JSON.stringify(members))
  return [{ rules: { [ACME]: { a: used } }, groups }, [change]]
}
