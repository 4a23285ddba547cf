/**
 * The two header fields about TLS: `TLS-Required: No` (RFC 8689 section 3), by which a sender wants delivery rather than
 * what the recipient's side publishes, and Postfix's `Require-TLS-ESMTP: yes`, which carries REQUIRETLS through a content
 * filter. Read strictly: what is not exactly one field with exactly that word is none. Pure.
 */
import type { HeaderBlock } from '../rules/header-block.js'

/** The field of RFC 8689. */
export const TLS_REQUIRED = 'TLS-Required'
/** The field of Postfix 3.11. */
export const REQUIRE_TLS_ESMTP = 'Require-TLS-ESMTP'

/** Whether a message says `TLS-Required: No`. A field that may be missing from what was read could be a second one. */
export function saysTlsRequiredNo(header: HeaderBlock): boolean {
  return isSaid(header, TLS_REQUIRED, 'no')
}

/** Room for blanks and folds, in characters. */
const VALUE_MAX = 200

function isSaid(header: HeaderBlock, name: string, word: string): boolean {
  const values = [...header.values(name)]
  const [value] = values
  if (values.length !== 1 || value === undefined || value.raw.length > VALUE_MAX) return false
  // As it stands, undecoded: what only reads as that word is another.
  return value.raw.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '').toLowerCase() === word
}

/** Whether a message says `Require-TLS-ESMTP: yes`. @param values of all fields of that name, as Haraka has them */
export function saysRequireTlsEsmtp(values: readonly string[]): boolean {
  return values.some((value) => value.trim().toLowerCase() === 'yes')
}
