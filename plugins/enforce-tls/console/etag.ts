/** Entity tags (RFC 9110 section 8.8.3): the version that somebody saw, so that they do not overwrite a later one. */
import { createHash } from 'node:crypto'
import { Problem } from './problem.js'
import type { Call } from './route.js'

/** The tag of texts as they stand in the store. */
export function etagOf(...texts: readonly (string | null)[]): string {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(text === null ? '-' : `${text.length}:${text}`)
  return `"${hash.digest('base64url').slice(0, 22)}"`
}

/** The tags in a header's value. */
export function parseEtags(header: string | undefined): readonly string[] | null {
  if (header === undefined) return null
  return header.trim() === '*' ? ['*'] : (header.match(/"[^"]*"/g) ?? [])
}

/**
 * Looks that a request to change something has seen it as it is.
 *
 * @param tags any of these will do; none where the thing is not there yet
 * @throws {Problem} 428 without `If-Match` (RFC 6585), 412 where it is of something else.
 */
export function assertSeen({ ifMatch, ifNew }: Call, what: string, ...tags: readonly string[]): void {
  const exists = tags.length > 0
  if (ifNew) {
    if (exists) throw new Problem(412, 'exists', `Cannot create ${what}: it already exists.`)
    return
  }
  if (ifMatch === null) {
    if (!exists) return
    throw new Problem(
      428,
      'if-match-needed',
      `Send If-Match with the ETag of ${what}, to say which version you are changing.`,
    )
  }
  if (exists && ifMatch.some((tag) => tag === '*' || tags.includes(tag))) return
  throw new Problem(
    412,
    'changed-meanwhile',
    `Someone else changed ${what} in the meantime. Load the current version and repeat your change.`,
  )
}
