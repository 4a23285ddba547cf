/** Compiled criteria: whether a message meets them, and for each field why or why not. Pure. */
import type { MailAddress } from './address.js'
import { GROUP_PREFIX, type Groups } from './group.js'
import type { HeaderBlock } from './header-block.js'
import { compilePatterns, type PatternFinder } from './pattern.js'
import type { AnyAndNone, Criteria, Direction, RuleProblem } from './rule.js'
import { compileText, type HeaderValue, type TextMatcher } from './text-pattern.js'

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
  /** `null`: can't be told without the message's header. */
  readonly met: boolean | null
  /** The value of the rule that fits: of `matchesAny` where met, of `matchesNone` where not; `null` where none does. */
  readonly value: string | null
}

/** Criteria, ready. */
export interface CompiledCriteria {
  readonly needsHeaders: boolean
  /** The outcome of each field, in the order of the documentation. */
  judge(message: MessageView): readonly FieldOutcome[]
  meets(message: MessageView): boolean
}

type FieldTest = (message: MessageView) => FieldOutcome

/**
 * Makes checked criteria ready.
 *
 * @param groups knows the patterns of every group that they refer to, see `groupsProblem`
 */
export function compileCriteria(criteria: Criteria, groups: Groups): CompiledCriteria {
  const tests: FieldTest[] = []
  for (const [field, addressOf] of ADDRESS_FIELDS) {
    const lists = criteria[field]
    if (!lists) continue
    const any = lists.matchesAny && compileAddresses(lists.matchesAny, groups)
    const none = lists.matchesNone && compileAddresses(lists.matchesNone, groups)
    tests.push((message) => outcome(field, addressOf(message), any, none))
  }
  const texts: [field: string, name: string, lists: AnyAndNone][] = [
    ...(criteria.subject ? [['subject', 'subject', criteria.subject] as [string, string, AnyAndNone]] : []),
    ...(criteria.header ?? []).map(
      (header) => [`header ${header.name}`, header.name, header] as [string, string, AnyAndNone],
    ),
  ]
  for (const [field, name, lists] of texts) {
    const any = lists.matchesAny && compileTexts(lists.matchesAny)
    const none = lists.matchesNone && compileTexts(lists.matchesNone)
    tests.push(({ headers }) =>
      headers ? outcome(field, headers.values(name), any, none) : { field, met: null, value: null },
    )
  }
  return {
    needsHeaders: texts.length > 0,
    judge: (message) => tests.map((test) => test(message)),
    meets: (message) => tests.every((test) => test(message).met === true),
  }
}

/** The first thing that is wrong with a group that criteria refer to; `null` for nothing. */
export function groupsProblem(criteria: Criteria, groups: Groups): RuleProblem | null {
  for (const { field, text, group } of groupReferences(criteria)) {
    const { problem } = groups.get(group)
    if (problem !== null) return { field, problem: `${JSON.stringify(text)} ${problem}` }
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

function compileAddresses(texts: readonly string[], groups: Groups): PatternFinder {
  const own = compilePatterns(texts.filter((text) => !text.startsWith(GROUP_PREFIX)))
  const referred = texts
    .filter((text) => text.startsWith(GROUP_PREFIX))
    .map((text): [text: string, find: PatternFinder] => [text, finderOf(text, groups)])
  return (address) => own(address) ?? referred.find(([, find]) => find(address) !== null)?.[0] ?? null
}

/** The finder of a reference to a group. @throws {TypeError} where a caller has not looked at it before. */
export function finderOf(text: string, groups: Groups): PatternFinder {
  const { find, problem } = groups.get(text.slice(GROUP_PREFIX.length))
  if (!find) throw new TypeError(`${text} ${String(problem)}`)
  return find
}

function compileTexts(texts: readonly string[]): (values: readonly HeaderValue[]) => string | null {
  const matchers = texts.map((text): [string, TextMatcher] => {
    const compiled = compileText(text)
    if ('problem' in compiled) throw new TypeError(`${text} ${compiled.problem}`)
    return [text, compiled.matches]
  })
  return (values) => matchers.find(([, matches]) => values.some(matches))?.[0] ?? null
}
