/**
 * Long lists come in pages. An answer has at most as many entries as the request says, fewer where these are long, and
 * says in the header `Link` (RFC 8288) how to ask for the next page: without it, nothing is missing. Pure.
 */
import { quote } from '../text/quote.js'
import { Problem } from './problem.js'
import type { Call, Reply, Schema } from './route.js'
import { shortText } from './schemas.js'

/** So many entries come where a request does not say how many. */
const LIMIT = 1000
const LIMIT_MAX = 1000
/** An answer has about this much text at most, in characters, or one entry. */
const LENGTH_MAX = 1024 * 1024

/** What a request for a page may say. */
export const pageQuery: Readonly<Record<string, Schema>> = {
  limit: {
    type: 'integer',
    minimum: 1,
    maximum: LIMIT_MAX,
    default: LIMIT,
    description: 'The maximum number of entries in a page. It has fewer if they are long.',
  },
  cursor: { ...shortText, description: 'Where the page begins, from `Link` of the previous page.' },
}

/** The headers of an answer that is a page. */
export const pageHeaders: Readonly<Record<string, object>> = {
  Link: {
    description: 'With `rel="next"`, the next page, relative to this request. Absent on the last page.',
    schema: { type: 'string' },
  },
  'X-Total-Count': {
    description: 'The number of entries on all pages, if known.',
    schema: { type: 'integer' },
  },
}

/** A page while it is filled. */
export class Page<T> {
  readonly entries: T[] = []
  readonly #limit: number
  #length = 0

  constructor({ query }: Pick<Call, 'query'>, limit = LIMIT) {
    this.#limit = Math.min(Number(query['limit'] ?? limit), LIMIT_MAX)
  }

  /**
   * Adds an entry where there is room for it.
   *
   * @param length of its texts, in characters
   * @returns whether there was
   */
  add(entry: T, length: number): boolean {
    this.#length += length
    if (this.entries.length === this.#limit) return false
    if (this.entries.length > 0 && this.#length > LENGTH_MAX) return false
    this.entries.push(entry)
    return true
  }
}

/** Where the page begins, or `null` for the first. */
export function cursorOf({ query }: Pick<Call, 'query'>): string | null {
  const { cursor } = query
  return cursor === undefined ? null : String(cursor)
}

/** For a cursor that no answer gave. */
export function badCursor(cursor: string): Problem {
  return new Problem(422, 'invalid', `${quote(cursor)} is not a valid page cursor.`, { field: 'cursor' })
}

/**
 * What an answer says of its place among the pages.
 *
 * @param next the cursor of the next page, `null` on the last
 * @param total of all pages, `null` where that is unknown
 */
export function pageReply(
  { query }: Pick<Call, 'query'>,
  next: string | null,
  total: number | null,
): Pick<Reply, 'headers'> {
  const headers: Record<string, string> = {}
  if (total !== null) headers['X-Total-Count'] = String(total)
  if (next !== null) {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) search.set(name, String(value))
    search.set('cursor', next)
    headers['Link'] = `<?${search.toString()}>; rel="next"`
  }
  return { headers }
}
