/** Makes text of unknown content fit for one line of a log, a header or a report. Pure. */

const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]+/gu

/**
 * One line of text: control and format characters, line and paragraph separators become a space, runs of
 * white space one, and what is longer than `max` characters is cut with an ellipsis.
 */
export function oneLine(text: string, max = 300): string {
  const line = text
    .slice(0, max * 4)
    .replace(CONTROLS, ' ')
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
