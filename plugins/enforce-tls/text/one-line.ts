/** Makes text of unknown content fit for one line of a log, a header or a report. Pure. */
import { visible } from './visible.js'

/**
 * One line of text: what is not seen is escaped, runs of white space become one space, and what is longer than `max`
 * characters is cut with an ellipsis.
 */
export function oneLine(text: string, max = 300): string {
  const line = visible(text.slice(0, max * 4))
    .replace(/\s+/g, ' ')
    .trim()
  return line.length > max ? `${line.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…` : line
}

/** `oneLine` in printable ASCII; all else becomes a question mark. */
export function oneAsciiLine(text: string, max = 300): string {
  return oneLine(text, max)
    .replace(/…$/, '...')
    .replace(/[^\x20-\x7e]/gu, '?')
}
