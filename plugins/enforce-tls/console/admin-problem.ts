/** Why a change is not made, as the API answers it: status, code and one sentence. */
import { formatFlaw } from '../rules/format-problem.js'
import { formatAdminProblem, formatPlace } from '../admin/format-problem.js'
import type { AdminProblem } from '../admin/problem.js'
import { quote } from '../text/quote.js'
import { notFound, Problem } from './problem.js'

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
