/** Why a request fails: HTTP status, a stable code, and a sentence. */

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
