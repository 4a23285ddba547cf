/**
 * Why a request fails: HTTP status, a stable code, and a sentence; and what of this answers a change that is not made.
 */
import { formatFlaw } from '../rules/format-problem.js'
import { formatAdminProblem, formatPlace } from '../admin/format-problem.js'
import type { AdminProblem } from '../admin/problem.js'
import type { AccountProblem, AccountProblemCode } from './auth/people.js'
import { quote } from '../text/quote.js'

interface ProblemDetails {
  /** The field of the request that is wrong, such as `rule.criteria.to.matchesAny[0]`. */
  readonly field?: string
  readonly value?: unknown
  /** Valid values to write in the place of the wrong one. */
  readonly suggestion?: readonly string[] | undefined
  /** In seconds. */
  readonly retryAfter?: number
}

/** A request that fails. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: ProblemDetails = {},
  ) {
    super(message)
    this.name = 'Problem'
  }
}

/** The body of an error's answer. */
export function problemBody({ code, message, details }: Problem): object {
  const { field, value, suggestion } = details
  return {
    error: {
      code,
      message,
      ...(field === undefined ? {} : { field }),
      ...(value === undefined ? {} : { value }),
      ...(suggestion === undefined ? {} : { suggestion }),
    },
  }
}

/** For what does not exist, and for what the user may not see: the answer is the same for both. */
export function notFound(what: string): Problem {
  return new Problem(
    404,
    'not-found',
    `${what.charAt(0).toUpperCase()}${what.slice(1)} not found, or not visible to you.`,
  )
}

/** What cannot be had while the store does not answer, by how paths begin; all others are about rules. */
const UNAVAILABLE: readonly (readonly [RegExp, string])[] = [
  [/^\/(?:session|invitation)(?:\/|$)/, 'Signing in is'],
  [/^\/(?:sessions|users|tokens)(?:\/|$)/, 'Accounts are'],
  [/^\/(?:report|report-file|messages|partners)(?:\/|$)/, 'The delivery log is'],
  [/^\/history(?:\/|$)/, 'The history is'],
  [/^\/waiting/, 'The list of waiting mail is'],
  [/^\/suggestions(?:\/|$)/, 'Suggestions are'],
]

/** For those who may not read where the store is, and what is wrong there. */
export function formatUnavailable(path: string): string {
  const what = UNAVAILABLE.find(([begins]) => begins.test(path))?.[1] ?? 'Rules are'
  return `${what} unavailable at the moment. Try again later, or ask an administrator.`
}

const ACCOUNT_STATUS: Readonly<Record<AccountProblemCode, number>> = {
  'no-user': 404,
  'no-token': 404,
  'user-exists': 409,
  'user-invalid': 409,
  'last-admin': 409,
  'bad-password': 422,
  'bad-token-name': 422,
  'bad-expiry': 422,
  'invitation-ended': 422,
}
const ACCOUNT_FIELD: Readonly<Partial<Record<AccountProblemCode, string>>> = {
  'user-exists': 'name',
  'bad-password': 'password',
  'bad-token-name': 'name',
  'bad-expiry': 'expires',
}

/** What of an account change that is not made answers a request. */
export function accountProblemOf({ code, message }: AccountProblem): Problem {
  const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
  const field = ACCOUNT_FIELD[code]
  return new Problem(ACCOUNT_STATUS[code], code, sentence, field === undefined ? {} : { field })
}

/** @param trusted whether they may read where the store is, and what is wrong there */
export function apiProblemOf({ data }: AdminProblem, trusted: boolean): Problem {
  const clause = formatAdminProblem(data, formatPlace)
  const sentence = `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`
  switch (data.code) {
    case 'no-rule':
      return notFound(`rule ${quote(data.value)} of ${data.owner}`)
    case 'no-group':
      return notFound(`group ${quote(data.value)}`)
    case 'no-change':
      return notFound(`change ${quote(data.value)}`)
    case 'invalid': {
      const { what, problem } = data
      const { suggestion, field } = problem
      const at = what === 'rule' ? ['rule', ...(field === '' ? [] : [field])].join('.') : field || what
      return new Problem(422, 'invalid', what === 'rule' ? clause : formatFlaw(problem), {
        field: at,
        suggestion,
      })
    }
    case 'beside-itself':
      return new Problem(422, 'invalid', sentence)
    case 'no-place':
      return new Problem(409, 'no-place', sentence, { field: data.field })
    case 'no-longer-valid':
      return new Problem(409, 'not-valid', sentence)
    case 'asks-anew':
    case 'changed-meanwhile':
      return new Problem(412, data.code, sentence)
    case 'store-gone':
      return new Problem(
        503,
        data.code,
        trusted ? sentence : 'Rules cannot be changed now; ask an administrator.',
      )
    default:
      return new Problem(409, data.code, sentence)
  }
}
