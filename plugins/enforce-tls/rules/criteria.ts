/**
 * The check of a rule's criteria beyond their schema: what each field may hold, and which fields a direction
 * needs. Pure; gives the criteria in their one spelling, or the first thing that is wrong.
 */
import { GROUP_PREFIX, groupNameProblem } from './group-name.js'
import { quote } from '../text/quote.js'
import { parsePattern } from './pattern.js'
import type { InPieces } from '../work/pieces.js'
import type { Unusable } from './spelling.js'
import type { AnyAndNone, Criteria, Direction, RuleProblem } from './rule.js'
import { TextReader } from './text-pattern.js'

const FIELD = 'criteria'
/** So many addresses are checked between two yields. */
const PIECE = 200
/** RFC 5322 section 3.6.8. */
const HEADER_NAME = /^[\x21-\x39\x3b-\x7e]+$/

/** A text of a criterion, ready, or the end of a sentence that names it. */
export type Parsed = { readonly text: string } | Unusable

/**
 * Checks the criteria of a rule whose shape is good, in pieces: there may be thousands of patterns.
 *
 * @param isStored of a rule that is in force already: an expression that is too large to be compiled is left
 *   for `compileCriteria`, which takes it as unknown, so that a new limit makes no mail wait
 */
export function* checkCriteria(
  criteria: Criteria,
  direction: Direction,
  isStored: boolean,
): InPieces<Criteria | RuleProblem> {
  const texts = new TextReader()
  const parseText = (text: string) => parsedText(text, texts, isStored)
  const missing = missingField(criteria, direction)
  if (missing !== null) return missing
  const to = yield* checkLists(criteria.to, `${FIELD}.to`, parseAddressText)
  if (to && 'problem' in to) return to
  const from = yield* checkLists(criteria.from, `${FIELD}.from`, parseAddressText)
  if (from && 'problem' in from) return from
  const subject = yield* checkLists(criteria.subject, `${FIELD}.subject`, parseText)
  if (subject && 'problem' in subject) return subject
  const header: NonNullable<Criteria['header']>[number][] = []
  for (const [index, criterion] of (criteria.header ?? []).entries()) {
    const field = `${FIELD}.header[${index}]`
    if (!HEADER_NAME.test(criterion.name))
      return {
        field: `${field}.name`,
        problem: `${quote(criterion.name)} is no header field name`,
        expected: 'one such as X-Classification, without colon',
      }
    const lists = yield* checkLists(criterion, field, parseText)
    if ('problem' in lists) return lists
    header.push({ name: criterion.name, ...lists })
  }
  return {
    ...(to ? { to } : {}),
    ...(from ? { from } : {}),
    ...(subject ? { subject } : {}),
    ...(header.length > 0 ? { header } : {}),
  }
}

function missingField(criteria: Criteria, direction: Direction): RuleProblem | null {
  if (direction === 'outgoing') {
    if (Object.keys(criteria).length > 0) return null
    return {
      field: `${FIELD}.to`,
      problem: 'is missing',
      expected: 'at least one of to, from, subject, header',
    }
  }
  for (const field of ['subject', 'header'] as const) {
    // Mail is refused at RCPT, before there is a header.
    if (criteria[field])
      return {
        field: `${FIELD}.${field}`,
        problem:
          'cannot be used for incoming mail, which is accepted or rejected before its header arrives; use from and to',
      }
  }
  if (criteria.from) return null
  return {
    field: `${FIELD}.from`,
    problem: 'is missing; an incoming rule names the senders whose mail must come over TLS',
  }
}

function* checkLists<T extends AnyAndNone | undefined>(
  lists: T,
  field: string,
  parse: (text: string) => Parsed,
): InPieces<(T extends undefined ? undefined : never) | AnyAndNone | RuleProblem> {
  if (lists === undefined) return undefined as T extends undefined ? undefined : never
  const checked = new Map<string, string[]>()
  for (const list of ['matchesAny', 'matchesNone'] as const) {
    const texts = lists[list]
    if (texts === undefined) continue
    const done = new Set<string>()
    for (const [index, text] of texts.entries()) {
      const parsed = parse(text)
      if ('problem' in parsed) return { field: `${field}.${list}[${index}]`, value: text, ...parsed }
      done.add(parsed.text)
      if (parse !== parseAddressText || index % PIECE === PIECE - 1) yield
    }
    checked.set(list, [...done])
  }
  const [matchesAny, matchesNone] = [checked.get('matchesAny'), checked.get('matchesNone')]
  if (matchesAny && matchesNone) return { matchesAny, matchesNone }
  if (matchesAny) return { matchesAny }
  if (matchesNone) return { matchesNone }
  return { field: `${field}.matchesAny`, problem: 'is missing', expected: 'matchesAny or matchesNone' }
}

/** One text of a `to` or `from` criterion in its one spelling, or what is wrong with it. */
export function parseAddressText(text: string): Parsed {
  if (text.startsWith(GROUP_PREFIX)) {
    const problem = groupNameProblem(text.slice(GROUP_PREFIX.length))
    return problem === null ? { text } : { problem }
  }
  const parsed = parsePattern(text)
  return 'problem' in parsed ? parsed : { text: parsed.pattern }
}

/** One text of a `subject` or `header` criterion, or what is wrong with it. */
export function parseText(text: string): Parsed {
  return parsedText(text, new TextReader(), false)
}

function parsedText(text: string, reader: TextReader, isStored: boolean): Parsed {
  const read = reader.read(text)
  return 'problem' in read && !(read.tooLarge && isStored) ? read : { text }
}
