/**
 * The hosts in what a plugin answered to the hook `get_mx`. It may be anything: Haraka makes hosts of texts, URLs and
 * objects, and throws at the rest. Pure.
 */

/** What of it names a host, in its order and as the plugin has it. */
export function usableHosts(answer: unknown): unknown[] {
  const all: unknown[] = Array.isArray(answer) ? answer : [answer]
  return all.filter((each) => (typeof each === 'string' ? isHostText(each) : isHostObject(each)))
}

/** What a plugin named that names no host, as the end of a sentence; it may hold a password, so it is not quoted. */
export function whatItNamed(answer: unknown): string {
  if (answer === null || answer === undefined || answer === '')
    return `answered OK and named none (${answer === '' ? 'an empty text' : String(answer)})`
  if (Array.isArray(answer))
    return answer.length === 0
      ? 'answered OK and named none (an empty list)'
      : 'answered OK with a list in which nothing is a host'
  return `answered OK with something that is not a host (${typeof answer})`
}

/** As Haraka distinguishes a URL from a host. */
function isHostText(text: string): boolean {
  if (!/mtp:\/\//.test(text)) return text.trim() !== ''
  return URL.canParse(text) && new URL(text).hostname !== ''
}

function isHostObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { exchange, path, port } = value as Readonly<Record<string, unknown>>
  return (typeof exchange === 'string' || (typeof path === 'string' && path !== '')) && isPort(port)
}

function isPort(port: unknown): boolean {
  if (port === undefined || port === null) return true
  const number = typeof port === 'string' && port.trim() !== '' ? Number(port) : port
  return typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= 65_535
}
