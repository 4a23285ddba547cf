/** Which rules a list shows: as a query for the server, and the same asked of rules that are there already. Pure. */
import { queryOf } from './router.js'
import type { Level, Lists, Rule, StoredRule } from './types.js'

/** Each `''` for any. */
export interface RuleFilterValue {
  readonly text: string
  readonly state: string
  readonly mode: string
  readonly level: string
}

export const NO_FILTER: RuleFilterValue = { text: '', state: '', mode: '', level: '' }

/** The levels that can be asked for; `none` are exemptions. */
export const LEVEL_CHOICES = [
  'encrypt',
  'fingerprint',
  'verify',
  'secure',
  'dane',
  'mta-sts',
  'published',
  'none',
] as const satisfies readonly Level[]

/** Out of the address of a page. */
export function filterIn(query: string): RuleFilterValue {
  const given = new URLSearchParams(query)
  const value = (name: string): string => given.get(name) ?? ''
  return { text: value('text'), state: value('state'), mode: value('mode'), level: value('level') }
}

/** For the address of a page, and for the server. */
export function filterQuery({ text, ...others }: RuleFilterValue): string {
  return queryOf({ text: text.trim(), ...others })
}

/** What the server would answer for one rule, by its own words. */
export function fits(filter: RuleFilterValue, { id, rule, problem }: StoredRule): boolean {
  const { state, mode, level } = filter
  const given = rule as Partial<Rule> | null
  if (state === 'invalid' ? problem === null : state !== '' && (given?.enabled === true) !== (state === 'on'))
    return false
  if (level !== '' && given?.actions?.relayWithTls?.level !== level) return false
  if (mode !== '' && (given?.mode ?? 'enforce') !== mode) return false
  const text = filter.text.trim().toLowerCase()
  return text === '' || [id, ...textsOf(given)].some((each) => each.toLowerCase().includes(text))
}

function textsOf(rule: Partial<Rule> | null): readonly string[] {
  const { name = '', comment = '', criteria = {} } = rule ?? {}
  const { to, from, subject, header = [] } = criteria
  const listed = (lists: Lists | undefined) => [...(lists?.matchesAny ?? []), ...(lists?.matchesNone ?? [])]
  return [
    name,
    comment,
    ...[to, from, subject, ...header].flatMap(listed),
    ...header.map((each) => each.name),
  ]
}
