/**
 * Compiled criteria: whether a message meets them, and for each field why or why not. Pure. There are three
 * answers: what a field of the message's header holds may be unknown, and unknown is not "no".
 */
import type { MailAddress } from './address.js'
import type { Groups } from './group.js'
import { GROUP_PREFIX } from './group-name.js'
import type { HeaderBlock } from './header-block.js'
import { compilePatterns, type PatternFinder } from './pattern.js'
import type { AnyAndNone, Criteria, Direction, RuleProblem } from './rule.js'
import type { InPieces } from '../work/pieces.js'
import { compileTexts, findText, type Texts } from './text-search.js'
import { TextReader } from './text-pattern.js'

/** What rules see of a message on its way to one recipient. */
export interface MessageView {
  readonly direction: Direction
  readonly sender: MailAddress
  readonly recipient: MailAddress
  /** Needed where a list says so, see `RuleList.needsHeaders`; without it no subject or header is met. */
  readonly headers?: HeaderBlock | undefined
  /** The time of the decision, in milliseconds since 1970. */
  readonly now: number
}

/** What became of one field of a rule's criteria. */
export interface FieldOutcome {
  /** `to`, `from`, `subject`, or `header` with its name. */
  readonly field: string
  /** `null`: unknown. */
  readonly met: boolean | null
  /** The value of the rule that fits: of `matchesAny` where met, of `matchesNone` where not; `null` where none does. */
  readonly value: string | null
  /** Why it is unknown, as a clause; absent where the message's header was not given. */
  readonly why?: string
}

/** Criteria, ready. */
export interface CompiledCriteria {
  readonly needsHeaders: boolean
  /** The outcome of each field, in the order of the documentation. */
  judge(message: MessageView): InPieces<readonly FieldOutcome[]>
  /** Whether the addresses are those asked for; the whole answer where no header is needed. */
  addressesMeet(message: MessageView): boolean
  /**
   * Whether the header is as asked for; `null`: unknown, though it was given.
   *
   * @param message one that `addressesMeet`
   */
  headersMeet(message: MessageView): InPieces<boolean | null>
}

type AddressTest = (message: MessageView) => FieldOutcome
type TextTest = (message: MessageView) => InPieces<FieldOutcome>

/**
 * Makes checked criteria ready, in pieces.
 *
 * @param groups knows the patterns of every group that they refer to, see `groupsProblem`
 */
export function* compileCriteria(criteria: Criteria, groups: Groups): InPieces<CompiledCriteria> {
  const tests: AddressTest[] = []
  for (const [field, addressOf] of ADDRESS_FIELDS) {
    const lists = criteria[field]
    if (!lists) continue
    const any = lists.matchesAny && (yield* compileAddresses(lists.matchesAny, groups))
    const none = lists.matchesNone && (yield* compileAddresses(lists.matchesNone, groups))
    tests.push((message) => outcome(field, addressOf(message), any, none))
  }
  const textTests = yield* compileTextTests(criteria)
  return {
    needsHeaders: textTests.length > 0,
    *judge(message) {
      const outcomes = tests.map((test) => test(message))
      for (const test of textTests) outcomes.push(yield* test(message))
      return outcomes
    },
    addressesMeet: (message) => tests.every((test) => test(message).met === true),
    *headersMeet(message) {
      let all: boolean | null = true
      for (const test of textTests) {
        const { met, why } = yield* test(message)
        if (met === false || (met === null && why === undefined)) return false
        if (met === null) all = null
      }
      return all
    },
  }
}

function* compileTextTests({ subject, header = [] }: Criteria): InPieces<TextTest[]> {
  const fields: [field: string, name: string, lists: AnyAndNone][] = [
    ...(subject ? [['subject', 'subject', subject] as [string, string, AnyAndNone]] : []),
    ...header.map((each) => [`header ${each.name}`, each.name, each] as [string, string, AnyAndNone]),
  ]
  const reader = new TextReader()
  const tests: TextTest[] = []
  for (const [field, name, { matchesAny, matchesNone }] of fields) {
    const any = matchesAny && (yield* compileTexts(matchesAny, reader))
    const none = matchesNone && (yield* compileTexts(matchesNone, reader))
    tests.push(({ headers }) => judgeTexts(field, name.toLowerCase(), headers, any, none))
  }
  return tests
}

function* judgeTexts(
  field: string,
  name: string,
  headers: HeaderBlock | undefined,
  any: Texts | undefined,
  none: Texts | undefined,
): InPieces<FieldOutcome> {
  if (!headers) return { field, met: null, value: null }
  const excluded = none ? yield* findText(none, name, headers) : null
  if (typeof excluded === 'string') return { field, met: false, value: excluded }
  const value = any ? yield* findText(any, name, headers) : null
  if (any && value === null) return { field, met: false, value }
  const unknown = typeof value === 'object' && value ? value : excluded
  if (unknown) return { field, met: null, value: null, ...unknown }
  return { field, met: true, value: value as string | null }
}

/** The first thing that is wrong with a group that criteria refer to; `null` for nothing. In pieces. */
export function* groupsProblem(criteria: Criteria, groups: Groups): InPieces<RuleProblem | null> {
  for (const { field, text, group } of groupReferences(criteria)) {
    const { problem } = yield* groups.get(group)
    if (problem !== null)
      return { field, value: text, problem, expected: 'a group that exists', saysExpected: true }
  }
  return null
}

/** The groups that criteria refer to, and where. */
export function* groupReferences(criteria: Criteria): Generator<{
  readonly field: string
  readonly text: string
  readonly group: string
}> {
  for (const [name] of ADDRESS_FIELDS) {
    for (const list of ['matchesAny', 'matchesNone'] as const) {
      for (const [index, text] of (criteria[name]?.[list] ?? []).entries()) {
        if (text.startsWith(GROUP_PREFIX))
          yield { field: `criteria.${name}.${list}[${index}]`, text, group: text.slice(GROUP_PREFIX.length) }
      }
    }
  }
}

const ADDRESS_FIELDS = [
  ['to', ({ recipient }: MessageView) => recipient],
  ['from', ({ sender }: MessageView) => sender],
] as const

function outcome<T>(
  field: string,
  subject: T,
  any: ((subject: T) => string | null) | undefined,
  none: ((subject: T) => string | null) | undefined,
): FieldOutcome {
  const excluded = none?.(subject) ?? null
  if (excluded !== null) return { field, met: false, value: excluded }
  const value = any?.(subject) ?? null
  return { field, met: !any || value !== null, value }
}

function* compileAddresses(texts: readonly string[], groups: Groups): InPieces<PatternFinder> {
  const own = yield* compilePatterns(texts.filter((text) => !text.startsWith(GROUP_PREFIX)))
  const referred: [text: string, find: PatternFinder][] = []
  for (const text of texts)
    if (text.startsWith(GROUP_PREFIX)) referred.push([text, yield* finderOf(text, groups)])
  return (address) => own(address) ?? referred.find(([, find]) => find(address) !== null)?.[0] ?? null
}

/** The finder of a reference to a group. @throws {TypeError} where a caller has not looked at it before. */
export function* finderOf(text: string, groups: Groups): InPieces<PatternFinder> {
  const { find, problem } = yield* groups.get(text.slice(GROUP_PREFIX.length))
  if (!find) throw new TypeError(`${text} ${String(problem)}`)
  return find
}
