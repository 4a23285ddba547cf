/**
 * The check of a rule's shape in pieces: its lists of addresses may hold thousands, which the schema would go through
 * in one go. Pure.
 */
import type { InPieces } from '../work/pieces.js'
import type { Rule, RuleProblem } from './rule.js'
import { checkSchema, PATTERNS_MAX } from './rule-schema.js'
import { PATTERN_LENGTH_MAX } from './pattern.js'

/** Lists up to this length are left to the schema. */
const SHORT = 200
/** So many texts are looked at between two yields. */
const PIECE = 2000

/** `checkSchema`, in pieces; gives the very same, save that of several problems it may find another one first. */
export function* checkShape(value: unknown): InPieces<{ readonly rule: Rule } | RuleProblem> {
  const long = longLists(value)
  if (long.length === 0) return checkSchema(value)
  const shaped = checkSchema(
    long.reduce((rule, { field, list }) => withList(rule, field, list.slice(0, 1)), value),
  )
  if ('problem' in shaped) return shaped
  yield
  for (const { field, list } of long) {
    for (const [index, text] of list.entries()) {
      if (!isPlain(text)) {
        const ofOne = checkSchema(withList(shaped.rule, field, [text]))
        if ('problem' in ofOne) return { ...ofOne, field: ofOne.field.replace(/\[0\]$/, `[${index}]`) }
      }
      if (index % PIECE === PIECE - 1) yield
    }
  }
  return { rule: value as Rule }
}

type Field = readonly [criterion: 'to' | 'from', list: 'matchesAny' | 'matchesNone']

const FIELDS: readonly Field[] = [
  ['to', 'matchesAny'],
  ['to', 'matchesNone'],
  ['from', 'matchesAny'],
  ['from', 'matchesNone'],
]

function longLists(value: unknown): readonly { readonly field: Field; readonly list: readonly unknown[] }[] {
  return FIELDS.flatMap((field) => {
    const list = ['criteria', ...field].reduce(fieldOf, value)
    // One that is too long is refused for its length alone, which takes no time.
    return Array.isArray(list) && list.length > SHORT && list.length <= PATTERNS_MAX ? [{ field, list }] : []
  })
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function isPlain(text: unknown): boolean {
  return typeof text === 'string' && text !== '' && text.length <= PATTERN_LENGTH_MAX
}

/** A rule that has the list in the place of its own. */
function withList(value: unknown, [criterion, name]: Field, list: readonly unknown[]): unknown {
  const criteria = fieldOf(value, 'criteria')
  const lists = { ...(fieldOf(criteria, criterion) as object), [name]: list }
  return { ...(value as object), criteria: { ...(criteria as object), [criterion]: lists } }
}
