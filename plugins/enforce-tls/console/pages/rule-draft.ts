/** A rule as it is saved, out of one that is being worked on. Pure. */
import type { Criteria, Direction, Lists, Rule } from './types.js'

/** A rule that has nothing but its name: it is off, and what it does is to be chosen. */
export function newRule(direction: Direction, name: string): Rule {
  return { name, direction, enabled: false, criteria: {}, actions: {} }
}

/** A rule without the lists and fields that are still empty. */
export function cleaned(rule: Rule): Rule {
  const { to, from, subject, header } = rule.criteria
  const headers = (header ?? []).filter((each) => each.name.trim() !== '' && hasEntries(each))
  const criteria: Criteria = {
    ...(hasEntries(to) ? { to: lists(to) } : {}),
    ...(hasEntries(from) ? { from: lists(from) } : {}),
    ...(hasEntries(subject) ? { subject: lists(subject) } : {}),
    ...(headers.length > 0 ? { header: headers.map((each) => ({ name: each.name, ...lists(each) })) } : {}),
  }
  const { comment, ...rest } = rule
  return { ...rest, ...(comment === undefined || comment === '' ? {} : { comment }), criteria }
}

function lists(from: Lists | undefined): Lists {
  const { matchesAny = [], matchesNone = [] } = from ?? {}
  return {
    ...(matchesAny.length > 0 ? { matchesAny } : {}),
    ...(matchesNone.length > 0 ? { matchesNone } : {}),
  }
}

function hasEntries(from: Lists | undefined): boolean {
  return Object.keys(lists(from)).length > 0
}

/** Whatever the order of the fields. */
export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, each]) => [name, sorted(each)]),
  )
}
