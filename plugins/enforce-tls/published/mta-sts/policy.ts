/**
 * The text of an MTA-STS policy (RFC 8461 section 3.2): what it says, and what is wrong with it. A policy that lacks
 * something, or says it wrongly, is none. A line that is passed over can only make it stricter. Pure.
 */
import { listed } from '../../text/list.js'
import { didYouMean, nearest } from '../../text/nearest.js'
import { quote } from '../../text/quote.js'
import { mxPatternProblem, normalMxPattern } from './mx-pattern.js'

export const MODES = ['enforce', 'testing', 'none'] as const
export type StsMode = (typeof MODES)[number]

/** A year of 365.25 days, in seconds. */
export const MAX_AGE_MAX = 31_557_600

export interface StsPolicy {
  readonly mode: StsMode
  /** Patterns of MX hosts, in lower case; empty only with mode `none`. */
  readonly mx: readonly string[]
  /** How long the policy holds after it was fetched, in seconds. */
  readonly maxAge: number
}

export interface PolicyProblem {
  /** `error`: there is no policy because of it. `ignored`: the line does not count. `adjusted`: it counts otherwise. */
  readonly kind: 'error' | 'ignored' | 'adjusted'
  /** Counted from 1; 0 for what is about the whole policy. */
  readonly line: number
  /** For a person, without a full stop. */
  readonly why: string
}

export interface ReadPolicy {
  /** `null` where there is an error. */
  readonly policy: StsPolicy | null
  /** Lines that are ignored first. Not all of a text that is full of them, but all errors. */
  readonly problems: readonly PolicyProblem[]
}

type SingleField = 'version' | 'mode' | 'max_age'
const FIELDS: readonly string[] = ['version', 'mode', 'max_age', 'mx']
const FIELD = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):/
const IGNORED_MAX = 20

/** Reads a policy; lines end with CRLF or LF. */
export function readPolicy(text: string): ReadPolicy {
  const { single, mx, ignored } = readFields(text)
  const problems: PolicyProblem[] = [...ignored]
  /** The value of a field that must be there; `null`, with the problem noted, where it is not or is wrong. */
  const required = <T>(field: SingleField, read: (value: string) => T | string): T | null => {
    const found = single.get(field)
    const result = found ? read(found.value) : `there is no ${field}`
    if (typeof result !== 'string') return result
    problems.push({ kind: 'error', line: found?.line ?? 0, why: result })
    return null
  }
  const version = required('version', (value) => value === 'STSv1' || `version is ${quote(value)}, not STSv1`)
  const mode = required('mode', readMode)
  const maxAge = required('max_age', (value) =>
    /^\d{1,10}$/.test(value) ? Number(value) : `max_age is ${quote(value)}, not a number of seconds`,
  )
  if (maxAge !== null && maxAge > MAX_AGE_MAX) {
    const why = `max_age is more than ${MAX_AGE_MAX} seconds, which counts instead`
    problems.push({ kind: 'adjusted', line: single.get('max_age')?.line ?? 0, why })
  }
  const lacksMx = mx.length === 0 && mode?.mode !== 'none'
  if (lacksMx) problems.push({ kind: 'error', line: 0, why: 'there is no valid mx' })
  if (version === null || mode === null || maxAge === null || lacksMx) return { policy: null, problems }
  return { policy: { ...mode, mx, maxAge: Math.min(maxAge, MAX_AGE_MAX) }, problems }
}

/** The problems of a policy in one line. */
export function formatProblems(problems: readonly PolicyProblem[]): string {
  return problems.map(({ line, why }) => (line === 0 ? why : `line ${line}: ${why}`)).join('; ')
}

interface Fields {
  readonly single: ReadonlyMap<string, { readonly value: string; readonly line: number }>
  readonly mx: readonly string[]
  readonly ignored: readonly PolicyProblem[]
}

function readFields(text: string): Fields {
  const single = new Map<string, { value: string; line: number }>()
  const mx = new Set<string>()
  const ignored: PolicyProblem[] = []
  for (const [index, content] of text.split(/\r?\n/).entries()) {
    if (content.trim() === '') continue
    const [start = '', field = ''] = FIELD.exec(content) ?? []
    const value = content.slice(start.length).trim()
    const why = ignoredFor(field, value, single.has(field), content)
    if (why !== '') {
      if (ignored.length < IGNORED_MAX) ignored.push({ kind: 'ignored', line: index + 1, why })
    } else if (field === 'mx') mx.add(normalMxPattern(value))
    else if (FIELDS.includes(field)) single.set(field, { value, line: index + 1 })
  }
  return { single, mx: [...mx], ignored }
}

/** Why a line does not count; empty where it does, and for fields of later versions of the standard. */
function ignoredFor(field: string, value: string, again: boolean, content: string): string {
  if (field === '') return `${quote(content)} is ignored: it is no "field: value"`
  if (again) return `${field} is there twice, only the first one counts`
  if (field === 'mx') {
    const problem = mxPatternProblem(value)
    return problem === '' ? '' : `mx ${quote(value)} is ignored: it is ${problem}`
  }
  if (FIELDS.includes(field)) return ''
  const meant = nearest(field, FIELDS)
  return meant === null ? '' : `${quote(field)} is ignored: there is no such field${didYouMean(meant)}`
}

/** An object, since a text says what is wrong. */
function readMode(value: string): { readonly mode: StsMode } | string {
  const mode = MODES.find((known) => known === value)
  if (mode) return { mode }
  return `mode is ${quote(value)}, not one of ${listed(MODES)}${didYouMean(nearest(value, MODES))}`
}
