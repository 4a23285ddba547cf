/** Header criteria as they are written on the command line, `Name: words`, and as a rule holds them. */
import { quote } from '../text/quote.js'
import type { Criteria, HeaderCriterion } from '../rules/rule.js'
import { Refusal } from './refusal.js'

/** Texts `Name: words` of what must be there, and of what must not. */
interface HeaderTexts {
  readonly any: readonly string[]
  readonly none: readonly string[]
}

/** The header criteria of a rule, as options would write them. */
export function headerTexts(criteria: Criteria | undefined): HeaderTexts {
  const header = criteria?.header ?? []
  const texts = (list: 'matchesAny' | 'matchesNone') =>
    header.flatMap((criterion) => (criterion[list] ?? []).map((text) => `${criterion.name}: ${text}`))
  return { any: texts('matchesAny'), none: texts('matchesNone') }
}

/**
 * Header criteria out of options: texts of one field are one criterion, of which any will do.
 *
 * @throws {Refusal} for a text without a field name.
 */
export function headerCriteria({ any, none }: HeaderTexts): HeaderCriterion[] {
  const criteria = new Map<string, { name: string; matchesAny: string[]; matchesNone: string[] }>()
  const add = (flag: string, list: 'matchesAny' | 'matchesNone', text: string): void => {
    const [, name, value] = /^([^:\s]+)\s*:\s*(.+)$/s.exec(text) ?? []
    if (name === undefined || value === undefined)
      throw new Refusal([`${flag} ${quote(text)} names no header field; expected: 'Name: words'`])
    const key = name.toLowerCase()
    const criterion = criteria.get(key) ?? { name, matchesAny: [], matchesNone: [] }
    criterion[list].push(value)
    criteria.set(key, criterion)
  }
  for (const text of any) add('--header', 'matchesAny', text)
  for (const text of none) add('--except-header', 'matchesNone', text)
  return [...criteria.values()].map(({ name, matchesAny, matchesNone }) => ({
    name,
    ...(matchesAny.length > 0 ? { matchesAny } : {}),
    ...(matchesNone.length > 0 ? { matchesNone } : {}),
  }))
}
