/**
 * Regular expressions of rules, on RE2JS, a port of Go's RE2: its time grows with the length of the text and
 * never explodes, whatever expression a tenant writes and whatever header a sender makes up. It is pure
 * JavaScript, so that nothing has to be compiled where the plugin is installed; what it does without are back
 * references and look-around.
 *
 * Linear is not fast: a step for one instruction and one character takes about 20 ns. So an expression is
 * limited in size before it is compiled, and in steps whenever it runs.
 */
import { LRUCache } from 'lru-cache'
import { RE2JS, type RE2JSException } from 're2js'
import { expressionSize } from './expression-size.js'
import type { Flaw } from './flaw.js'

/** The largest expression, as `expressionSize` has it. */
export const EXPRESSION_MAX = 300
/** The most steps of one run; about 10 ms. */
const RUN_MAX = 500_000
/** Compiled expressions that are cached, as the sum of their sizes: a few tens of megabytes. */
const CACHED_MAX = 100_000

/** An expression as written: source and flags, not compiled yet. */
export interface Expression {
  readonly source: string
  readonly ignoresCase: boolean
  /** Its size in steps; what is larger than `EXPRESSION_MAX` is never compiled. */
  readonly size: number
}

type Compiled = { readonly re: RE2JS } | { readonly problem: string }

/** By text, so that the same expression in a thousand rules is compiled once. */
const cache = new LRUCache<string, Compiled>({ maxSize: CACHED_MAX })

/** Reads `/…/` or `/…/i`; what stands between is not looked at yet. */
export function parseExpression(text: string): Expression | Flaw {
  const [, source = '', flags = ''] = /^\/([^]+)\/(\w*)$/.exec(text) ?? []
  if (source === '') return { problem: 'begins with / but is no regular expression', expected: '/…/ or /…/i' }
  if (flags !== '' && flags !== 'i')
    return { problem: `is a regular expression with the flags ${flags}; only i is known` }
  const ignoresCase = flags === 'i'
  return { source, ignoresCase, size: expressionSize(source, ignoresCase) }
}

/** What is wrong with an expression that is not too large, as the end of a sentence; `null` for nothing. */
export function expressionProblem(expression: Expression): string | null {
  const compiled = compile(expression)
  return 'problem' in compiled ? compiled.problem : null
}

/** What it costs to look for an expression in a text, in steps; `null`: too much to be done at once. */
export function stepsFor({ size }: Expression, text: string): number | null {
  const steps = size * (text.length + 1)
  return size > EXPRESSION_MAX || steps > RUN_MAX ? null : steps
}

/** Whether an expression is found in a text; `stepsFor` has been asked before. */
export function isFound(expression: Expression, text: string): boolean {
  const compiled = compile(expression)
  // Not `test`: that builds an automaton of up to 8 MB for each expression, which takes longer at worst.
  return 're' in compiled && compiled.re.matcher(text).find()
}

function compile({ source, ignoresCase, size }: Expression): Compiled {
  const key = `${ignoresCase ? 'i' : ''}/${source}`
  const known = cache.get(key)
  if (known) return known
  const compiled = compileNow(source, ignoresCase)
  cache.set(key, compiled, { size })
  return compiled
}

function compileNow(source: string, ignoresCase: boolean): Compiled {
  try {
    return { re: RE2JS.compile(source, ignoresCase ? RE2JS.CASE_INSENSITIVE : 0) }
  } catch (error) {
    return { problem: `is no regular expression that can be used: ${(error as RE2JSException).message}` }
  }
}
