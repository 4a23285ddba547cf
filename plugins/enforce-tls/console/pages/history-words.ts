/** A change of the history in words: what it is about, what differs, and what was created or deleted. Pure. */
import { criteriaLines, few } from './components/rule-summary.js'
import { plain } from './plain.js'
import { texts } from './texts.js'
import type { HistoryEntry, Rule } from './types.js'

/** What it is about, such as `Rule “Bank” of acme.example`. */
export function formatPlace({ key, owner, field, from, to }: HistoryEntry): string {
  const name = [to, from]
    .map((each) => (each as { readonly name?: unknown } | null)?.name)
    .find((each) => typeof each === 'string')
  if (typeof name === 'string') {
    if (key === 'rules') return texts.history.named(plain(name), owner)
    if (key === 'tokens') return texts.history.token(plain(name))
  }
  return key === 'rules' ? texts.history.place.rules(field, owner) : texts.history.place[key](plain(field))
}

/** What differs, line by line. */
export function formatDifferences(entry: HistoryEntry): string[] {
  const contents = contentsOf(entry)
  return [
    ...entry.differences.map((line) => texts.history.difference(plain(line))),
    ...(contents.length === 0 ? [] : [plain(contents.join('; '))]),
  ]
}

/** What was created or deleted, in a few lines: anything may stand there. */
function contentsOf({ key, from, to }: HistoryEntry): string[] {
  if ((from === null) === (to === null)) return []
  const value = to ?? from
  if (key === 'groups') return isTexts(value) ? [few(value)] : []
  if (key !== 'rules' || !isRule(value)) return []
  const level = value.actions.relayWithTls?.level
  const names: Readonly<Record<string, string>> = texts.actions.levelNames
  return [
    ...criteriaLines(value),
    level === undefined ? texts.actions.missing : `${texts.actions.level}: ${names[level] ?? level}`,
    ...(to === null ? [] : [value.enabled ? texts.history.createdOn : texts.history.createdOff]),
  ]
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

/** As far as it is looked at here. */
function isRule(value: unknown): value is Rule {
  const { criteria, actions } = (value ?? {}) as { criteria?: unknown; actions?: { relayWithTls?: unknown } }
  const { to, from, subject, header = [] } = (criteria ?? {}) as Record<string, unknown>
  return (
    isObject(criteria) &&
    isObject(actions) &&
    (actions.relayWithTls === undefined || isObject(actions.relayWithTls)) &&
    [to, from, subject].every((each) => each === undefined || isLists(each)) &&
    Array.isArray(header) &&
    header.every(isLists)
  )
}

function isLists(value: unknown): boolean {
  if (!isObject(value)) return false
  return [value['matchesAny'], value['matchesNone']].every((list) => list === undefined || isTexts(list))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
