/** Domain names as they are asked for and compared: ASCII, in lower case, without the final dot. Pure. */

const LABEL = /^[a-z0-9_-]{1,63}$/
/** RFC 1035 section 2.3.4, less the first length byte and the root's. */
const NAME_MAX = 253

/**
 * A name in the form in which all names are compared, `.` for the root; `null` for what is no host or mail domain:
 * letters, digits, hyphens and underscores only, since other bytes would be ambiguous in text.
 */
export function domainName(text: string): string | null {
  if (text === '.') return text
  const name = text.replace(/\.$/, '').toLowerCase()
  if (name.length > NAME_MAX) return null
  return name.split('.').every((label) => LABEL.test(label)) ? name : null
}
